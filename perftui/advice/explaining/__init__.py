"""What may be explained of a command, and why not."""
