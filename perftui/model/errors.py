"""Mistakes that a user can make or meet, as sentences instead of tracebacks."""


class UserError(Exception):
    """One sentence without secrets for stderr, and the exit code that goes with it (2: wrong usage)."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
