"""One immutable view of everything: what the screen draws, `snapshot` prints and a recording keeps."""

from typing import Literal, Self

import msgspec

from perftui.model.application import ApplicationMetrics
from perftui.model.base import Model, plain
from perftui.model.event import Event
from perftui.model.host import HostMetrics
from perftui.model.index import IndexOverview
from perftui.model.mongodb import MongoServer, ReplicaSet
from perftui.model.operation import OperationList
from perftui.model.proof import IndexProof
from perftui.model.query import QueryDigest
from perftui.model.redis import RedisServer, RedisSlowLog
from perftui.model.sample import Capability, Failure
from perftui.model.target import Target
from perftui.model.verdict import Verdict


class SourceState(Model, frozen=True, kw_only=True):
    """How one source of a target fares, and what it costs."""

    source: str
    interval_s: float
    """The interval in force, longer than the one asked for while the source backs off."""
    read_at: float | None = None
    """When the last good reading was taken."""
    failure: Failure | None = None
    failing_since: float | None = None
    waiting: bool = False
    """A poll is under way and late."""
    stale: bool = False
    """What is shown is older than two intervals."""
    notes: tuple[str, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    cost_ms_per_s: float | None = None
    """CPU of the source's own steps on the event loop, a moving average; threads and sockets are in `Snapshot.cost`."""
    received_bytes_per_s: float | None = None
    latency_ms: float | None = None
    slot: str | None = None
    """The field of `TargetState` that this source last filled."""

    @property
    def is_silent(self) -> bool:
        """It fails or is late: what it filled is not of now."""
        return self.stale or self.failure is not None


class TargetState(Model, frozen=True, kw_only=True):
    """One target: what its sources last said. A slot is `None` until its source has answered once."""

    target: Target
    sources: tuple[SourceState, ...] = ()
    read_only: bool = False
    clock_offset_s: float | None = None
    mongodb: MongoServer | None = None
    replica_set: ReplicaSet | None = None
    operations: OperationList | None = None
    queries: QueryDigest | None = None
    indexes: IndexOverview | None = None
    proofs: tuple[IndexProof, ...] = ()
    """Indexes that we created here lately, and what they did for their shapes."""
    slow_queries_per_s: float | None = None
    """Slow queries found by the last poll, a second; the digest's rates are means over its window."""
    redis: RedisServer | None = None
    redis_slow_log: RedisSlowLog | None = None
    application: ApplicationMetrics | None = None
    host: HostMetrics | None = None

    def source_of(self, slot: str) -> SourceState | None:
        """The source that last filled this field."""
        return next((one for one in self.sources if one.slot == slot), None)

    def is_silent(self, slot: str) -> bool:
        """What stands in this field is not of now."""
        return any(one.slot == slot and one.is_silent for one in self.sources)


class OwnCost(Model, frozen=True, kw_only=True):
    """What perftui itself takes."""

    cpu_share: float | None = None
    """Of one core."""
    resident_bytes: int | None = None


class Snapshot(Model, frozen=True, kw_only=True):
    """Everything at one tick."""

    schema: Literal["perftui.snapshot/1"] = "perftui.snapshot/1"
    sequence: int
    taken_at: float
    interval_s: float
    window_s: float
    """The window of the digests."""
    targets: tuple[TargetState, ...] = ()
    events: tuple[Event, ...] = ()
    """The latest events, oldest first, bounded."""
    cost: OwnCost = OwnCost()
    verdict: Verdict | None = None
    """`None` in the first one, and in recordings of an older perftui."""

    def to_json(self) -> bytes:
        return _ENCODER.encode(self)

    @classmethod
    def from_json(cls, document: bytes) -> Self:
        """Read back what `to_json` wrote. Raises `msgspec.ValidationError` with the path of what does not fit."""
        return msgspec.json.decode(document, type=cls)


_ENCODER = msgspec.json.Encoder(enc_hook=plain)
