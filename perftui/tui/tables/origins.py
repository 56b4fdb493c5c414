"""Which endpoint a query came from, as its comment says: a column for tables, and what belongs to an endpoint."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from perftui.model.application import EndpointStats
from perftui.model.operation import Operation
from perftui.model.query import DigestRow, EndpointUse
from perftui.tui.formatting import UNKNOWN
from perftui.tui.table_spec import Column
from perftui.tui.view import View

Row = TypeVar("Row")
Endpoint = tuple[str, str]
"""Method and route."""


def origins(row: object) -> tuple[Endpoint, ...]:
    """The endpoints of a query or an operation, the most frequent first; none where no comment names one."""
    if isinstance(row, DigestRow):
        return tuple((use.method, use.route) for use in row.endpoints)
    if isinstance(row, Operation) and row.endpoint:
        method, _, route = row.endpoint.partition(" ")
        return ((method, route),)
    return ()


def origin_column(value: Callable[[Row], str | None], priority: int) -> Column[Row]:
    """There only while some row has one."""
    return Column(
        "endpoint",
        "FROM",
        22,
        text=lambda row, _view: value(row) or UNKNOWN,
        sort=value,
        state=lambda row, _view: "normal" if value(row) else "dim",
        align="left",
        priority=priority,
        wanted=lambda rows: any(value(row) for row in rows),
    )


def first_origin(row: DigestRow) -> str | None:
    """The most frequent endpoint, and how many more there are."""
    if not row.endpoints:
        return None
    first, more = row.endpoints[0], len(row.endpoints) - 1
    return f"{first.method} {first.route}" + (f" +{more}" if more else "")


def share_words(uses: Sequence[EndpointUse], executions: int) -> str:
    """`from GET /api/prompts 83%, POST /api/search 17%`."""
    named = [f"{use.method} {use.route}{_share(use.count, executions)}" for use in uses]
    return f"from {', '.join(named)}" if named else ""


def _share(count: int, executions: int) -> str:
    return f" {min(count / executions, 1.0):.0%}" if executions else ""


def queries_of(endpoint: Endpoint, view: View) -> list[DigestRow]:
    """The shapes that an endpoint ran, the most time first."""
    target = view.target("mongodb")
    digest = target.queries if target is not None else None
    return [row for row in digest.rows if endpoint in origins(row)] if digest is not None else []


def find_endpoint(endpoint: Endpoint, view: View) -> tuple[str, EndpointStats] | None:
    """The target and the endpoint as some application counts it, the one in view first."""
    first = view.target("application")
    for state in sorted(view.targets("application"), key=lambda state: state is not first):
        for one in state.application.endpoints if state.application is not None else ():
            if (one.method, one.route) == endpoint:
                return state.target.id, one
    return None
