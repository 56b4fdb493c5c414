"""`serverStatus` as a model object. Every field is optional: versions 4.4 to 8 differ."""

from collections.abc import Mapping
from typing import Any

from perftui.model.mongodb import (
    Connections,
    FlowControl,
    IndexBuilds,
    MongoServer,
    NetworkTraffic,
    OperationLatency,
    OperationRates,
    QueryWork,
    Queues,
    StorageCache,
    Tickets,
)
from perftui.sources.rates import CounterRates

Status = Mapping[str, Any]

SHOWN_SECTIONS = frozenset({
    "asserts", "connections", "extra_info", "flowControl", "globalLock", "mem", "metrics", "network",
    "opLatencies", "opcounters", "queues", "repl", "wiredTiger", "activeIndexBuilds",
})  # fmt: skip
_KINDS = ("insert", "query", "update", "delete", "getmore", "command")
_CACHE = "wiredTiger.cache"
_COUNTERS = {
    **{f"op {kind}": f"opcounters.{kind}" for kind in _KINDS},
    **{f"{kind} ops": f"opLatencies.{kind}.ops" for kind in ("reads", "writes", "commands")},
    **{f"{kind} us": f"opLatencies.{kind}.latency" for kind in ("reads", "writes", "commands")},
    "connections": "connections.totalCreated",
    "cache read": f"{_CACHE}.bytes read into cache",
    "cache written": f"{_CACHE}.bytes written from cache",
    "evicted modified": f"{_CACHE}.modified pages evicted",
    "evicted unmodified": f"{_CACHE}.unmodified pages evicted",
    "received": "network.bytesIn",
    "sent": "network.bytesOut",
    "requests": "network.numRequests",
    "documents": "metrics.queryExecutor.scannedObjects",
    "keys": "metrics.queryExecutor.scanned",
    "returned": "metrics.document.returned",
    "collection scans": "metrics.queryExecutor.collectionScans.total",
    "sorts": "metrics.operation.scanAndOrder",
    "flow control": "flowControl.timeAcquiringMicros",
    "page faults": "extra_info.page_faults",
}
_ASSERTS = ("regular", "warning", "msg", "user")


def excluded_sections(whole: Status) -> dict[str, int]:
    """The sections of a whole reply that no screen shows, for the next command to leave out."""
    return {name: 0 for name, value in whole.items() if isinstance(value, Mapping) and name not in SHOWN_SECTIONS}


class StatusReader:
    """Turns successive replies into rates over the server's own uptime; a restart starts anew."""

    def __init__(self) -> None:
        self._rates = CounterRates()

    def read(self, status: Status) -> MongoServer:
        rates = self._rates
        uptime_ms = number(status, "uptimeMillis")
        uptime_s = uptime_ms / 1000 if uptime_ms is not None else number(status, "uptime")
        counters = {name: number(status, path) for name, path in _COUNTERS.items()}
        counters |= {f"assert {name}": number(status, f"asserts.{name}") for name in _ASSERTS}
        rates.update(uptime_s or 0.0, counters)
        return MongoServer(
            host=_text(status, "host"),
            version=_text(status, "version"),
            process=_text(status, "process"),
            role=role_of(status),
            set_name=_text(status, "repl.setName"),
            pid=_whole(status, "pid"),
            uptime_s=uptime_s,
            operations=OperationRates(**{kind: rates.rate(f"op {kind}") for kind in _KINDS}),
            reads=self._latency("reads"),
            writes=self._latency("writes"),
            commands=self._latency("commands"),
            connections=Connections(
                current=_whole(status, "connections.current"),
                active=_whole(status, "connections.active"),
                available=_whole(status, "connections.available"),
                created_per_s=rates.rate("connections"),
            ),
            queues=Queues(
                readers=_whole(status, "globalLock.currentQueue.readers"),
                writers=_whole(status, "globalLock.currentQueue.writers"),
            ),
            tickets=_tickets(status),
            cache=self._cache(status),
            network=NetworkTraffic(
                received_bytes_per_s=rates.rate("received"),
                sent_bytes_per_s=rates.rate("sent"),
                requests_per_s=rates.rate("requests"),
            ),
            work=QueryWork(
                examined_documents_per_s=rates.rate("documents"),
                examined_keys_per_s=rates.rate("keys"),
                returned_documents_per_s=rates.rate("returned"),
                collection_scans_per_s=rates.rate("collection scans"),
                sorts_in_memory_per_s=rates.rate("sorts"),
            ),
            flow_control=FlowControl(
                enabled=_flag(status, "flowControl.enabled"),
                throttling=_flag(status, "flowControl.isLagged"),
                waited_ms_per_s=_scaled(rates.rate("flow control"), 0.001),
            ),
            index_builds=_index_builds(status),
            asserts_per_s={name: rate for name in _ASSERTS if (rate := rates.rate(f"assert {name}")) is not None},
            page_faults_per_s=rates.rate("page faults"),
            resident_bytes=_megabytes(status, "mem.resident"),
        )

    def _latency(self, kind: str) -> OperationLatency:
        return OperationLatency(
            per_s=self._rates.rate(f"{kind} ops"), average_ms=self._rates.mean(f"{kind} us", f"{kind} ops", 0.001)
        )

    def _cache(self, status: Status) -> StorageCache:
        evicted = [self._rates.rate(f"evicted {kind}") for kind in ("modified", "unmodified")]
        known = [rate for rate in evicted if rate is not None]
        return StorageCache(
            used_bytes=_whole(status, f"{_CACHE}.bytes currently in the cache"),
            maximum_bytes=_whole(status, f"{_CACHE}.maximum bytes configured"),
            dirty_bytes=_whole(status, f"{_CACHE}.tracked dirty bytes in the cache"),
            read_bytes_per_s=self._rates.rate("cache read"),
            written_bytes_per_s=self._rates.rate("cache written"),
            evicted_pages_per_s=sum(known) if known else None,
        )


def role_of(status: Status) -> str:
    """PRIMARY, SECONDARY, ARBITER, STANDALONE or MONGOS; OTHER for a member that is none of these now."""
    if status.get("process") == "mongos" or status.get("msg") == "isdbgrid":
        return "MONGOS"
    member = status.get("repl", status)
    if not isinstance(member, Mapping) or "setName" not in member:
        return "STANDALONE"
    if member.get("isWritablePrimary") or member.get("ismaster"):
        return "PRIMARY"
    if member.get("secondary"):
        return "SECONDARY"
    return "ARBITER" if member.get("arbiterOnly") else "OTHER"


def number(status: Status, path: str) -> float | None:
    """The number at a dotted path; `None` where anything on the way is missing."""
    value: object = status
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _tickets(status: Status) -> Tickets:
    """Until 6.0 under wiredTiger, from 7.0 on under queues."""
    old, new = "wiredTiger.concurrentTransactions", "queues.execution"
    base = old if number(status, f"{old}.read.totalTickets") is not None else new
    return Tickets(
        read_used=_whole(status, f"{base}.read.out"),
        read_total=_whole(status, f"{base}.read.totalTickets"),
        write_used=_whole(status, f"{base}.write.out"),
        write_total=_whole(status, f"{base}.write.totalTickets"),
    )


def _index_builds(status: Status) -> IndexBuilds:
    return IndexBuilds(
        active=_whole(status, "activeIndexBuilds.total"),
        waiting_for_commit_quorum=_whole(status, "activeIndexBuilds.phases.waitForCommitQuorum"),
    )


def _whole(status: Status, path: str) -> int | None:
    value = number(status, path)
    return None if value is None else int(value)


def _megabytes(status: Status, path: str) -> int | None:
    value = number(status, path)
    return None if value is None else int(value * 2**20)


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def _text(status: Status, path: str) -> str | None:
    first, _, rest = path.partition(".")
    value = status.get(first)
    if rest:
        return _text(value, rest) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None


def _flag(status: Status, path: str) -> bool | None:
    first, _, rest = path.partition(".")
    value = status.get(first)
    if rest:
        return _flag(value, rest) if isinstance(value, Mapping) else None
    return value if isinstance(value, bool) else None
