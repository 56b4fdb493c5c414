"""Dialogs that ask before a server is changed; imported when they open."""
