"""Caches: a monitor that counts them, adapters for libraries that keep them, and their part of the metrics document."""
