"""Scores, and what is wrong with executions, plans and indexes."""
