"""htop for an application and its databases."""

__version__ = "0.1.0"
