"""What is kept of how samples came about."""

from perftui.model.base import Model

Fact = str | int | float
"""Of a machine, a Python or a run."""


class Pass(Model, frozen=True, kw_only=True):
    """One of several measurements of the same benchmark."""

    blocks: int
    """How many of the result's blocks belong to it."""
    started_at: float | None = None
