"""The meters on top: one module a system, each pure: a View in, labelled figures out."""
