"""The slow requests that the application remembers, newest first."""

from collections.abc import Sequence

from perftui.model.metrics import SlowRequestDocument
from perftui.tui.formatting import clock, milliseconds
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import ago, graded, too_high, words
from perftui.tui.view import State, View


def rows(view: View) -> Sequence[SlowRequestDocument]:
    target = view.target("application")
    return () if target is None or target.application is None else target.application.slow_requests


def name(request: SlowRequestDocument) -> str:
    """Method and route, as the endpoints' table calls it."""
    return f"{request.method} {request.route}"


def grade_duration(request: SlowRequestDocument, view: View) -> State:
    return too_high(request.duration_s * 1000, view.thresholds.endpoint_p95_ms)


def grade_status(request: SlowRequestDocument, _view: View) -> State:
    return "over" if request.status >= 500 else "warning" if request.status >= 400 else "normal"


def _empty(view: View) -> str:
    otherwise = (
        "No slow request is remembered. perftui's ASGIMiddleware and WSGIMiddleware remember those over slow_ms."
    )
    return explain_absence(view, "application", "application.metrics", otherwise)


SLOW_REQUESTS: TableSpec[SlowRequestDocument] = TableSpec(
    name="slow requests",
    columns=(
        Column("time", "TIME", 9, text=lambda row, view: clock(row.at, view.utc), sort=lambda row: row.at, priority=1),
        Column("age", "AGE", 5, text=lambda row, view: ago(row.at, view), sort=lambda row: row.at),
        graded("duration", "DURATION", 9, lambda row: row.duration_s * 1000, milliseconds, grade_duration),
        graded("status", "STATUS", 7, lambda row: row.status, str, grade_status),
        words("method", "METHOD", 6, lambda row: row.method),
        words("route", "ROUTE", 20, lambda row: row.route, flexible=True),
        words("client", "CLIENT", 18, lambda row: row.client, 4),
        words("agent", "USER AGENT", 20, lambda row: row.user_agent, 5),
    ),
    rows=rows,
    filled_by=("application", "application"),
    key=lambda row: (row.at, row.method, row.route, row.duration_s),
    default_sort="time",
    full_text=lambda row, _view: f"{name(row)}\n{row.user_agent or ''}".rstrip(),
    empty=_empty,
)
