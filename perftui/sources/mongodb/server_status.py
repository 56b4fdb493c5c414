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
    Transactions,
)
from perftui.sources.mongodb.plain import flag, part, real, text, whole
from perftui.sources.rates import CounterRates

Status = Mapping[str, Any]

SHOWN_SECTIONS = frozenset({
    "asserts", "connections", "extra_info", "flowControl", "globalLock", "mem", "metrics", "network",
    "opLatencies", "opcounters", "queues", "repl", "transactions", "wiredTiger", "activeIndexBuilds",
})  # fmt: skip
_SHOWN_METRICS = frozenset({"queryExecutor", "document", "operation"})
_KINDS = ("insert", "query", "update", "delete", "getmore", "command")
_WRITTEN = ("inserted", "updated", "deleted")
_ASSERTS = ("regular", "warning", "msg", "user")
_COUNTERS: dict[tuple[str, ...], dict[str, str]] = {
    ("opcounters",): {f"op {kind}": kind for kind in _KINDS},
    **{
        ("opLatencies", kind): {f"{kind} ops": "ops", f"{kind} us": "latency"}
        for kind in ("reads", "writes", "commands")
    },
    ("connections",): {"connections": "totalCreated"},
    ("wiredTiger", "cache"): {
        "cache read": "bytes read into cache",
        "cache written": "bytes written from cache",
        "evicted modified": "modified pages evicted",
        "evicted unmodified": "unmodified pages evicted",
        "evicted by operations": "pages evicted by application threads",
    },
    ("network",): {"received": "bytesIn", "sent": "bytesOut", "requests": "numRequests"},
    ("metrics", "queryExecutor"): {"documents": "scannedObjects", "keys": "scanned"},
    ("metrics", "queryExecutor", "collectionScans"): {"collection scans": "total"},
    ("metrics", "document"): {"returned": "returned", **{f"documents {name}": name for name in _WRITTEN}},
    ("metrics", "operation"): {"sorts": "scanAndOrder", "write conflicts": "writeConflicts"},
    ("transactions",): {"committed": "totalCommitted", "aborted": "totalAborted"},
    ("flowControl",): {"flow control": "timeAcquiringMicros"},
    ("extra_info",): {"page faults": "page_faults"},
    ("asserts",): {f"assert {name}": name for name in _ASSERTS},
}
"""Where each counter stands: a section's path, and our names for the fields in it."""


def excluded_sections(whole_reply: Status) -> dict[str, Any]:
    """The sections of a whole reply that no screen shows, for the next command to leave out.

    Most of `metrics` is left out one level deeper; servers that cannot do that send all of it.
    """
    sections = {name for name, value in whole_reply.items() if isinstance(value, Mapping)}
    excluded: dict[str, Any] = {name: 0 for name in sections - SHOWN_SECTIONS if not name.startswith("$")}
    metrics = {name: False for name in part(whole_reply, "metrics") if name not in _SHOWN_METRICS}
    return {**excluded, "metrics": metrics} if metrics else excluded


class StatusReader:
    """Turns successive replies into rates over the server's own uptime; a restart starts anew."""

    def __init__(self) -> None:
        self._rates = CounterRates()

    def expect_every(self, seconds: float) -> None:
        """Replies come this often from now on."""
        self._rates.expect_every(seconds)

    def read(self, status: Status) -> MongoServer:
        rate = self._rates.rate
        uptime_s = _uptime_s(status)
        self._rates.update(uptime_s or 0.0, _counters(status))
        resident = real(part(status, "mem").get("resident"))
        return MongoServer(
            host=text(status.get("host")),
            version=text(status.get("version")),
            process=text(status.get("process")),
            role=role_of(status),
            set_name=text(part(status, "repl").get("setName")),
            pid=whole(status.get("pid")),
            uptime_s=uptime_s,
            operations=OperationRates(**{kind: rate(f"op {kind}") for kind in _KINDS}),
            reads=self._latency("reads"),
            writes=self._latency("writes"),
            commands=self._latency("commands"),
            connections=self._connections(part(status, "connections")),
            queues=_queues(part(status, "globalLock", "currentQueue")),
            tickets=_tickets(status),
            cache=self._cache(part(status, "wiredTiger", "cache")),
            network=NetworkTraffic(
                received_bytes_per_s=rate("received"),
                sent_bytes_per_s=rate("sent"),
                requests_per_s=rate("requests"),
            ),
            work=self._work(),
            flow_control=self._flow_control(part(status, "flowControl")),
            index_builds=_index_builds(part(status, "activeIndexBuilds")),
            transactions=self._transactions(part(status, "transactions")),
            asserts_per_s={name: found for name in _ASSERTS if (found := rate(f"assert {name}")) is not None},
            page_faults_per_s=rate("page faults"),
            resident_bytes=None if resident is None else whole(resident * 2**20),
        )

    def _latency(self, kind: str) -> OperationLatency:
        return OperationLatency(
            per_s=self._rates.rate(f"{kind} ops"), average_ms=self._rates.mean(f"{kind} us", f"{kind} ops", 0.001)
        )

    def _connections(self, section: Status) -> Connections:
        return Connections(
            current=whole(section.get("current")),
            active=whole(section.get("active")),
            available=whole(section.get("available")),
            created_per_s=self._rates.rate("connections"),
        )

    def _cache(self, section: Status) -> StorageCache:
        evicted = [self._rates.rate(f"evicted {kind}") for kind in ("modified", "unmodified")]
        known = [rate for rate in evicted if rate is not None]
        return StorageCache(
            used_bytes=whole(section.get("bytes currently in the cache")),
            maximum_bytes=whole(section.get("maximum bytes configured")),
            dirty_bytes=whole(section.get("tracked dirty bytes in the cache")),
            read_bytes_per_s=self._rates.rate("cache read"),
            written_bytes_per_s=self._rates.rate("cache written"),
            evicted_pages_per_s=sum(known) if known else None,
            evicted_by_operations_per_s=self._rates.rate("evicted by operations"),
        )

    def _work(self) -> QueryWork:
        rate = self._rates.rate
        written = [found for name in _WRITTEN if (found := rate(f"documents {name}")) is not None]
        return QueryWork(
            examined_documents_per_s=rate("documents"),
            examined_keys_per_s=rate("keys"),
            returned_documents_per_s=rate("returned"),
            written_documents_per_s=sum(written) if written else None,
            collection_scans_per_s=rate("collection scans"),
            sorts_in_memory_per_s=rate("sorts"),
            write_conflicts_per_s=rate("write conflicts"),
        )

    def _transactions(self, section: Status) -> Transactions:
        return Transactions(
            open=whole(section.get("currentOpen")),
            inactive=whole(section.get("currentInactive")),
            committed_per_s=self._rates.rate("committed"),
            aborted_per_s=self._rates.rate("aborted"),
        )

    def _flow_control(self, section: Status) -> FlowControl:
        waited = self._rates.rate("flow control")
        return FlowControl(
            enabled=flag(section.get("enabled")),
            throttling=flag(section.get("isLagged")),
            waited_ms_per_s=None if waited is None else waited / 1000,
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


def _counters(status: Status) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for path, fields in _COUNTERS.items():
        section = part(status, *path)
        for name, field in fields.items():
            found[name] = real(section.get(field))
    return found


def _uptime_s(status: Status) -> float | None:
    milliseconds = real(status.get("uptimeMillis"))
    return real(status.get("uptime")) if milliseconds is None else milliseconds / 1000


def _queues(section: Status) -> Queues:
    return Queues(readers=whole(section.get("readers")), writers=whole(section.get("writers")))


def _tickets(status: Status) -> Tickets:
    """Until 7.0 under wiredTiger, from 8.0 on under queues."""
    found = part(status, "wiredTiger", "concurrentTransactions") or part(status, "queues", "execution")
    read, write = part(found, "read"), part(found, "write")
    return Tickets(
        read_used=whole(read.get("out")),
        read_total=whole(read.get("totalTickets")),
        write_used=whole(write.get("out")),
        write_total=whole(write.get("totalTickets")),
    )


def _index_builds(section: Status) -> IndexBuilds:
    return IndexBuilds(
        active=whole(section.get("total")),
        waiting_for_commit_quorum=whole(part(section, "phases").get("waitForCommitQuorum")),
    )
