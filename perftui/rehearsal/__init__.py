"""Tries advice on a sample of the data in a private throw-away mongod, before anybody builds an index."""
