"""How limits stand, in the monitor's words: for one limit, and for all of a thing together."""

from collections.abc import Iterable
from typing import Literal

from perftui.model.metrics import BudgetDocument

BudgetState = Literal["within", "warning", "over", "unknown"]
"""`unknown`: there were too few requests, or the figure is not known."""
NEAR = 0.2
"""Less than this share of the limit left is a warning."""
_WORST_FIRST: tuple[BudgetState, ...] = ("over", "warning", "within", "unknown")


def state_of(limit: BudgetDocument) -> BudgetState:
    """As its application says; where that is of an older perftui, from the value."""
    if limit.state is not None:
        return "within" if limit.state == "ok" else limit.state
    if limit.ok is None:
        return "unknown"
    if limit.ok is False:
        return "over"
    left = left_of(limit)
    return "warning" if left is not None and left < NEAR else "within"


def left_of(limit: BudgetDocument) -> float | None:
    """Headroom as a share of the limit; negative beyond it."""
    if limit.left is not None or limit.value is None or not limit.limit or "<" not in limit.expr:
        return limit.left
    return 1 - limit.value / limit.limit


def worst(limits: Iterable[BudgetDocument]) -> BudgetState | None:
    """The worst state of those that could be judged; `None` where there is no limit at all."""
    states = {state_of(limit) for limit in limits}
    return next((state for state in _WORST_FIRST if state in states), None)


def least_left(limits: Iterable[BudgetDocument]) -> float | None:
    """The headroom of the limit that is nearest."""
    return min((left for limit in limits if (left := left_of(limit)) is not None), default=None)
