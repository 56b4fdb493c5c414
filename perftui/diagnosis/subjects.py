"""What of a target is judged one by one, endpoints, shapes and operations, and which of their figures are followed."""

from collections.abc import Iterable, Iterator

from perftui.diagnosis.signals import share
from perftui.model.application import EndpointStats, RecentRequests
from perftui.model.operation import Operation
from perftui.model.query import DigestRow
from perftui.model.snapshot import TargetState

SHAPES = 60
"""Shapes followed: those that take the most time."""
ENDPOINTS = 100
Figures = Iterable[tuple[str, float | None]]
"""Names of figures with their values; `None`: not known."""


def endpoints_of(state: TargetState) -> tuple[EndpointStats, ...]:
    """Those that are judged: the busiest, bounded."""
    return () if state.application is None else state.application.endpoints[:ENDPOINTS]


def operations_of(state: TargetState) -> tuple[Operation, ...]:
    """All that are listed, those of the server itself too."""
    return () if state.operations is None else state.operations.operations


def endpoint_name(endpoint: EndpointStats) -> str:
    return f"{endpoint.method} {endpoint.route}"


def endpoint_figures(state: TargetState) -> Iterator[tuple[str, Figures]]:
    """Endpoints, each with its figures."""
    for one in endpoints_of(state):
        lately = _request_figures(one.recent) if one.recent is not None and one.recent.requests else ()
        yield endpoint_name(one), (("active", one.active), *lately)


def _request_figures(recent: RecentRequests) -> Figures:
    """A request each: how long it took, whether it failed, and what it asked."""
    number = recent.requests
    return (
        ("requests", number),
        ("average_ms", recent.average_ms),
        ("errors", share(recent.server_errors, number)),
        ("client_errors", share(recent.client_errors, number)),
        ("queries", share(recent.queries, number)),
        ("query_ms", share(recent.query_ms, number)),
        ("cache_ms", share(recent.cache_ms, number)),
    )


def shape_figures(state: TargetState) -> Iterator[tuple[str, Figures]]:
    """Ids of shapes, each with its figures."""
    rows: tuple[DigestRow, ...] = () if state.queries is None else state.queries.rows[:SHAPES]
    for row in rows:
        if row.recent is not None and row.recent.count and not row.overflow:
            number = row.recent.count
            examined = (row.recent.examined_documents or 0) / number
            yield row.shape_id, (("average_ms", row.recent.total_ms / number), ("examined", examined))
