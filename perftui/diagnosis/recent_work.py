"""What a recorded shape did lately, as the rules weigh it: how much of a second, and whether it reads for nothing."""

from typing import Literal

from perftui.model.query import RecentWork
from perftui.model.snapshot import TargetState

CRITICAL_BUSY_S = 0.3
"""Of server time a second."""
_MANY = 1000
_WASTE = 10
Read = Literal["documents", "keys"]


def span_of(state: TargetState, recent: RecentWork) -> float:
    """At first less was watched than the last half minute."""
    covered = state.queries.covered_s if state.queries is not None else None
    return recent.span_s if covered is None else max(min(recent.span_s, covered), 3.0)


def busy_of(state: TargetState, recent: RecentWork) -> float:
    """Server time a second."""
    return recent.total_ms / 1000 / span_of(state, recent)


def wasted(recent: RecentWork, least: float) -> Read | None:
    """What an execution reads far more of than it returns: where both, documents, for they cost more."""
    number = max(recent.count, 1)
    limit = number * max(least, _MANY, _WASTE * (recent.returned or 0) / number)
    if (recent.examined_documents or 0) >= limit:
        return "documents"
    return "keys" if (recent.examined_keys or 0) >= limit else None
