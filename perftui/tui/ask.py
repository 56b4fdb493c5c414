"""From a row to a plan or to advice: who may ask now, what is asked, which screen shows the answer."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from perftui.model.index import CollectionState
from perftui.model.operation import Operation
from perftui.model.plan import Plan
from perftui.model.query import DigestRow
from perftui.model.snapshot import TargetState
from perftui.model.target import Connection
from perftui.tui.dialogs.flow import find_connection
from perftui.tui.view import View
from perftui.tui.work import AdviceWish

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

_NO_QUERY = "Only a query has a plan: put the cursor on a row of Queries or Operations."
_NO_COLLECTION = "Advice is for a query or a collection: put the cursor on a row of Queries, Operations or Indexes."
_REST = (
    "This row stands for many shapes: a longer window (W) or a filter does not tell them apart; open one of the others."
)


def asking_refused(app: "PerftuiApp", state: TargetState | None) -> str | None:
    """Why the server cannot be asked now; `None`: it can."""
    if state is None:
        return "No MongoDB is monitored, so there is nobody to ask."
    if app.past:
        return "This is the past: a plan or advice of today would not belong to it. Esc goes back to now."
    if not app.feed.live:
        return "This is a recording: there is no server to ask."
    if find_connection(app.settings, state.target) is None:
        return f"There is no connection to {state.target.name} to ask through."
    return None


def server_in_view(app: "PerftuiApp") -> TargetState | None:
    """The MongoDB that the main screen shows."""
    return app.view.target("mongodb") if app.view is not None else None


def open_plan(app: "PerftuiApp", row: Any, state: TargetState | None = None) -> None:
    """Show the plan of a row of Queries or Operations; says why not where there is none."""
    from perftui.analysis.explaining import of_operation, of_slow_query
    from perftui.tui.screens.plan import PlanScreen

    state = state or server_in_view(app)
    if not isinstance(row, Operation | DigestRow):
        app.say(_NO_QUERY)
        return
    connection = _connection(app, state)
    if connection is None or state is None:
        return
    if isinstance(row, DigestRow):
        asked = _REST if row.overflow else of_slow_query(row.slowest)
        what = f"{row.ns} {row.shape}"
    else:
        asked, what = of_operation(row), f"{row.ns} {row.text}"
    wish = wish_of(row)
    if isinstance(asked, str) or isinstance(wish, str):
        app.say(asked if isinstance(asked, str) else str(wish), "warning")
        return
    app.push_screen(PlanScreen(connection, state, asked, what, wish))


def open_advice(app: "PerftuiApp", row: Any, state: TargetState | None = None, *, then_create: bool = False) -> None:
    """Show what would help a row of Queries, Operations or Indexes; says why not where nothing can be asked."""
    wish = wish_of(row)
    if isinstance(wish, str):
        app.say(wish)
        return
    open_wish(app, state or server_in_view(app), wish, then_create=then_create)


def open_wish(app: "PerftuiApp", state: TargetState | None, wish: AdviceWish, *, then_create: bool = False) -> None:
    """The same for what was wished for already."""
    from perftui.tui.screens.advice import AdviceScreen

    connection = _connection(app, state)
    if connection is not None and state is not None:
        app.push_screen(AdviceScreen(connection, state, wish, then_create=then_create))


def rows_of_shapes(view: View, target_id: str, shapes: Sequence[str]) -> list[DigestRow]:
    """The digest's rows of these shapes."""
    digests = [state.queries for state in view.targets("mongodb") if state.target.id == target_id and state.queries]
    return [row for digest in digests for row in digest.rows if row.shape_id in shapes]


def plan_of_shape(view: View, target_id: str, shapes: Sequence[str]) -> Plan | None:
    """Today's plan: of the slowest execution of the first of these shapes that keeps one."""
    entries = [row.slowest for row in rows_of_shapes(view, target_id, shapes) if row.slowest is not None]
    plans = (profiled_plan(entry.raw) for entry in entries if entry.raw)
    return next((plan for plan in plans if plan is not None), None)


def open_plan_of_shape(app: "PerftuiApp", state: TargetState, shapes: Sequence[str]) -> None:
    """Explain the slowest execution of one of these shapes."""
    found = rows_of_shapes(app.view, state.target.id, shapes) if app.view is not None else []
    if found:
        open_plan(app, next((row for row in found if row.slowest is not None), found[0]), state)
    else:
        app.say("The window holds no execution of this shape any more: a longer window (W) may.")


@lru_cache(maxsize=64)
def profiled_plan(raw: str) -> Plan | None:
    """The plan in a profiled entry; `None` where it holds none, as one of the slow log."""
    import json

    from perftui.advice.plans.plan import read_profiled_plan

    try:
        entry = json.loads(raw)
    except (ValueError, RecursionError):  # an entry is cut at its bound
        return None
    return read_profiled_plan(entry) if isinstance(entry, dict) else None


def wish_of(row: Any) -> AdviceWish | str:
    """What advice a row asks for, or why none can be given."""
    if isinstance(row, DigestRow):
        return _REST if row.overflow else AdviceWish(ns=row.ns, shape_id=row.shape_id)
    if isinstance(row, Operation) and row.ns and row.command:
        return AdviceWish(ns=row.ns, shape_id=row.shape_id, command=row.command)
    if isinstance(row, CollectionState):
        return AdviceWish(ns=row.ns)
    from perftui.tui.tables.indexes import IndexRow

    return AdviceWish(ns=row.ns) if isinstance(row, IndexRow) else _NO_COLLECTION


def _connection(app: "PerftuiApp", state: TargetState | None) -> Connection | None:
    """How to reach it; says why nobody may be asked."""
    reason = asking_refused(app, state)
    if reason is not None or state is None:
        app.say(reason or "", "warning")
        return None
    return find_connection(app.settings, state.target)
