"""Watching without a screen: what changed in verdicts and budgets, and bringing it to somebody."""
