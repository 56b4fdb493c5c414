"""Sends the figures on: OTLP, for a collector and whatever takes it."""
