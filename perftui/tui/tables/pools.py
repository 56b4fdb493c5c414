"""The application's pools of connections to MongoDB, one a server."""

from collections.abc import Sequence

from perftui.model.metrics import QueryPoolDocument
from perftui.tui.formatting import milliseconds, number
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, too_high, words
from perftui.tui.view import State, View

_FULL, _NEARLY_FULL = 1.0, 0.9


def rows(view: View) -> Sequence[QueryPoolDocument]:
    target = view.target("application")
    if target is None or target.application is None or target.application.queries is None:
        return ()
    return target.application.queries.pools


def wait_p95_ms(pool: QueryPoolDocument) -> float | None:
    return None if pool.wait.p95_s is None else pool.wait.p95_s * 1000


def failed(pool: QueryPoolDocument) -> int:
    """Commands that got no connection."""
    return sum(pool.failed.values())


def grade_use(pool: QueryPoolDocument, _view: View) -> State:
    return too_high(pool.in_use / pool.max_size if pool.max_size else None, _FULL, _NEARLY_FULL)


def grade_waiting(pool: QueryPoolDocument, _view: View) -> State:
    return "warning" if pool.waiting else "normal"


def grade_wait(pool: QueryPoolDocument, view: View) -> State:
    return too_high(wait_p95_ms(pool), view.thresholds.slow_ms, view.thresholds.slow_warning_ms)


def grade_failed(pool: QueryPoolDocument, _view: View) -> State:
    return "over" if failed(pool) else "normal"


def _empty(view: View) -> str:
    otherwise = "This application's metrics hold no pool. perftui's MongoMonitor tells of those of its clients."
    return explain_absence(view, "application", "application.metrics", otherwise)


def _full_text(pool: QueryPoolDocument, _view: View) -> str:
    return "\n".join((pool.address, *pool.advice))


POOLS: TableSpec[QueryPoolDocument] = TableSpec(
    name="connection pools",
    columns=(
        words("server", "SERVER", 20, lambda row: row.address, flexible=True),
        plain("clients", "CLIENTS", 7, lambda row: row.clients, number, 5),
        plain("open", "OPEN", 6, lambda row: row.size, number),
        graded("in_use", "IN USE", 7, lambda row: row.in_use, number, grade_use),
        plain("max", "MAX", 6, lambda row: row.max_size, number, 1),
        graded("waiting", "WAITING", 8, lambda row: row.waiting, number, grade_waiting),
        graded("wait", "WAIT P95", 9, wait_p95_ms, milliseconds, grade_wait),
        graded("failed", "FAILED", 7, failed, number, grade_failed, 2),
        plain("created", "CREATED", 8, lambda row: row.created, number, 3),
        plain("closed", "CLOSED", 7, lambda row: sum(row.closed.values()), number, 4),
        plain("cleared", "CLEARED", 8, lambda row: row.cleared, number, 6),
    ),
    rows=rows,
    filled_by=("application", "application"),
    key=lambda row: row.address,
    default_sort="in_use",
    full_text=_full_text,
    empty=_empty,
)
