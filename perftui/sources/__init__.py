"""Read-only readers, one package a system."""
