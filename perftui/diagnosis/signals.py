"""Which figures of a target are followed over time, and what a change of each means."""

from collections.abc import Callable
from typing import NamedTuple

from perftui.diagnosis.redis_figures import flushes, following, held_back, in_commands, link, lookups, refusals
from perftui.model.application import ApplicationMetrics
from perftui.model.host import HostMetrics
from perftui.model.mongodb import MongoServer
from perftui.model.redis import RedisServer
from perftui.model.snapshot import TargetState
from perftui.model.target import TargetKind


class Signal(NamedTuple):
    """One figure of a target. A change counts when it is both this many times and this much."""

    name: str
    kind: TargetKind
    slot: str
    title: str
    read: Callable[[TargetState], float | None]
    write: Callable[[float], str] | None = None
    """How its values are written where its change is told; `None`: it is not told."""
    times: float = 2.0
    least: float = 0.0


def share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def milliseconds(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def megabytes(value: float) -> str:
    """Bytes a second."""
    return f"{value / 2**20:,.1f} MB/s"


def percent(value: float) -> str:
    return f"{value * 100:.0f} %"


def per_second(value: float) -> str:
    return f"{value:,.0f}/s" if value >= 10 else f"{value:.1f}/s"


def count(value: float) -> str:
    return f"{value:,.0f}"


def _mongodb(
    name: str, title: str, read: Callable[[MongoServer], float | None], write: Callable[[float], str] | None = None,
    times: float = 2.0, least: float = 0.0,
) -> Signal:  # fmt: skip
    def of(state: TargetState) -> float | None:
        return None if state.mongodb is None else read(state.mongodb)

    return Signal(name, "mongodb", "mongodb", title, of, write, times, least)


def _redis(
    name: str, title: str, read: Callable[[RedisServer], float | None], write: Callable[[float], str] | None = None,
    times: float = 2.0, least: float = 0.0,
) -> Signal:  # fmt: skip
    def of(state: TargetState) -> float | None:
        return None if state.redis is None else read(state.redis)

    return Signal(name, "redis", "redis", title, of, write, times, least)


def _application(
    name: str, title: str, read: Callable[[ApplicationMetrics], float | None],
    write: Callable[[float], str] | None = None, times: float = 2.0, least: float = 0.0,
) -> Signal:  # fmt: skip
    def of(state: TargetState) -> float | None:
        return None if state.application is None else read(state.application)

    return Signal(name, "application", "application", title, of, write, times, least)


def _host(
    name: str, title: str, read: Callable[[HostMetrics], float | None], write: Callable[[float], str] | None = None,
    times: float = 2.0, least: float = 0.0,
) -> Signal:  # fmt: skip
    def of(state: TargetState) -> float | None:
        return None if state.host is None else read(state.host)

    return Signal(name, "host", "host", title, of, write, times, least)


def server_latency(server: MongoServer) -> float | None:
    """The mean over reads, writes and commands, in milliseconds."""
    kinds = [(one.per_s, one.average_ms) for one in (server.reads, server.writes, server.commands)]
    known = [(per_s, average) for per_s, average in kinds if per_s and average is not None]
    number = sum(per_s for per_s, _ in known)
    return sum(per_s * average for per_s, average in known) / number if number else None


def server_work(server: MongoServer) -> float | None:
    """Milliseconds a second that all operations together took."""
    kinds = [(one.per_s, one.average_ms) for one in (server.reads, server.writes, server.commands)]
    known = [per_s * average for per_s, average in kinds if per_s is not None and average is not None]
    return sum(known) if known else None


def tickets_share(server: MongoServer) -> float | None:
    """Of the scarcer kind."""
    tickets = server.tickets
    shares = (share(tickets.read_used, tickets.read_total), share(tickets.write_used, tickets.write_total))
    return max((one for one in shares if one is not None), default=None)


def ticket_demand(server: MongoServer) -> float | None:
    """How many times the tickets of a kind its operations want, those that have one and those that queue: above one
    there are too few, whatever a single reading of those in use says."""
    tickets, queues = server.tickets, server.queues
    kinds = (
        (tickets.read_used, queues.readers, tickets.read_total),
        (tickets.write_used, queues.writers, tickets.write_total),
    )
    known = [share(used + waiting, total) for used, waiting, total in kinds if used is not None and waiting is not None]
    return max((one for one in known if one is not None), default=None)


def queued(server: MongoServer) -> float | None:
    known = [one for one in (server.queues.readers, server.queues.writers) if one is not None]
    return float(sum(known)) if known else None


def _expiring(state: TargetState) -> float | None:
    """1 while the server's TTL thread deletes, else 0."""
    return None if state.operations is None else float("TTL delete" in state.operations.own_work)


def _slowness(metrics: ApplicationMetrics) -> float | None:
    recent = [one.recent for one in metrics.endpoints if one.recent is not None and one.recent.average_ms is not None]
    number = sum(one.requests for one in recent)
    return sum(one.requests * (one.average_ms or 0.0) for one in recent) / number if number else None


def _document_ms(state: TargetState) -> float | None:
    source = state.source_of("application")
    return None if source is None else source.latency_ms


def _unyielding(host: HostMetrics) -> float | None:
    """The CPU's share without niced processes, where no server is one: these take only what nobody else wants."""
    if host.cpu_share is None:
        return None
    servers = [one for one in host.processes if one.role not in ("other", "perftui")]
    first = bool(servers) and all(one.nice is not None and one.nice <= 0 for one in servers)
    return max(0.0, host.cpu_share - (host.nice_share or 0.0)) if first else host.cpu_share


def _memory(host: HostMetrics) -> float | None:
    return share(host.memory.available_bytes, host.memory.total_bytes)


SIGNALS = (
    _mongodb("latency_ms", "latency", server_latency, milliseconds, 2.5, 5.0),
    _mongodb("work_ms", "time in operations", server_work),
    _mongodb("operations", "operations", lambda s: s.network.requests_per_s, per_second, 2.5, 50.0),
    _mongodb("queued", "queued operations", queued, count, 2.0, 10.0),
    _mongodb("tickets", "tickets in use", tickets_share, percent, 1.5, 0.4),
    _mongodb("ticket_demand", "tickets wanted", ticket_demand),
    _mongodb("read_into_cache", "read into the cache", lambda s: s.cache.read_bytes_per_s),
    _mongodb("written_from_cache", "written from the cache", lambda s: s.cache.written_bytes_per_s),
    _mongodb("received", "what it receives", lambda s: s.network.received_bytes_per_s),
    _mongodb("dirty", "dirty share of the cache", lambda s: share(s.cache.dirty_bytes, s.cache.maximum_bytes)),
    _mongodb("sent", "what it sends", lambda s: s.network.sent_bytes_per_s, megabytes, 3.0, 5.0 * 2**20),
    _mongodb("connections", "connections", lambda s: s.connections.current, count, 1.7, 50.0),
    _mongodb("created", "new connections", lambda s: s.connections.created_per_s),
    _mongodb("scans", "collection scans", lambda s: s.work.collection_scans_per_s, per_second, 3.0, 5.0),
    _mongodb("examined", "documents examined", lambda s: s.work.examined_documents_per_s, per_second, 3.0, 20_000.0),
    _mongodb("keys", "keys examined", lambda s: s.work.examined_keys_per_s, per_second, 3.0, 300_000.0),
    _mongodb("returned", "documents returned", lambda s: s.work.returned_documents_per_s),
    _mongodb("evicted_by_operations", "pages evicted by operations", lambda s: s.cache.evicted_by_operations_per_s),
    _mongodb("conflicts", "write conflicts", lambda s: s.work.write_conflicts_per_s, per_second, 3.0, 20.0),
    _mongodb("read_ms", "latency of reads", lambda s: s.reads.average_ms),
    _mongodb("writes", "writes", lambda s: s.writes.per_s),
    _mongodb("write_ms", "latency of writes", lambda s: s.writes.average_ms),
    _mongodb("written", "documents written", lambda s: s.work.written_documents_per_s),
    _mongodb("committed", "transactions committed", lambda s: s.transactions.committed_per_s),
    _mongodb("aborted", "transactions aborted", lambda s: s.transactions.aborted_per_s),
    _mongodb("uptime", "uptime", lambda s: s.uptime_s),
    Signal("expiring", "mongodb", "operations", "deletes of expired documents", _expiring),
    _redis("operations", "operations", lambda s: s.commands_per_s, per_second, 2.5, 50.0),
    _redis("hit_rate", "hit rate", lambda s: s.hit_rate, percent, 1.0, 0.15),
    _redis("evicted", "evicted keys", lambda s: s.evicted_per_s, per_second, 2.0, 10.0),
    _redis("expired", "expired keys", lambda s: s.expired_per_s, per_second, 5.0, 500.0),
    _redis("keys", "keys", lambda s: s.keys, count, 1.6, 100.0),
    _redis("buffers", "clients' buffers", lambda s: s.memory.clients_bytes),
    _redis("blocked", "clients that wait", lambda s: s.clients.blocked, count, 2.0, 4.0),
    _redis("held_back", "clients whose writes wait", held_back),
    _redis("flushes", "flushes", flushes),
    _redis("cpu", "CPU", lambda s: s.cpu_share, percent, 2.0, 0.4),
    _redis("thread", "CPU of its one thread", lambda s: s.cpu_share if s.thread_share is None else s.thread_share),
    _redis("in_commands", "time in commands", in_commands),
    _redis("rejected", "refused clients", lambda s: s.clients.rejected_per_s),
    _redis("refusals", "refused commands", refusals, per_second, 3.0, 5.0),
    _redis("replicas", "replicas", following),
    _redis("delayed", "delayed writes", lambda s: s.persistence.delayed_writes_per_s),
    _redis("link", "link to the primary", link),
    _redis("clients", "clients", lambda s: s.clients.connected, count, 1.7, 50.0),
    _redis("lookups", "lookups", lookups),
    _redis("hits", "hits", lambda s: s.hits_per_s),
    _redis("sent", "what it sends", lambda s: s.sent_bytes_per_s, megabytes, 3.0, 20.0 * 2**20),
    _redis("uptime", "uptime", lambda s: s.uptime_s),
    _application("uptime", "uptime", lambda a: a.process.uptime_s),
    _application("requests", "requests", lambda a: a.per_s, per_second, 1.8, 10.0),
    _application("slowness", "average request", _slowness, milliseconds, 2.0, 10.0),
    _application("process_cpu", "CPU of its processes", lambda a: a.process.cpu_share),
    Signal("document_ms", "application", "application", "time of its metrics", _document_ms),
    _application("active", "requests under way", lambda a: a.active, count, 3.0, 10.0),
    _host("cpu", "CPU", lambda h: h.cpu_share, percent, 1.3, 0.3),
    _host("unyielding", "CPU of those that do not yield", _unyielding),
    _host("iowait", "waiting for disks", lambda h: h.iowait_share, percent, 2.0, 0.2),
    _host("steal", "CPU taken by the hypervisor", lambda h: h.steal_share, percent, 2.0, 0.1),
    _host("disk", "disk", lambda h: h.disk.busy_share, percent, 1.5, 0.4),
    _host("memory", "available memory", _memory, percent, 1.5, 0.15),
    _host("io_pressure", "processes that wait for disks", lambda h: h.io_pressure),
    _host("memory_pressure", "waiting for memory", lambda h: h.memory_pressure),
)
TOLD = tuple(signal for signal in SIGNALS if signal.write is not None)
