"""A small prompt library on private servers, and the load on it: something real to look at."""

MONGODB_VARIABLE, REDIS_VARIABLE = "PERFTUI_DEMO_MONGODB", "PERFTUI_DEMO_REDIS"
"""Environment variables that tell the application its stores."""
TOKEN_VARIABLE = "PERFTUI_DEMO_TOKEN"  # noqa: S105 - a variable's name
"""Whoever bears it may clear the application's metrics."""
