"""What is kept of an explain."""

from typing import NamedTuple


class Explained(NamedTuple):
    """What an explain of a shape gave; counters are `None` where the command was not run for it.

    >>> from perftui import Explained
    >>> plan = Explained("1f", 1_764_000_000.0, "IXSCAN { sku: 1 }", score=100, findings=())
    >>> plan.documents_examined is None
    True
    """

    id: str
    at: float
    """Unix seconds."""
    plan: str
    """In short, such as `IXSCAN { a: 1 }`."""
    score: int
    findings: tuple[tuple[str, str, str, str], ...]
    """Code, severity, message and advice of each."""
    documents_examined: int | None = None
    keys_examined: int | None = None
    returned: int | None = None
    reasons: tuple[str, ...] = ()
    """Which thresholds it is over, in words."""
