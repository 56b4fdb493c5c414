"""Answers requests for the metrics: in an ASGI or a WSGI application, or from a server of its own."""
