"""How things stand to their budgets: a column for tables, lines for details."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from perftui.model.budgets.changes import in_its_unit
from perftui.model.budgets.standing import BudgetState, least_left, left_of, state_of, worst
from perftui.model.metrics import BudgetDocument
from perftui.tui.formatting import UNKNOWN, age
from perftui.tui.lines import Piece, fit
from perftui.tui.table_spec import Column
from perftui.tui.tables.grades import signed
from perftui.tui.view import State, View

Row = TypeVar("Row")
Limits = Sequence[BudgetDocument]
STATES: dict[BudgetState, State] = {"within": "good", "warning": "warning", "over": "over", "unknown": "dim"}
_FAR = 9.99


def show_budget(state: BudgetState | None, limits: Limits) -> str:
    """The worst state, with how much is left of the nearest limit, or how far it is passed: `over +24%`."""
    if state is None:
        return UNKNOWN
    left = least_left(limit for limit in limits if state_of(limit) != "unknown")
    if left is None or state == "unknown":
        return state
    if left >= 0:
        return f"{state} {left:.0%}"
    return f"{state} +{min(-left, _FAR):.0%}"


def grade(state: BudgetState | None) -> State:
    return "dim" if state is None else STATES[state]


def budget_column(
    limits: Callable[[Row], Limits],
    state: Callable[[Row], BudgetState | None] | None = None,
    *,
    priority: int = 1,
    only_with_budgets: bool = True,
) -> Column[Row]:
    """Sorted by what is left. `state` where a row may have one without limits."""

    def state_in(row: Row) -> BudgetState | None:
        return worst(limits(row)) or (None if state is None else state(row))

    return Column(
        "budget",
        "BUDGET",
        13,
        text=lambda row, _view: show_budget(state_in(row), limits(row)),
        sort=lambda row: _nearness(state_in(row), limits(row)),
        state=lambda row, _view: grade(state_in(row)),
        align="left",
        priority=priority,
        rising=True,
        wanted=(lambda rows: any(limits(row) for row in rows)) if only_with_budgets else None,
    )


def _nearness_of_one(limit: BudgetDocument) -> float:
    nearness = _nearness(state_of(limit), (limit,))
    return _FAR if nearness is None else nearness


def _nearness(state: BudgetState | None, limits: Limits) -> float | None:
    """Least first: what is over, then by what is left; what cannot be judged last."""
    if state is None or state == "unknown":
        return None
    left = least_left(limits)
    return left if state != "over" else min(left or 0.0, 0.0) - 1.0


def limit_lines(limits: Limits, view: View) -> Iterator[tuple[Piece, ...]]:
    """One line for each limit: state, limit, value, what is left, since when."""
    for limit in sorted(limits, key=_nearness_of_one):
        state = state_of(limit)
        value = UNKNOWN if limit.value is None else in_its_unit(limit, limit.value)
        yield (
            (fit(signed(state, STATES[state]), 9), STATES[state]),
            (fit(limit.expr, 18) + " ", "value"),
            (fit(value, 10, "right") + "   ", STATES[state] if state != "within" else "normal"),
            (", ".join(_more(limit, state, view)), "normal"),
        )


def _more(limit: BudgetDocument, state: BudgetState, view: View) -> Iterator[str]:
    left = left_of(limit)
    if left is not None:
        yield f"{left:.0%} left" if left >= 0 else f"{-left:.0%} beyond the limit"
    if limit.left_requests is not None and limit.left_requests > 0:
        yield f"{limit.left_requests:,} more may break it"
    if limit.since is not None:
        yield f"since {view.clock(limit.since)} ({age(view.snapshot.taken_at - limit.since)})"
    if limit.burn:
        yield f"burn {limit.burn:.3g}x"
    if limit.violations:
        yield f"{limit.violations:,} broke it"
    if state == "unknown" and limit.samples is not None:
        yield f"too few: {limit.samples:,}"
    if limit.window_s:
        yield f"in {limit.window_s / 60:.0f} min" if limit.window_s >= 60 else f"in {limit.window_s:.0f} s"
