"""A budget that went over or recovered, and how a standing reads in words."""

from dataclasses import dataclass
from typing import Literal

from perftui.model.budgets.budget import Budget
from perftui.model.metrics import BudgetDocument

ChangeKind = Literal["violation", "recovery"]


@dataclass(frozen=True)
class BudgetChange:
    """What `on_violation` and `on_recovery` are called with.

    >>> from perftui import Budget, BudgetChange
    >>> def tell(change: BudgetChange) -> None:
    ...     print(change)
    >>> budget = Budget("GET /items/*", "p(95)<500ms", on_violation=tell)
    """

    kind: ChangeKind
    budget: Budget
    subject: str
    """Such as `GET /api/items/{id}`, a shape's collection and text, or a cache's name."""
    standing: BudgetDocument
    """The limit (`expr`), the value against it, and how much is left."""

    def __str__(self) -> str:
        word = "over its budget" if self.kind == "violation" else "within its budget again"
        return f"{self.subject} is {word}: {words(self.standing)}"


def words(standing: BudgetDocument) -> str:
    """Such as `p(95)<500ms: 184 ms, within, 63 % left`."""
    if standing.value is None:
        return f"{standing.expr}: not measured yet"
    state = {"ok": "within", "unknown": "too few to judge", None: "within" if standing.ok else "over"}
    said = f"{standing.expr}: {in_its_unit(standing, standing.value)}, {state.get(standing.state, standing.state)}"
    if left := left_words(standing):
        said += f", {left}"
    if standing.burn is not None and standing.burn >= 0.005:
        said += f", burning {standing.burn:.3g}x"
    return said + (f", {standing.violations:,} beyond the limit" if standing.violations else "")


def left_words(standing: BudgetDocument) -> str:
    """How much is left, in requests too where that is known; empty where nothing is known or left."""
    if standing.left is None or standing.left < 0:
        return ""
    requests = standing.left_requests
    number = f" ({requests:,} more may break it)" if requests is not None and requests > 0 else ""
    return f"{standing.left:.0%} left{number}"


def in_its_unit(standing: BudgetDocument, value: float) -> str:
    """A value of the limit as people write it."""
    name = standing.expr.strip().partition("<")[0].partition(">")[0].strip()
    if name in ("error_rate", "hit_rate"):
        return f"{value * 100:.3g}%"
    if name == "rate":
        return f"{value:,.1f}/s"
    if name in ("count", "in_flight", "efficiency"):
        return f"{value:,.0f}"
    return f"{value:,.2f} s" if value >= 10 else f"{value * 1000:,.3g} ms" if value < 1 else f"{value * 1000:,.0f} ms"
