"""The server's own diagnostic data (FTDC): the folder `diagnostic.data` that every mongod keeps beside its data."""
