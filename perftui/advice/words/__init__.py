"""Advice in words and in commands."""
