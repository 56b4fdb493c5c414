"""Samples -> what each target shows. What did not change stays the same object."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from perftui.model.application import ApplicationMetrics
from perftui.model.host import HostMetrics
from perftui.model.index import IndexOverview
from perftui.model.mongodb import MongoServer, ReplicaSet
from perftui.model.operation import OperationList
from perftui.model.query import SlowQueryBatch
from perftui.model.redis import RedisServer, RedisSlowLog
from perftui.model.sample import Sample
from perftui.model.snapshot import SourceState, TargetState
from perftui.model.target import Target
from perftui.sources.rates import longest_step_s

if TYPE_CHECKING:
    from perftui.monitor.digest import Digest

SLOTS: dict[type[Any], str] = {
    MongoServer: "mongodb",
    ReplicaSet: "replica_set",
    OperationList: "operations",
    SlowQueryBatch: "queries",
    IndexOverview: "indexes",
    RedisServer: "redis",
    RedisSlowLog: "redis_slow_log",
    ApplicationMetrics: "application",
    HostMetrics: "host",
}
"""The field of `TargetState` that a payload fills. A batch of slow queries goes through the digest first."""

_QUIET_DIGEST_S = 5.0
_HELD_BATCHES = 10
"""Slow queries wait for the server's clock no longer than this."""


class TargetAssembler:
    """One target: takes its samples, gives its state."""

    def __init__(self, target: Target, *, read_only: bool) -> None:
        self._state = TargetState(target=target, read_only=read_only)
        self._changes: dict[str, Any] = {}
        self._digest: Digest | None = None
        self._digest_is_new = False
        self._summary_at = 0.0
        self._summary_window_s = 0.0
        self._batch_at: float | None = None
        self._held: list[tuple[SlowQueryBatch, float, float]] | None = None
        """Batches that came since our clock jumped; `None` while it is known how far the server's is from it."""
        self._known_indexes: IndexOverview | None = None

    @property
    def behind(self) -> bool:
        """Another state would say more of the same readings."""
        return self._digest is not None and self._digest.judge.behind

    def take(self, sample: Sample, interval_s: float = 1.0) -> str | None:
        """Put a good sample's payload in its place; returns the place's name. `interval_s`: how often it is read."""
        if sample.clock_offset_s is not None:
            self._put("clock_offset_s", round(sample.clock_offset_s, 2))
            self._release()
        if sample.payload is None:
            return None
        slot = SLOTS[type(sample.payload)]
        if isinstance(sample.payload, SlowQueryBatch):
            self._take_or_hold(sample.payload, sample.taken_at, longest_step_s(interval_s))
        else:
            self._put(slot, sample.payload)
        return slot

    @property
    def digest(self) -> "Digest | None":
        """`None` until slow queries were read once."""
        return self._digest

    def clock_jumped(self) -> None:
        """Ours was set, or stood still; the next batch spans a gap, so it gives no rate.

        Until the server's clock is measured anew nobody knows which: the digest would take its time for set too.
        """
        self._batch_at = None
        self._put("slow_queries_per_s", None)
        if self._held is None and self._changes.get("clock_offset_s", self._state.clock_offset_s) is not None:
            self._held = []

    def state(self, sources: Sequence[SourceState], window_s: float, now: float) -> TargetState:
        """The target now; the same object as before when nothing changed."""
        before = self._state
        self._summarize(window_s, now)
        kept = {state.source: state for state in before.sources}
        shared = tuple(kept[state.source] if kept.get(state.source) == state else state for state in sources)
        if shared != before.sources:
            self._changes["sources"] = shared
        if self._changes:
            self._state = msgspec.structs.replace(before, **self._changes)
            self._changes = {}
        return self._state

    def _put(self, field: str, value: object) -> None:
        if self._changes.get(field, getattr(self._state, field)) != value:
            self._changes[field] = value

    def _take_or_hold(self, batch: SlowQueryBatch, taken_at: float, longest_s: float) -> None:
        if self._held is None:
            self._take_batch(batch, taken_at, longest_s)
            return
        self._held.append((batch, taken_at, longest_s))
        if len(self._held) > _HELD_BATCHES:
            self._release()

    def _release(self) -> None:
        held, self._held = self._held or (), None
        for batch, taken_at, longest_s in held:
            self._take_batch(batch, taken_at, longest_s)

    def _take_batch(self, batch: SlowQueryBatch, taken_at: float, longest_s: float) -> None:
        if self._digest is None:
            from perftui.monitor.digest import Digest

            self._digest = Digest()
        self._digest.add(batch, taken_at + self._offset_s)
        self._digest_is_new = True
        before, self._batch_at = self._batch_at, taken_at
        elapsed = None if before is None else taken_at - before
        if batch.backlog or elapsed is None or not 0 < elapsed <= longest_s:
            self._put("slow_queries_per_s", None)
            return
        executions = sum(entry.executions for entry in batch.entries)
        self._put("slow_queries_per_s", round(executions / elapsed, 3))

    def _summarize(self, window_s: float, now: float) -> None:
        """The digest at once when it grew; else every few seconds, as entries leave the window."""
        if self._digest is None or self._held is not None:
            return
        due = now - self._summary_at >= _QUIET_DIGEST_S or now < self._summary_at
        if not (self._digest_is_new or due or window_s != self._summary_window_s):
            return
        self._summary_at, self._summary_window_s = now, window_s
        self._tell_indexes(self._digest)
        self._put("queries", self._digest.summary(window_s, now + self._offset_s))
        self._digest_is_new = self._digest.judge.behind

    def _tell_indexes(self, digest: "Digest") -> None:
        """What is joined is judged by its indexes, where they are known."""
        overview = self._changes.get("indexes", self._state.indexes)
        if overview is not None and overview is not self._known_indexes:
            self._known_indexes = overview
            digest.judge.indexes = {one.ns: one.indexes for one in overview.collections if one.indexes}

    @property
    def _offset_s(self) -> float:
        """The server's clock less ours."""
        return self._changes.get("clock_offset_s", self._state.clock_offset_s) or 0.0
