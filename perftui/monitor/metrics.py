"""The numbers that history keeps, each read from a target's state."""

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from perftui.model.application import ApplicationMetrics, CacheStats, EndpointStats, hit_rate_now
from perftui.model.host import HostMetrics
from perftui.model.mongodb import MongoServer
from perftui.model.query import DigestRow
from perftui.model.redis import RedisServer
from perftui.model.snapshot import TargetState
from perftui.model.target import TargetKind

Unit = Literal["per_s", "share", "ms", "s", "bytes", "bytes_per_s", "count", "load"]
Group = Literal["endpoint", "shape", "cache"]


class Metric(Struct, frozen=True):
    """One number of a target; `None` while it is not known."""

    name: str
    kind: TargetKind
    title: str
    unit: Unit
    slot: str
    """The field of `TargetState` that it is read from: no value is kept while that field's source fails."""
    read: Callable[[TargetState], float | None]
    group: Group | None = None
    """Set where the metric is one of many: `read` then gives their sum or `None`, `of` each one's value."""
    of: Callable[[object], float | None] | None = None


def total(*values: float | None) -> float | None:
    """The sum of what is known; `None` when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def share(part: float | None, whole: float | None) -> float | None:
    """Part of a whole, `None` where either is unknown or the whole is nothing."""
    return part / whole if part is not None and whole else None


def tickets_share(server: MongoServer) -> float | None:
    """Of the storage engine's tickets in use: the scarcer kind's."""
    tickets = server.tickets
    shares = (share(tickets.read_used, tickets.read_total), share(tickets.write_used, tickets.write_total))
    return max((value for value in shares if value is not None), default=None)


def endpoint_subject(endpoint: EndpointStats) -> str:
    """Such as `GET /api/prompts`."""
    return f"{endpoint.method} {endpoint.route}"


def subjects(state: TargetState, group: Group) -> Sequence[tuple[str, object, float]]:
    """Each of the many with its name and its weight: the heaviest keep their place when there are too many."""
    application = state.application
    if group == "endpoint" and application is not None:
        return [(endpoint_subject(one), one, one.per_s or 0.0) for one in application.endpoints]
    if group == "cache" and application is not None:
        return [(one.name, one, one.gets_per_s or 0.0) for one in application.caches]
    if group == "shape" and state.queries is not None:
        return [(row.shape_id, row, row.latency_ms.total) for row in state.queries.rows if not row.overflow]
    return ()


def _mongodb(name: str, title: str, unit: Unit, read: Callable[[MongoServer], float | None]) -> Metric:
    def of(state: TargetState) -> float | None:
        return None if state.mongodb is None else read(state.mongodb)

    return Metric(f"mongodb.{name}", "mongodb", title, unit, "mongodb", of)


def _redis(name: str, title: str, unit: Unit, read: Callable[[RedisServer], float | None]) -> Metric:
    def of(state: TargetState) -> float | None:
        return None if state.redis is None else read(state.redis)

    return Metric(f"redis.{name}", "redis", title, unit, "redis", of)


def _application(name: str, title: str, unit: Unit, read: Callable[[ApplicationMetrics], float | None]) -> Metric:
    def of(state: TargetState) -> float | None:
        return None if state.application is None else read(state.application)

    return Metric(f"application.{name}", "application", title, unit, "application", of)


def _host(name: str, title: str, unit: Unit, read: Callable[[HostMetrics], float | None]) -> Metric:
    def of(state: TargetState) -> float | None:
        return None if state.host is None else read(state.host)

    return Metric(f"host.{name}", "host", title, unit, "host", of)


def _endpoint(name: str, title: str, unit: Unit, read: Callable[[EndpointStats], float | None]) -> Metric:
    def of(one: object) -> float | None:
        return read(one) if isinstance(one, EndpointStats) else None

    return Metric(f"endpoint.{name}", "application", title, unit, "application", _unknown, "endpoint", of)


def _cache(name: str, title: str, unit: Unit, read: Callable[[CacheStats], float | None]) -> Metric:
    def of(one: object) -> float | None:
        return read(one) if isinstance(one, CacheStats) else None

    return Metric(f"cache.{name}", "application", title, unit, "application", _unknown, "cache", of)


def _shape(name: str, title: str, unit: Unit, read: Callable[[DigestRow], float | None]) -> Metric:
    def of(one: object) -> float | None:
        return read(one) if isinstance(one, DigestRow) else None

    return Metric(f"shape.{name}", "mongodb", title, unit, "queries", _unknown, "shape", of)


def _unknown(_state: TargetState) -> None:
    return None


def _mongodb_operations(server: MongoServer) -> float | None:
    rates = server.operations
    return total(rates.insert, rates.query, rates.update, rates.delete, rates.getmore, rates.command)


_ALL = (
    _mongodb("ops_per_s", "operations", "per_s", _mongodb_operations),
    _mongodb("reads_per_s", "reads", "per_s", lambda s: s.reads.per_s),
    _mongodb("writes_per_s", "writes", "per_s", lambda s: s.writes.per_s),
    _mongodb("read_ms", "read latency", "ms", lambda s: s.reads.average_ms),
    _mongodb("write_ms", "write latency", "ms", lambda s: s.writes.average_ms),
    _mongodb("command_ms", "command latency", "ms", lambda s: s.commands.average_ms),
    _mongodb("queued", "queued", "count", lambda s: total(s.queues.readers, s.queues.writers)),
    _mongodb("cache_share", "cache used", "share", lambda s: share(s.cache.used_bytes, s.cache.maximum_bytes)),
    _mongodb("cache_dirty_share", "cache dirty", "share", lambda s: share(s.cache.dirty_bytes, s.cache.maximum_bytes)),
    _mongodb("connections", "connections", "count", lambda s: s.connections.current),
    _mongodb("tickets_share", "tickets used", "share", tickets_share),
    _mongodb("collection_scans_per_s", "collection scans", "per_s", lambda s: s.work.collection_scans_per_s),
    _mongodb("examined_per_s", "documents examined", "per_s", lambda s: s.work.examined_documents_per_s),
    _mongodb("returned_per_s", "documents returned", "per_s", lambda s: s.work.returned_documents_per_s),
    _mongodb("received_bytes_per_s", "received", "bytes_per_s", lambda s: s.network.received_bytes_per_s),
    _mongodb("sent_bytes_per_s", "sent", "bytes_per_s", lambda s: s.network.sent_bytes_per_s),
    _mongodb("lag_s", "replication lag", "s", lambda s: s.replication_lag_s),
    Metric("mongodb.slow_per_s", "mongodb", "slow queries", "per_s", "queries", lambda state: state.slow_queries_per_s),
    _redis("ops_per_s", "operations", "per_s", lambda s: s.commands_per_s),
    _redis("hit_rate", "hit rate", "share", lambda s: s.hit_rate),
    _redis("used_bytes", "memory", "bytes", lambda s: s.memory.used_bytes),
    _redis("evicted_per_s", "evicted keys", "per_s", lambda s: s.evicted_per_s),
    _redis("expired_per_s", "expired keys", "per_s", lambda s: s.expired_per_s),
    _redis("clients", "clients", "count", lambda s: s.clients.connected),
    _redis("cpu_share", "CPU", "share", lambda s: s.cpu_share),
    _redis("received_bytes_per_s", "received", "bytes_per_s", lambda s: s.received_bytes_per_s),
    _redis("sent_bytes_per_s", "sent", "bytes_per_s", lambda s: s.sent_bytes_per_s),
    _application("requests_per_s", "requests", "per_s", lambda a: a.per_s),
    _application("average_ms", "average latency", "ms", lambda a: a.latency_ms.average),
    _application("p95_ms", "p95", "ms", lambda a: a.latency_ms.p95),
    _application("p99_ms", "p99", "ms", lambda a: a.latency_ms.p99),
    _application("server_error_rate", "5xx", "share", lambda a: a.server_error_rate),
    _application("client_error_rate", "4xx", "share", lambda a: a.client_error_rate),
    _application("active", "active requests", "count", lambda a: a.active),
    _application("cache_hit_rate", "hits of the caches", "share", lambda a: hit_rate_now(a.caches)),
    _host("cpu_share", "CPU", "share", lambda h: h.cpu_share),
    _host("memory_share", "memory", "share", lambda h: share(h.memory.used_bytes, h.memory.total_bytes)),
    _host("load1", "load", "load", lambda h: None if h.load is None else h.load[0]),
    _host(
        "disk_bytes_per_s",
        "disk",
        "bytes_per_s",
        lambda h: total(h.disk.read_bytes_per_s, h.disk.written_bytes_per_s),
    ),
    _host("disk_busy_share", "disk busy", "share", lambda h: h.disk.busy_share),
    _host(
        "network_bytes_per_s",
        "network",
        "bytes_per_s",
        lambda h: total(h.network.received_bytes_per_s, h.network.sent_bytes_per_s),
    ),
    _endpoint("per_s", "requests", "per_s", lambda e: e.per_s),
    _endpoint("p95_ms", "p95", "ms", lambda e: e.latency_ms.p95),
    _endpoint("server_error_rate", "5xx", "share", lambda e: e.server_error_rate),
    _shape("per_s", "executions", "per_s", lambda r: r.per_s),
    _shape("p95_ms", "p95", "ms", lambda r: r.latency_ms.p95),
    _cache("hit_rate", "hit rate", "share", lambda c: c.hit_rate),
    _cache("hit_rate_now", "hit rate between readings", "share", lambda c: c.hit_rate_now),
    _cache("gets_per_s", "gets", "per_s", lambda c: c.gets_per_s),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
"""Every metric by name."""


def metrics_of(kind: TargetKind) -> tuple[Metric, ...]:
    """The metrics of one kind of target, those of many included."""
    return tuple(metric for metric in _ALL if metric.kind == kind)
