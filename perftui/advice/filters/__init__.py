"""Filters as trees: read, matched against documents, and turned into bounds."""
