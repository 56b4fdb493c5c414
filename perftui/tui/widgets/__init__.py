"""The widgets: each paints lines, and only those that changed."""
