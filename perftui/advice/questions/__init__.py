"""What a command asks of the indexes of a collection."""
