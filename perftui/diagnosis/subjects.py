"""What of a target is judged one by one, endpoints, shapes and operations, and which of their figures are followed."""

from collections.abc import Iterable, Iterator

from perftui.diagnosis.signals import share
from perftui.model.application import CacheStats, EndpointStats, RecentRequests
from perftui.model.operation import Operation
from perftui.model.query import DigestRow
from perftui.model.snapshot import TargetState

SHAPES = 60
"""Shapes followed: those that take the most time."""
ENDPOINTS, CACHES = 100, 50
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


def caches_of(state: TargetState) -> tuple[CacheStats, ...]:
    """Those that are judged, bounded."""
    return () if state.application is None else state.application.caches[:CACHES]


def cache_subject(cache: CacheStats) -> str:
    """No endpoint is called so."""
    return f"cache {cache.name}"


def endpoint_figures(state: TargetState) -> Iterator[tuple[str, Figures]]:
    """Endpoints and the application's own caches, each with its figures."""
    for one in endpoints_of(state):
        lately = _request_figures(one.recent) if one.recent is not None and one.recent.requests else ()
        yield endpoint_name(one), (("active", one.active), *lately)
    for cache in caches_of(state):
        if cache.hit_rate_now is not None:
            yield cache_subject(cache), (("hit_rate", cache.hit_rate_now), ("lookups", cache.gets_per_s))


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
        ("own_ms", _own_ms(recent)),
    )


def _own_ms(recent: RecentRequests) -> float | None:
    """What of a request is neither queries nor caches; `None` where the application does not tell."""
    if recent.average_ms is None or recent.query_ms is None:
        return None
    asked_ms = (recent.query_ms + (recent.cache_ms or 0.0)) / max(recent.requests, 1)
    return max(0.0, recent.average_ms - asked_ms)


def shape_figures(state: TargetState) -> Iterator[tuple[str, Figures]]:
    """Ids of shapes, each with its figures."""
    rows: tuple[DigestRow, ...] = () if state.queries is None else state.queries.rows[:SHAPES]
    for row in rows:
        if row.recent is not None and row.recent.count and not row.overflow:
            number = row.recent.count
            examined = max(row.recent.examined_documents or 0, row.recent.examined_keys or 0) / number
            yield row.shape_id, (("average_ms", row.recent.total_ms / number), ("examined", examined))
