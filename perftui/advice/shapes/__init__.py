"""Shapes of queries, and what a command's skeleton tells of them."""
