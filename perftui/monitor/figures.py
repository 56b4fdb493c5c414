"""What has a threshold: each figure read from a target's state, with its name in words."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from perftui.model.query import DigestRow
from perftui.model.snapshot import TargetState
from perftui.monitor.metrics import endpoint_subject, share, tickets_share, total

_SHAPES = 50
"""Shapes watched: those that take the most time."""
_EXAMINED = 1000
_BUSY = 0.05
_LONGEST_SHAPE = 60


class Figure(NamedTuple):
    """One value against its threshold."""

    value: float | None
    words: str
    """What it is, such as `p95 of GET /a`."""
    subject: str
    note: str = ""
    """What else an event should say when the threshold is crossed."""


def single(
    name: str, words: str, read: Callable[[TargetState], float | None]
) -> Callable[[TargetState], Iterator[Figure]]:
    def figures(state: TargetState) -> Iterator[Figure]:
        yield Figure(read(state), words, name)

    return figures


def mongodb_connections(state: TargetState) -> float | None:
    if state.mongodb is None:
        return None
    connections = state.mongodb.connections
    return share(connections.current, total(connections.current, connections.available))


def mongodb_queued(state: TargetState) -> float | None:
    return None if state.mongodb is None else total(state.mongodb.queues.readers, state.mongodb.queues.writers)


def mongodb_dirty(state: TargetState) -> float | None:
    return None if state.mongodb is None else share(state.mongodb.cache.dirty_bytes, state.mongodb.cache.maximum_bytes)


def mongodb_tickets(state: TargetState) -> float | None:
    return None if state.mongodb is None else tickets_share(state.mongodb)


def mongodb_lag(state: TargetState) -> float | None:
    return None if state.mongodb is None else state.mongodb.replication_lag_s


def redis_memory(state: TargetState) -> float | None:
    return None if state.redis is None else share(state.redis.memory.used_bytes, state.redis.memory.maximum_bytes)


def redis_clients(state: TargetState) -> float | None:
    return None if state.redis is None else share(state.redis.clients.connected, state.redis.clients.maximum)


def redis_hit_rate(state: TargetState) -> float | None:
    return None if state.redis is None else state.redis.hit_rate


def host_cpu(state: TargetState) -> float | None:
    return None if state.host is None else state.host.cpu_share


def host_memory(state: TargetState) -> float | None:
    return None if state.host is None else share(state.host.memory.used_bytes, state.host.memory.total_bytes)


def filesystems(state: TargetState) -> Iterator[Figure]:
    for one in () if state.host is None else state.host.filesystems:
        used = share(one.used_bytes, one.used_bytes + one.free_bytes)
        yield Figure(used, f"space used on {one.mount}", one.mount)


def error_rates(state: TargetState) -> Iterator[Figure]:
    if state.application is not None:
        yield Figure(state.application.server_error_rate, "5xx of all requests", "error_rate")
        for one in state.application.endpoints:
            yield Figure(one.server_error_rate, f"5xx of {endpoint_subject(one)}", endpoint_subject(one))


def averages(state: TargetState) -> Iterator[Figure]:
    for one in () if state.application is None else state.application.endpoints:
        yield Figure(one.latency_ms.average, f"average of {endpoint_subject(one)}", endpoint_subject(one))


def p95s(state: TargetState) -> Iterator[Figure]:
    for one in () if state.application is None else state.application.endpoints:
        yield Figure(one.latency_ms.p95, f"p95 of {endpoint_subject(one)}", endpoint_subject(one))


def cache_hit_rates(state: TargetState) -> Iterator[Figure]:
    for one in () if state.application is None else state.application.caches:
        yield Figure(one.hit_rate, f"hit rate of cache {one.name}", one.name)


def cache_efficiencies(state: TargetState) -> Iterator[Figure]:
    for one in () if state.application is None else state.application.caches:
        yield Figure(one.efficiency, f"efficiency of cache {one.name}", one.name)


def _shapes(state: TargetState) -> Iterator[DigestRow]:
    rows = () if state.queries is None else state.queries.rows[:_SHAPES]
    return (row for row in rows if not row.overflow)


def _costly_shapes(state: TargetState) -> Iterator[DigestRow]:
    """Shapes that keep the server busy: a wasteful query that takes no time wakes nobody."""
    if state.queries is not None:
        seconds = state.queries.covered_s or state.queries.window_s
        for row in _shapes(state):
            if row.latency_ms.total / 1000 >= _BUSY * seconds:
                yield row


def shape_words(row: DigestRow) -> str:
    text = " ".join(f"{row.ns} {row.shape}".split())
    return text if len(text) <= _LONGEST_SHAPE else text[: _LONGEST_SHAPE - 1] + "…"


def slow_shapes(state: TargetState) -> Iterator[Figure]:
    for row in _shapes(state):
        each = share(row.examined_documents, row.count)
        note = ""
        if each is not None and each >= _EXAMINED:
            returned = share(row.returned, row.count)
            note = f"it examines {each:,.0f} documents" + (f" to return {returned:,.0f}" if returned else "")
        yield Figure(row.latency_ms.p95, f"p95 of {shape_words(row)}", row.shape_id, note)


def examined_documents(state: TargetState) -> Iterator[Figure]:
    for row in _costly_shapes(state):
        each = share(row.examined_documents, row.count)
        yield Figure(each, f"documents examined by {shape_words(row)}", row.shape_id)


def returned_per_examined(state: TargetState) -> Iterator[Figure]:
    """A ratio over a handful of documents says nothing, and who examines many each time is told already."""
    for row in _costly_shapes(state):
        examined = row.examined_documents or 0
        enough = examined >= _EXAMINED and examined <= _EXAMINED * row.count
        ratio = share(row.returned, row.examined_documents) if enough else None
        yield Figure(ratio, f"returned of examined by {shape_words(row)}", row.shape_id)
