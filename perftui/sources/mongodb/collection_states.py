"""Readings of collections -> CollectionState, with rates between two of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from perftui.model.index import CollectionKind, CollectionState, Index
from perftui.sources.mongodb.collection_reading import Found
from perftui.sources.mongodb.collection_stats import Statistics
from perftui.sources.rates import longest_step_s

_LONGEST_STEP_S = 300.0
_LONGEST_TEXT = 4_096


class _Counters(NamedTuple):
    at: float | None
    documents: int | None
    scans: int | None
    reads: int | None
    writes: int | None
    read_us: int | None
    write_us: int | None

    @classmethod
    def of(cls, found: Statistics) -> _Counters:
        times = found.read_us, found.write_us
        return cls(found.server_time_s, found.documents, found.scans, found.reads, found.writes, *times)


class CollectionStates:
    """The last state of each collection."""

    def __init__(self) -> None:
        self._longest_step_s = _LONGEST_STEP_S
        self._states: dict[str, CollectionState] = {}
        self._counters: dict[str, _Counters] = {}
        self._lost: dict[str, CollectionState] = {}

    def take(self, ns: str, kind: CollectionKind, found: Found) -> None:
        """What was not read again stays as it was before; a collection that is gone is shown no more."""
        if found.gone:
            self._counters.pop(ns, None)
            if (lost := self._states.pop(ns, None)) is not None:
                self._lost[ns] = lost
            return
        state = self._states.get(ns) or CollectionState(ns=ns, kind=kind)
        changes: dict[str, object] = {"kind": kind, "read_at": round(time.time(), 1)}
        if found.statistics is not None:
            changes |= self._counted(ns, found.statistics)
        if found.indexes is not None:
            sizes = _sizes(state, found.statistics)
            changes["indexes"] = tuple(_bounded(index, sizes.get(index.name)) for index in found.indexes)
        self._states[ns] = msgspec.structs.replace(state, **changes)

    def expect_every(self, seconds: float) -> None:
        """Each collection is read this often from now on."""
        self._longest_step_s = max(_LONGEST_STEP_S, longest_step_s(seconds))

    def last_of(self, ns: str) -> CollectionState | None:
        """What was known of a collection last, also if it is gone by now."""
        return self._states.get(ns) or self._lost.get(ns)

    def lacks_sizes(self, ns: str) -> bool:
        """An index is new since its sizes were read."""
        state = self._states.get(ns)
        return state is not None and any(index.size_bytes is None for index in state.indexes)

    def most_scanned(self, number: int) -> list[str]:
        """Those with most documents to scan: first those that were scanned between their last two readings."""
        found = [one for one in self._states.values() if one.kind == "collection" and one.documents]
        found.sort(key=lambda one: (-(one.scans_per_s or 0.0) * (one.documents or 0), -(one.documents or 0)))
        return [one.ns for one in found[:number]]

    def keep(self, namespaces: Iterable[str], listed: Collection[str]) -> None:
        """Forget all others; of those that are gone the ones that are not `listed` any more either."""
        kept = set(namespaces)
        self._lost = {ns: state for ns, state in self._lost.items() if ns in listed}
        self._states = {ns: state for ns, state in self._states.items() if ns in kept}
        self._counters = {ns: counters for ns, counters in self._counters.items() if ns in kept}

    def largest_first(self) -> tuple[CollectionState, ...]:
        return tuple(sorted(self._states.values(), key=lambda state: (-(state.data_bytes or 0), state.ns)))

    def _counted(self, ns: str, statistics: Statistics) -> dict[str, object]:
        now = _Counters.of(statistics)
        before, self._counters[ns] = self._counters.get(ns), now
        elapsed = _elapsed(before, now, self._longest_step_s)
        counted: dict[str, object] = {
            "documents": statistics.documents,
            "documents_per_s": _rate(before and before.documents, now.documents, elapsed),
            "scans_per_s": _counter_rate(before and before.scans, now.scans, elapsed),
            "reads_per_s": _counter_rate(before and before.reads, now.reads, elapsed),
            "writes_per_s": _counter_rate(before and before.writes, now.writes, elapsed),
            "read_ms": before and _mean_ms(before.reads, now.reads, before.read_us, now.read_us),
            "write_ms": before and _mean_ms(before.writes, now.writes, before.write_us, now.write_us),
            "sharded": statistics.shards > 1,
        }
        if statistics.data_bytes is not None:
            counted |= {
                "data_bytes": statistics.data_bytes,
                "average_bytes": statistics.average_bytes,
                "storage_bytes": statistics.storage_bytes,
                "index_bytes": statistics.index_bytes,
                "capped": statistics.capped,
            }
        return counted


def _mean_ms(before: int | None, now: int | None, before_us: int | None, now_us: int | None) -> float | None:
    """Of the operations between two readings; `None` where there was none, or the server began anew."""
    if before is None or now is None or before_us is None or now_us is None:
        return None
    return round((now_us - before_us) / (now - before) / 1000, 3) if now > before and now_us >= before_us else None


def _sizes(state: CollectionState, statistics: Statistics | None) -> Mapping[str, int]:
    if statistics is not None and statistics.index_bytes is not None:
        return statistics.index_sizes
    return {index.name: index.size_bytes for index in state.indexes if index.size_bytes is not None}


def _bounded(index: Index, size_bytes: int | None) -> Index:
    """Shown on a screen only, and kept in every Snapshot."""
    return msgspec.structs.replace(
        index,
        size_bytes=size_bytes,
        partial_filter=index.partial_filter and index.partial_filter[:_LONGEST_TEXT],
        collation=index.collation and index.collation[:_LONGEST_TEXT],
    )


def _elapsed(before: _Counters | None, now: _Counters, longest_s: float) -> float | None:
    if before is None or before.at is None or now.at is None:
        return None
    elapsed = now.at - before.at
    return elapsed if 0 < elapsed <= longest_s else None


def _rate(before: int | None, now: int | None, elapsed: float | None) -> float | None:
    return None if before is None or now is None or elapsed is None else round((now - before) / elapsed, 3)


def _counter_rate(before: int | None, now: int | None, elapsed: float | None) -> float | None:
    """A counter that went back was counted anew after a restart."""
    return None if before is None or now is None or now < before else _rate(before, now, elapsed)
