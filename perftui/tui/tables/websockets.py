"""Websockets: each route's connections and messages."""

from collections.abc import Sequence

from perftui.model.metrics import WebSocketDocument
from perftui.tui.formatting import duration, milliseconds, number, size
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, words
from perftui.tui.view import State, View


def rows(view: View) -> Sequence[WebSocketDocument]:
    target = view.target("application")
    return () if target is None or target.application is None else target.application.websockets


def raised(socket: WebSocketDocument) -> int:
    return sum(socket.exceptions.values())


def grade_rejected(socket: WebSocketDocument, _view: View) -> State:
    return "warning" if socket.rejected else "normal"


def grade_raised(socket: WebSocketDocument, _view: View) -> State:
    return "over" if raised(socket) else "normal"


def p95_ms(socket: WebSocketDocument) -> float | None:
    """Of how long connections lasted."""
    return None if socket.duration.p95_s is None else socket.duration.p95_s * 1000


def _empty(view: View) -> str:
    otherwise = "No websocket was open in this window. perftui's ASGIMiddleware counts them."
    return explain_absence(view, "application", "application.metrics", otherwise)


WEBSOCKETS: TableSpec[WebSocketDocument] = TableSpec(
    name="websockets",
    columns=(
        words("route", "ROUTE", 20, lambda row: row.route, flexible=True),
        plain("active", "OPEN", 6, lambda row: row.active, number),
        plain("oldest", "OLDEST", 7, lambda row: row.oldest_s, duration, 2),
        plain("connections", "ENDED", 7, lambda row: row.connections, number),
        graded("rejected", "REJECTED", 9, lambda row: row.rejected, number, grade_rejected, 3),
        graded("raised", "RAISED", 7, raised, number, grade_raised, 1),
        plain("lasted", "LASTED P95", 10, p95_ms, milliseconds, 4),
        plain("received", "RECEIVED", 8, lambda row: row.received, number),
        plain("sent", "SENT", 7, lambda row: row.sent, number),
        plain("received_bytes", "IN", 6, lambda row: row.received_bytes, size, 5),
        plain("sent_bytes", "OUT", 6, lambda row: row.sent_bytes, size, 5),
    ),
    rows=rows,
    filled_by=("application", "application"),
    key=lambda row: row.route,
    default_sort="active",
    full_text=lambda row, _view: row.route,
    empty=_empty,
)
