"""Reads a slab: this process's own, or another's while that goes on writing."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from perftui.instrument.store.history import Place, Record, places, read_record
from perftui.instrument.store.kinds import HEAD_WORDS, LAST_AT, SEQUENCE, Kind, minute_at
from perftui.instrument.store.slab import (
    BOOT_AT,
    DIRECTORY_AT,
    HEAD_AT,
    HEADER_WORDS,
    MAGIC,
    MAGIC_AT,
    PID_AT,
    RING_AT,
    RING_WORDS,
    SEEN_AT,
    STARTED_AT,
    TAIL_AT,
    WALL_AT,
)
from perftui.instrument.store.tally import Tally

Key = tuple[str, tuple[str, ...]]
"""A series in any process: the kind's name and the labels."""
KEPT_MINUTES = 61
"""An hour of whole minutes, and one that may be counted in part."""
_TRIES = 20


class Worker(NamedTuple):
    """A process that counts or counted. Times are wall clock, in seconds."""

    id: str
    pid: int
    started_at: float
    last_seen: float


class Slot(NamedTuple):
    """What came in one minute, or in a part of it."""

    minute: int
    tally: Tally


class Part(Protocol):
    """One process's share in a series."""

    kind: Kind
    labels: tuple[str, ...]

    @property
    def gauges(self) -> Sequence[float]: ...
    @property
    def last_at(self) -> float: ...
    def total(self) -> Tally: ...
    def slots(self, since_minute: int) -> Iterator[Slot]: ...


class BlockPart:
    """A block in a slab."""

    def __init__(self, view: "SlabView", kind: Kind, labels: tuple[str, ...], at: int) -> None:
        self.kind, self.labels, self._view, self._at = kind, labels, view, at

    @property
    def gauges(self) -> Sequence[float]:
        first = self._at + HEAD_WORDS
        return list(self._view.reals[first : first + len(self.kind.gauges)].tolist())

    @property
    def last_at(self) -> float:
        return float(self._view.reals[self._at + LAST_AT])

    def total(self) -> Tally:
        """Since the process began."""
        live = self._at + self.kind.layout.live
        tally = self._tally(self._view.words, self._view.reals, live)
        running = self._at + minute_at(self._view.words[self._at + SEQUENCE])
        tally.span(*self._view.reals[running + 1 : running + 3].tolist())
        tally.hold_extremes()
        return tally

    def slots(self, since_minute: int) -> Iterator[Slot]:
        """The minutes from this one on, the running one included."""
        words, sequence, running = self._view.words, 0, None
        for _ in range(_TRIES):
            sequence = words[self._at + SEQUENCE]
            running = self._running(sequence, since_minute)
            if words[self._at + SEQUENCE] == sequence:
                break
        if running is not None:
            yield running
        for record in self._view.records_of(self._at, since_minute):
            if record.sequence < sequence:
                yield Slot(record.minute, _recorded(self.kind, record))

    def _running(self, sequence: int, since_minute: int) -> Slot | None:
        view, layout = self._view, self.kind.layout
        head = self._at + minute_at(sequence)
        if view.words[head] < since_minute:
            return None
        live = self._tally(view.words, view.reals, self._at + layout.live)
        before = self._tally(view.words, view.reals, self._at + layout.base(sequence))
        live.min_us, live.max_us = view.reals[head + 1], view.reals[head + 2]
        rest = live.less(before)
        return Slot(int(view.words[head]), rest) if rest else None

    def _tally(self, words: Any, reals: Any, at: int) -> Tally:
        layout, tally = self.kind.layout, Tally()
        if layout.buckets:
            counts = words[at : at + layout.buckets].tolist()
            tally.counts = {bucket: number for bucket, number in enumerate(counts) if number}
        sums = reals[at + layout.buckets : at + layout.figures].tolist()
        tally.sum_us = sums[0] if self.kind.timed else 0.0
        tally.counters = dict(zip(self.kind.counters, sums[self.kind.timed :], strict=True))
        return tally


def _recorded(kind: Kind, record: Record) -> Tally:
    tally, timed = Tally(), int(kind.timed)
    tally.counts = dict(record.buckets)
    for at, value in record.sums:
        if timed and at == 0:
            tally.sum_us = value
        else:
            tally.counters[kind.counters[at - timed]] = value
    tally.min_us, tally.max_us = record.min_us, record.max_us
    tally.hold_extremes()
    return tally


class SlabView:
    """A slab's series at the time of reading. Its directory is read anew only where it has grown."""

    def __init__(self, identity: str, words: Any, reals: Any) -> None:
        self.id, self.words, self.reals = identity, words, reals
        self._read, self._kinds = 0, list[Kind]()
        self._parts: list[BlockPart] = []
        self._places: dict[int, deque[Place]] = {}
        self._indexed = 0
        self.history_since = 0
        """The first minute of which every record is still there."""

    def valid(self, boot: str) -> bool:
        """Of this form, and of this run of the machine."""
        return bool(self.words[MAGIC_AT] == MAGIC and self.words[BOOT_AT] == int(boot, 16))

    @property
    def started(self) -> float:
        """On the monotonic clock."""
        return float(self.reals[STARTED_AT])

    @property
    def worker(self) -> Worker:
        wall, started, seen = self.reals[WALL_AT], self.reals[STARTED_AT], self.reals[SEEN_AT]
        return Worker(self.id, int(self.words[PID_AT]), wall, wall + max(seen - started, 0.0))

    def refresh(self) -> None:
        """Take in what was written since the last time."""
        self._read_directory()
        self._index_history()

    def parts(self) -> Sequence[BlockPart]:
        return self._parts

    def records_of(self, block_at: int, since_minute: int) -> Iterator[Record]:
        """The finished minutes of a block, the newest first."""
        for place in reversed(tuple(self._places.get(block_at, ()))):
            if place.minute < since_minute:
                return
            record = read_record(self.words, int(self.words[RING_AT]), RING_WORDS, place)
            if record is not None and place.at >= self.words[TAIL_AT]:
                yield record

    def _read_directory(self) -> None:
        until, start = int(self.words[DIRECTORY_AT]), 8 * HEADER_WORDS
        if until <= self._read:
            return
        text = self.words.cast("B")[start + self._read : start + until].tobytes()
        at = 0
        while at < len(text):
            length = int.from_bytes(text[at : at + 4], "little")
            self._learn(msgspec.json.decode(text[at + 4 : at + 4 + length]))
            at += 4 + length
        self._read = until

    def _learn(self, entry: list[Any]) -> None:
        if entry[0] == "kind":
            name, section, labels, timed, counters, gauges = entry[1:]
            self._kinds.append(Kind(name, section, tuple(labels), timed, tuple(counters), tuple(gauges)))
        else:
            self._parts.append(BlockPart(self, self._kinds[entry[1]], tuple(entry[3]), entry[2]))

    def _index_history(self) -> None:
        """Remember where each record stands; a record itself is read when a window needs it."""
        words = self.words
        head, tail = int(words[HEAD_AT]), int(words[TAIL_AT])
        if tail > self._indexed:
            self._places.clear()
        for place in places(words, int(words[RING_AT]), RING_WORDS, max(tail, self._indexed), head):
            if tail > self._indexed and not self._places:
                self.history_since = place.minute + 1
            kept = self._places.setdefault(place.block_at, deque(maxlen=KEPT_MINUTES))
            kept.append(place)
        self._indexed = head
