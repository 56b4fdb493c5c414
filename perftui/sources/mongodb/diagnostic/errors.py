"""Why diagnostic data cannot be read."""


class DiagnosticDataError(ValueError):
    """One sentence on what is wrong with a file or a part of it."""
