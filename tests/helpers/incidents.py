"""Stories for the diagnosis: an hour as it should be, and what goes wrong in it, second by second."""

import random
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from perftui.diagnosis.diagnosis import Diagnosis
from perftui.model.application import (
    ApplicationMetrics,
    ApplicationQueries,
    EndpointStats,
    RecentRequests,
)
from perftui.model.event import Event
from perftui.model.host import DiskTraffic, HostMetrics, MemoryUse, Process
from perftui.model.metrics import QueryPoolDocument
from perftui.model.mongodb import (
    Connections,
    MongoServer,
    NetworkTraffic,
    OperationLatency,
    QueryWork,
    Queues,
    StorageCache,
    Tickets,
    Transactions,
)
from perftui.model.operation import OperationList
from perftui.model.query import DigestRow, LatencySummary, QueryDigest, RecentWork
from perftui.model.redis import CommandStats, RedisClients, RedisMemory, RedisServer, RedisSlowLog
from perftui.model.settings import Thresholds
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Target
from perftui.model.verdict import Verdict

START = 1_800_000_000.0
MB = 2**20
MONGODB = Target(id="mongodb://db:27017", kind="mongodb", name="db", address="mongodb://db:27017")
REDIS = Target(id="redis://cache:6379", kind="redis", name="cache", address="redis://cache:6379")
APPLICATION = Target(id="http://web:8000", kind="application", name="web", address="http://web:8000")
HOST = Target(id="host", kind="host", name="web-1", address="web-1")
SLOTS = {
    "mongodb": ("mongodb", "operations", "queries"),
    "redis": ("redis", "redis_slow_log"),
    "application": ("application",),
    "host": ("host",),
}

Targets = dict[str, TargetState]
Change = Callable[[Targets, float, int], None]
"""Takes the healthy targets by kind, the time and the second of the incident, and makes them ill in place."""


def shape(
    shape_id: str = "s1",
    ns: str = "shop.items",
    plan: str = "IXSCAN { k: 1 }",
    recent: Mapping[str, float] | None = None,
) -> DigestRow:
    """A row of the digest: by default 40 a second of half a millisecond that read what they return."""
    work: dict[str, float] = {
        "span_s": 20.0,
        "count": 800,
        "total_ms": 400.0,
        "examined_documents": 800,
        "returned": 800,
    }
    work |= recent or {}
    return DigestRow(
        shape_id=shape_id,
        ns=ns,
        op="find",
        shape="find {k: ?}",
        count=int(work["count"]),
        latency_ms=LatencySummary(total=work["total_ms"]),
        plan_summaries=(plan,),
        recent=RecentWork(**work),  # type: ignore[arg-type]
        last_seen_at=START,
    )


def endpoint(route: str = "/items", average_ms: float = 12.0, requests: int = 40, **options: object) -> EndpointStats:
    errors, refused = (int(str(options.pop(name, 0))) for name in ("errors", "refused"))
    recent = RecentRequests(
        span_s=1.0, requests=requests, average_ms=average_ms, server_errors=errors, client_errors=refused
    )
    fields: dict[str, object] = {"active": 1, "per_s": float(requests)} | options
    return EndpointStats(method="GET", route=route, recent=recent, **fields)  # type: ignore[arg-type]


def pool(in_use: int = 3, waiting: int = 0) -> QueryPoolDocument:
    return QueryPoolDocument(address="db:27017", size=10, in_use=in_use, waiting=waiting, max_size=20)


def state_of(target: Target, **slots: object) -> TargetState:
    sources = tuple(
        SourceState(source=f"{target.kind}.{slot}", interval_s=1.0, read_at=START, slot=slot)
        for slot in SLOTS[target.kind]
    )
    return TargetState(target=target, sources=sources, **slots)  # type: ignore[arg-type]


def healthy(chance: random.Random, load: float = 1.0) -> Targets:
    """All four systems at work; `load` is how many times as much as usual."""

    def about(value: float) -> float:
        return value * load * (0.9 + 0.2 * chance.random())

    server = MongoServer(
        role="STANDALONE",
        pid=10,
        uptime_s=9e5,
        reads=OperationLatency(per_s=about(200), average_ms=0.5 * (0.8 + 0.4 * chance.random()) * load**0.5),
        writes=OperationLatency(per_s=about(40), average_ms=0.8 * (0.8 + 0.4 * chance.random()) * load**0.5),
        transactions=Transactions(committed_per_s=about(10), aborted_per_s=about(0.3)),
        connections=Connections(current=40 + chance.randrange(3), available=960, created_per_s=about(0.5)),
        queues=Queues(readers=chance.randrange(2), writers=0),
        tickets=Tickets(read_used=chance.randrange(4), read_total=128, write_used=1, write_total=128),
        cache=StorageCache(
            used_bytes=300 * MB,
            maximum_bytes=500 * MB,
            dirty_bytes=5 * MB,
            read_bytes_per_s=0.1 * MB,
            written_bytes_per_s=0.2 * MB,
        ),
        network=NetworkTraffic(requests_per_s=about(300)),
        work=QueryWork(
            examined_documents_per_s=about(900),
            returned_documents_per_s=about(800),
            written_documents_per_s=about(40),
            write_conflicts_per_s=about(0.5),
        ),
    )
    redis = RedisServer(
        pid=11,
        uptime_s=9e5,
        commands_per_s=about(500),
        hits_per_s=about(180),
        misses_per_s=about(12),
        hit_rate=0.93 + 0.02 * chance.random(),
        evicted_per_s=0.0,
        sent_bytes_per_s=0.2 * MB * load,
        cpu_share=min(about(0.05), 1.0),
        keys=5000 + chance.randrange(200),
        memory=RedisMemory(used_bytes=30 * MB, maximum_bytes=64 * MB, policy="allkeys-lru"),
        clients=RedisClients(connected=20, maximum=10_000),
        commands=(CommandStats(command="get", calls=1000), CommandStats(command="flushall", calls=1)),
    )
    requests = round(40 * load)
    application = ApplicationMetrics(
        format="perftui",
        per_s=about(80),
        active=round(2 * load),
        endpoints=(
            endpoint("/items", 12 * (0.7 + 0.6 * chance.random()) * load, requests),
            endpoint(
                "/users",
                8 * (0.7 + 0.6 * chance.random()) * load,
                requests,
                errors=chance.randrange(2),
                refused=chance.randrange(4),
            ),
        ),
        queries=ApplicationQueries(pools=(pool(),)),
    )
    host = HostMetrics(
        hostname="web-1",
        cores=(0.3, 0.3),
        cpu_share=min(0.25 * load * (0.8 + 0.4 * chance.random()), 0.99),
        iowait_share=0.01,
        disk=DiskTraffic(busy_share=min(about(0.1), 1.0), written_bytes_per_s=about(MB)),
        memory=MemoryUse(total_bytes=16_000 * MB, used_bytes=6000 * MB, available_bytes=10_000 * MB),
        processes=(
            Process(pid=10, name="mongod", command="mongod", role="mongod", cpu_share=0.25 * load),
            Process(pid=11, name="redis-server", command="redis-server", role="redis", cpu_share=0.05),
            Process(pid=12, name="python", command="python web.py", role="application", cpu_share=0.25 * load),
        ),
    )
    return {
        "mongodb": state_of(MONGODB, mongodb=server, operations=OperationList(), queries=digest(shape())),
        "redis": state_of(REDIS, redis=redis, redis_slow_log=RedisSlowLog()),
        "application": state_of(APPLICATION, application=application),
        "host": state_of(HOST, host=host),
    }


def digest(*rows: DigestRow) -> QueryDigest:
    return QueryDigest(read_from="profiler", rows=rows, covered_s=300.0)


def set_slot(targets: Targets, kind: str, **fields: object) -> None:
    """Replace slots of one target."""
    targets[kind] = replace(targets[kind], **fields)


def set_figures(targets: Targets, kind: str, slot: str, **fields: object) -> None:
    """Replace figures of what is in a slot."""
    set_slot(targets, kind, **{slot: replace(getattr(targets[kind], slot), **fields)})


class Story:
    """Healthy seconds, then an incident; gives every verdict of it."""

    def __init__(
        self,
        seed: int = 1,
        kinds: Sequence[str] = ("mongodb", "redis", "application", "host"),
        every: int = 1,
        read_every: int = 0,
    ) -> None:
        """`every`: seconds between Snapshots; `read_every`: between readings, where that is more."""
        self.every, self.read_every = every, max(every, read_every)
        self.targets: Targets = {}
        self.chance = random.Random(seed)
        self.diagnosis = Diagnosis(Thresholds())
        self.kinds = kinds
        self.second = 0
        self.events: list[Event] = []
        self.verdicts: list[Verdict] = []

    def play(self, seconds: int, change: Change | None = None, load: float = 1.0) -> list[Verdict]:
        """So many seconds; returns their verdicts."""
        first = len(self.verdicts)
        for passed in range(0, seconds, self.every):
            at = START + self.second
            if self.second % self.read_every == 0:
                self.targets = healthy(self.chance, load)
                if change is not None:
                    change(self.targets, at, passed)
            self.verdicts.append(self.diagnosis.take(self._snapshot(self.targets, at)))
            self.second += self.every
        return self.verdicts[first:]

    def _snapshot(self, targets: Targets, at: float) -> Snapshot:
        return Snapshot(
            sequence=self.second + 1,
            taken_at=at,
            interval_s=float(self.every),
            window_s=300.0,
            targets=tuple(targets[kind] for kind in self.kinds),
            events=tuple(self.events),
        )


def after(
    seconds: int, change: Change, *, before: int = 40, seed: int = 1, every: int = 1, read_every: int = 0
) -> Verdict:
    """The verdict so many seconds after an incident began in a healthy time."""
    story = Story(seed, every=every, read_every=read_every)
    story.play(before)
    return story.play(seconds, change)[-1]
