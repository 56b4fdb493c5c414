"""Which figures have a threshold, how each is read, and its event in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from perftui.model.query import DigestRow
from perftui.model.settings import Thresholds
from perftui.model.snapshot import TargetState
from perftui.model.target import TargetKind
from perftui.monitor.metrics import endpoint_subject, share, tickets_share, total

_SHAPES = 50
"""Shapes watched: those that take the most time."""
_EXAMINED = 1000


class Figure(NamedTuple):
    """One value against its threshold."""

    value: float | None
    words: str
    """What it is, such as `p95 of GET /a`."""
    subject: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One threshold. `warning` may lie below `over`; figures are read only where the target has them."""

    name: str
    kind: TargetKind
    slot: str
    figures: Callable[[TargetState], Iterator[Figure]]
    over: Callable[[Thresholds], float]
    write: Callable[[float], str]
    warning: Callable[[Thresholds], float] | None = None
    below: bool = False
    """True: bad is below the threshold, as with a hit rate."""
    severity: Literal["warning", "critical"] = "critical"
    """Of being over."""


def percent(value: float) -> str:
    return f"{value * 100:.3g} %"


def milliseconds(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def seconds(value: float) -> str:
    return f"{value:,.1f} s"


def count(value: float) -> str:
    return f"{value:,.0f}"


def score(value: float) -> str:
    return f"{value:.0f} of 100"


def _one(
    name: str, words: str, read: Callable[[TargetState], float | None]
) -> Callable[[TargetState], Iterator[Figure]]:
    def figures(state: TargetState) -> Iterator[Figure]:
        yield Figure(read(state), words, name)

    return figures


def _mongodb_connections(state: TargetState) -> float | None:
    if state.mongodb is None:
        return None
    connections = state.mongodb.connections
    return share(connections.current, total(connections.current, connections.available))


def _mongodb_queued(state: TargetState) -> float | None:
    return None if state.mongodb is None else total(state.mongodb.queues.readers, state.mongodb.queues.writers)


def _mongodb_dirty(state: TargetState) -> float | None:
    return None if state.mongodb is None else share(state.mongodb.cache.dirty_bytes, state.mongodb.cache.maximum_bytes)


def _mongodb_tickets(state: TargetState) -> float | None:
    return None if state.mongodb is None else tickets_share(state.mongodb)


def _mongodb_lag(state: TargetState) -> float | None:
    return None if state.mongodb is None else state.mongodb.replication_lag_s


def _redis_memory(state: TargetState) -> float | None:
    return None if state.redis is None else share(state.redis.memory.used_bytes, state.redis.memory.maximum_bytes)


def _redis_clients(state: TargetState) -> float | None:
    return None if state.redis is None else share(state.redis.clients.connected, state.redis.clients.maximum)


def _redis_hit_rate(state: TargetState) -> float | None:
    return None if state.redis is None else state.redis.hit_rate


def _host_cpu(state: TargetState) -> float | None:
    return None if state.host is None else state.host.cpu_share


def _host_memory(state: TargetState) -> float | None:
    return None if state.host is None else share(state.host.memory.used_bytes, state.host.memory.total_bytes)


def _filesystems(state: TargetState) -> Iterator[Figure]:
    for one in () if state.host is None else state.host.filesystems:
        used = share(one.used_bytes, one.used_bytes + one.free_bytes)
        yield Figure(used, f"space used on {one.mount}", one.mount)


def _error_rates(state: TargetState) -> Iterator[Figure]:
    if state.application is not None:
        yield Figure(state.application.server_error_rate, "5xx of all requests", "error_rate")
        for one in state.application.endpoints:
            yield Figure(one.server_error_rate, f"5xx of {endpoint_subject(one)}", endpoint_subject(one))


def _averages(state: TargetState) -> Iterator[Figure]:
    for one in () if state.application is None else state.application.endpoints:
        yield Figure(one.latency_ms.average, f"average of {endpoint_subject(one)}", endpoint_subject(one))


def _p95s(state: TargetState) -> Iterator[Figure]:
    for one in () if state.application is None else state.application.endpoints:
        yield Figure(one.latency_ms.p95, f"p95 of {endpoint_subject(one)}", endpoint_subject(one))


def _cache_hit_rates(state: TargetState) -> Iterator[Figure]:
    for one in () if state.application is None else state.application.caches:
        yield Figure(one.hit_rate, f"hit rate of cache {one.name}", one.name)


def _cache_efficiencies(state: TargetState) -> Iterator[Figure]:
    for one in () if state.application is None else state.application.caches:
        yield Figure(one.efficiency, f"efficiency of cache {one.name}", one.name)


def _shapes(state: TargetState) -> Iterator[DigestRow]:
    rows = () if state.queries is None else state.queries.rows[:_SHAPES]
    return (row for row in rows if not row.overflow)


def _shape_words(row: DigestRow) -> str:
    return f"{row.op} on {row.ns} (shape {row.shape_id[-8:]})"


def _slow(state: TargetState) -> Iterator[Figure]:
    for row in _shapes(state):
        yield Figure(row.latency_ms.p95, f"p95 of {_shape_words(row)}", row.shape_id)


def _examined(state: TargetState) -> Iterator[Figure]:
    for row in _shapes(state):
        yield Figure(
            share(row.examined_documents, row.count), f"documents examined by {_shape_words(row)}", row.shape_id
        )


def _returned(state: TargetState) -> Iterator[Figure]:
    """A ratio over a handful of documents says nothing, and who examines many each time is told already."""
    for row in _shapes(state):
        examined = row.examined_documents or 0
        enough = examined >= _EXAMINED and examined <= _EXAMINED * row.count
        ratio = share(row.returned, row.examined_documents) if enough else None
        yield Figure(ratio, f"returned of examined by {_shape_words(row)}", row.shape_id)


RULES = (
    Rule("slow_ms", "mongodb", "queries", _slow, lambda t: t.slow_ms, milliseconds, lambda t: t.slow_warning_ms),
    Rule(
        "examined_documents",
        "mongodb",
        "queries",
        _examined,
        lambda t: float(t.examined_documents),
        count,
        severity="warning",
    ),
    Rule(
        "returned_per_examined",
        "mongodb",
        "queries",
        _returned,
        lambda t: t.returned_per_examined,
        percent,
        below=True,
        severity="warning",
    ),
    Rule(
        "queued_operations",
        "mongodb",
        "mongodb",
        _one("queued_operations", "queued operations", _mongodb_queued),
        lambda t: float(t.queued_operations),
        count,
    ),
    Rule(
        "connections_share",
        "mongodb",
        "mongodb",
        _one("connections_share", "connections in use", _mongodb_connections),
        lambda t: t.connections_share,
        percent,
    ),
    Rule(
        "tickets_share",
        "mongodb",
        "mongodb",
        _one("tickets_share", "storage engine tickets in use", _mongodb_tickets),
        lambda t: t.tickets_share,
        percent,
    ),
    Rule(
        "cache_dirty_share",
        "mongodb",
        "mongodb",
        _one("cache_dirty_share", "dirty share of the storage cache", _mongodb_dirty),
        lambda t: t.cache_dirty_share,
        percent,
    ),
    Rule(
        "replication_lag_s",
        "mongodb",
        "mongodb",
        _one("replication_lag_s", "replication lag", _mongodb_lag),
        lambda t: t.replication_lag_s,
        seconds,
    ),
    Rule(
        "redis_memory_share",
        "redis",
        "redis",
        _one("redis_memory_share", "memory of its limit", _redis_memory),
        lambda t: t.redis_memory_share,
        percent,
    ),
    Rule(
        "connections_share",
        "redis",
        "redis",
        _one("connections_share", "clients of the limit", _redis_clients),
        lambda t: t.connections_share,
        percent,
    ),
    Rule(
        "hit_rate",
        "redis",
        "redis",
        _one("hit_rate", "hit rate", _redis_hit_rate),
        lambda t: t.hit_rate,
        percent,
        below=True,
    ),
    Rule("error_rate", "application", "application", _error_rates, lambda t: t.error_rate, percent),
    Rule("endpoint_average_ms", "application", "application", _averages, lambda t: t.endpoint_average_ms, milliseconds),
    Rule("endpoint_p95_ms", "application", "application", _p95s, lambda t: t.endpoint_p95_ms, milliseconds),
    Rule("hit_rate", "application", "application", _cache_hit_rates, lambda t: t.hit_rate, percent, below=True),
    Rule(
        "cache_efficiency",
        "application",
        "application",
        _cache_efficiencies,
        lambda t: t.cache_efficiency,
        score,
        below=True,
    ),
    Rule("cpu_share", "host", "host", _one("cpu_share", "CPU", _host_cpu), lambda t: t.cpu_share, percent),
    Rule(
        "memory_share", "host", "host", _one("memory_share", "memory", _host_memory), lambda t: t.memory_share, percent
    ),
    Rule("disk_share", "host", "host", _filesystems, lambda t: t.disk_share, percent),
)
