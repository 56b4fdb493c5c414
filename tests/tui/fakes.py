"""A feed that plays hand-made Snapshots, and how to run the screen on it."""

import asyncio
import math
from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace
from table_samples import NOW, application, host, operation, redis_server, rich_snapshot

from perftui.model.application import ApplicationMetrics, ApplicationProcess
from perftui.model.event import Event
from perftui.model.host import DiskTraffic, Filesystem, HostMetrics, HostNetwork, MemoryUse
from perftui.model.mongodb import (
    Connections,
    MongoServer,
    NetworkTraffic,
    OperationLatency,
    OperationRates,
    Queues,
    StorageCache,
    Tickets,
)
from perftui.model.operation import Operation, OperationList
from perftui.model.proof import ProofStart
from perftui.model.query import LatencySummary
from perftui.model.redis import Keyspace, RedisClients, RedisMemory, RedisPersistence, RedisReplication, RedisServer
from perftui.model.settings import Settings
from perftui.model.snapshot import OwnCost, Snapshot, SourceState, TargetState
from perftui.monitor.history import History

SETTINGS = Settings(utc=True)


class FakeFeed:
    """Shows what it is told to, when it is told to: `await feed.play(snapshot)`."""

    def __init__(self, snapshots: Sequence[Snapshot] = (), *, live: bool = True, settings: Settings = SETTINGS) -> None:
        self.live = live
        self.settings = settings
        self.history = History(600)
        self.kept: dict[int, Snapshot] = {}
        self.asked: list[tuple[str, float]] = []
        self.refreshed = 0
        self.told: list[Event] = []
        self.proof_starts: tuple[ProofStart, ...] = ()
        self.closed = False
        self._show: Callable[[Snapshot], None] | None = None
        self._first = list(snapshots)

    async def run(self, show: Callable[[Snapshot], None]) -> None:
        self._show = show
        try:
            for snapshot in self._first:
                self.play(snapshot)
            await asyncio.Event().wait()
        finally:
            self.closed = True

    def play(self, snapshot: Snapshot) -> None:
        assert self._show is not None, "the app does not run yet"
        self.kept[snapshot.sequence] = snapshot
        self.history.add(snapshot)
        self._show(snapshot)

    def set_interval(self, seconds: float) -> None:
        self.asked.append(("interval", seconds))

    def set_window(self, seconds: float) -> None:
        self.asked.append(("window", seconds))

    def watch_proofs(self, starts: Sequence[ProofStart]) -> None:
        self.proof_starts = tuple(starts)

    def set_show_noise(self, show: bool) -> None:
        self.asked.append(("noise", float(show)))

    def set_list_connections(self, wanted: bool) -> None:
        self.asked.append(("connections", float(wanted)))

    def refresh(self) -> None:
        self.refreshed += 1

    def tell(self, event: Event) -> None:
        self.told.append(event)

    def frame(self, sequence: int) -> Snapshot | None:
        return self.kept.get(sequence)

    def frames(self) -> tuple[int, int]:
        return (min(self.kept, default=0), max(self.kept, default=0))


def wave(sequence: int, low: float, high: float, period: float) -> float:
    """A figure that goes up and down, the same in every run."""
    return low + (high - low) * (0.5 + 0.5 * math.sin(sequence / period)) ** 2


def full_snapshot(sequence: int = 1) -> Snapshot:
    """Everything at work, a little different at each sequence."""
    snapshot = rich_snapshot(sequence)
    targets = tuple(_filled(state, sequence) for state in snapshot.targets)
    return replace(
        snapshot,
        taken_at=NOW + sequence - 60,
        targets=targets,
        cost=OwnCost(cpu_share=0.012, resident_bytes=71_000_000),
    )


def full_snapshots(count: int = 60) -> list[Snapshot]:
    return [full_snapshot(sequence) for sequence in range(1, count + 1)]


def with_operations(snapshot: Snapshot, operations: Sequence[Operation]) -> Snapshot:
    """The same with other operations on MongoDB."""
    listed = OperationList(operations=tuple(operations))
    return replace_target(snapshot, "mongodb", operations=listed)


def many_operations(count: int, sequence: int = 0) -> list[Operation]:
    return [
        operation(
            10_000 + index,
            running_s=5_000.0 - index / 10 + sequence,
            ns=f"shop.orders_{index % 9}",
            text=f"find orders {{customer: {index}}} sort {{ts: -1}}",
        )
        for index in range(count)
    ]


def replace_target(snapshot: Snapshot, kind: str, **changes: object) -> Snapshot:
    targets = tuple(replace(state, **changes) if state.target.kind == kind else state for state in snapshot.targets)
    return replace(snapshot, targets=targets)


def only(snapshot: Snapshot, *kinds: str) -> Snapshot:
    """The same with targets of these kinds only."""
    return replace(snapshot, targets=tuple(state for state in snapshot.targets if state.target.kind in kinds))


def failing(state: TargetState, source: SourceState) -> TargetState:
    return replace(state, sources=(source,))


def copied(snapshot: Snapshot) -> Snapshot:
    """An equal one that shares nothing with it."""
    return msgspec.json.decode(snapshot.to_json(), type=Snapshot)


def _filled(state: TargetState, n: int) -> TargetState:
    if state.target.kind == "mongodb":
        return replace(state, mongodb=_mongodb(n), slow_queries_per_s=round(wave(n, 0.0, 6.2, 4), 1))
    if state.target.kind == "redis":
        return replace(state, redis=_redis(n))
    if state.target.kind == "application":
        return replace(state, application=_application(n), sources=(_well("application", "application", n),))
    return replace(state, host=_host(n))


def _well(source: str, slot: str, n: int) -> SourceState:
    return SourceState(
        source=source, slot=slot, interval_s=1.0, read_at=NOW + n - 60, latency_ms=4.2, cost_ms_per_s=1.1
    )


def _mongodb(n: int) -> MongoServer:
    return MongoServer(
        host="db1:27017",
        version="6.0.5",
        process="mongod",
        role="PRIMARY",
        set_name="rs0",
        uptime_s=90_000.0 + n,
        operations=OperationRates(
            query=round(wave(n, 300, 1_100, 5)),
            insert=12.0,
            update=round(wave(n, 20, 80, 3)),
            getmore=4.0,
            command=41.0,
        ),
        reads=OperationLatency(per_s=800.0, average_ms=wave(n, 4, 38, 6)),
        writes=OperationLatency(per_s=60.0, average_ms=wave(n, 1, 3, 6)),
        connections=Connections(current=61, active=9, available=51_139),
        queues=Queues(readers=0, writers=2 if n % 9 == 0 else 0),
        tickets=Tickets(read_used=9, read_total=128, write_used=2, write_total=128),
        cache=StorageCache(used_bytes=710 << 20, maximum_bytes=1000 << 20, dirty_bytes=12 << 20),
        network=NetworkTraffic(sent_bytes_per_s=wave(n, 2e6, 9e6, 5)),
    )


def _redis(n: int) -> RedisServer:
    return replace(
        redis_server(),
        uptime_s=500_000.0,
        commands_per_s=round(wave(n, 5_000, 8_410, 7)),
        hit_rate=wave(n, 0.88, 0.95, 7),
        evicted_per_s=0.0,
        expired_per_s=round(wave(n, 0, 14, 3), 1),
        keys=12_040,
        memory=RedisMemory(used_bytes=41 << 20, maximum_bytes=256 << 20, policy="allkeys-lru", fragmentation=1.12),
        clients=RedisClients(connected=23, blocked=0, maximum=10_000),
        persistence=RedisPersistence(
            last_save_ok=True, last_save_at=NOW - 400, changes_since_save=812, append_only=False
        ),
        replication=RedisReplication(role="master"),
        keyspace=(Keyspace(database="0", keys=12_040, expires=11_900),),
    )


def _application(n: int) -> ApplicationMetrics:
    return replace(
        application(),
        version="1.4",
        per_s=round(wave(n, 280, 440, 6)),
        active=7,
        latency_ms=LatencySummary(average=61.0, p50=44.0, p95=wave(n, 120, 1_184, 9), p99=1_400.0),
        server_error_rate=wave(n, 0.0, 0.004, 8),
        client_error_rate=0.012,
        window_s=60.0,
        process=ApplicationProcess(resident_bytes=190 << 20, uptime_s=9_000.0, workers=3),
    )


def _host(n: int) -> HostMetrics:
    cores = (round(wave(n, 0.1, 0.62, 4), 2), round(wave(n, 0.3, 0.97, 6), 2))
    return replace(
        host(),
        cores=cores,
        cpu_share=sum(cores) / 2,
        iowait_share=0.02,
        steal_share=0.0,
        load=(1.21, 0.84, 0.7),
        memory=MemoryUse(total_bytes=16 << 30, used_bytes=round(5.1 * 2**30), available_bytes=10 << 30),
        swap=MemoryUse(total_bytes=2 << 30, used_bytes=0),
        disk=DiskTraffic(read_bytes_per_s=2e6, written_bytes_per_s=wave(n, 1e6, 1e7, 5), busy_share=0.14),
        filesystems=(
            Filesystem(mount="/", total_bytes=80 << 30, used_bytes=61 << 30, free_bytes=19 << 30),
            Filesystem(mount="/data", total_bytes=500 << 30, used_bytes=470 << 30, free_bytes=30 << 30),
        ),
        network=HostNetwork(received_bytes_per_s=wave(n, 1e6, 4e6, 6), sent_bytes_per_s=8e6, errors_per_s=0.0),
        uptime_s=1_040_000.0,
    )
