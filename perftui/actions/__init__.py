"""The only code that changes a monitored server."""
