"""What a check finds, short to write: what blocks an action, and what should be known before it."""

from perftui.actions.base import Problem


def blocks(message: str, help_: str = "") -> Problem:
    return Problem(blocking=True, message=message, help=help_)


def remark(message: str) -> Problem:
    return Problem(blocking=False, message=message)
