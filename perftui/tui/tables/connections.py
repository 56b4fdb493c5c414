"""Who holds the server's connections: by client machine and application, the most first."""

from collections.abc import Sequence

from perftui.model.operation import ConnectionGroup
from perftui.tui.formatting import number, share
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, words
from perftui.tui.view import State, View

_MANY, _MOST_OF_THEM = 100, 0.6


def rows(view: View) -> Sequence[ConnectionGroup]:
    target = view.target("mongodb")
    return () if target is None or target.operations is None else target.operations.connections


def share_of_all(group: ConnectionGroup, view: View) -> float | None:
    """Of all connections that the server has."""
    target = view.target("mongodb")
    current = target.mongodb.connections.current if target is not None and target.mongodb is not None else None
    return min(group.connections / current, 1.0) if current else None


def grade_connections(group: ConnectionGroup, view: View) -> State:
    """Most of many connections in one hand are a leak or a storm."""
    many = group.connections >= _MANY and (share_of_all(group, view) or 0.0) >= _MOST_OF_THEM
    return "warning" if many else "normal"


def _empty(view: View) -> str:
    target = view.target("mongodb")
    listed = target.operations if target is not None else None
    otherwise = "Waiting for the list of connections: it is read every few seconds while this table is shown."
    if not view.live:
        otherwise = "Nobody looked at the connections at this moment."
    elif listed is not None and listed.sees_all_users is False:
        otherwise = "This login sees only its own connections: the grant clusterMonitor shows those of all."
    return explain_absence(view, "mongodb", "mongodb.operations", otherwise)


CONNECTIONS: TableSpec[ConnectionGroup] = TableSpec(
    name="connections",
    columns=(
        graded("connections", "CONNECTIONS", 12, lambda row: row.connections, number, grade_connections),
        plain("active", "ACTIVE", 7, lambda row: row.active, number),
        plain("idle", "IDLE", 7, lambda row: row.connections - row.active, number),
        Column("share", "OF ALL", 7, text=lambda row, view: share(share_of_all(row, view)), priority=2),
        words("app", "APPLICATION", 24, lambda row: row.app_name),
        words("client", "CLIENT", 16, lambda row: row.client, flexible=True),
    ),
    rows=rows,
    filled_by=("mongodb", "operations"),
    key=lambda row: (row.client, row.app_name),
    default_sort="connections",
    full_text=lambda row, _view: f"{row.client} {row.app_name or ''}".rstrip(),
    empty=_empty,
)
