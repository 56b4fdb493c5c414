"""One series of durations in rotating slots of a minute, so that windows, clears and totals come from one record."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from perftui.model.histogram import BUCKETS, bounds_of, quantile_us
from perftui.model.metrics import HistogramDocument, LatencyDocument

SLOT_S = 60.0
SLOTS = 60
_LAST = BUCKETS - 1
_LARGEST_US = bounds_of(_LAST)[0]


class Slot(NamedTuple):
    """A finished minute, compact: pairs of bucket and count in one array."""

    minute: int
    pairs: array[int]
    sum_us: float
    min_us: float
    max_us: float


class Series:
    """Durations of one thing. One writer at a time: the owner holds the registry's lock."""

    __slots__ = ("_counts", "_end", "_max", "_min", "_minute", "_past", "_sum", "_total", "_total_us", "last_at")

    def __init__(self) -> None:
        self._counts = [0] * BUCKETS
        self._sum = 0.0
        self._min = float("inf")
        self._max = 0.0
        self._minute = 0
        self._end = 0.0
        self._past: deque[Slot] = deque(maxlen=SLOTS)
        self._total: dict[int, int] = {}
        self._total_us = 0.0
        self.last_at = 0.0

    def record(self, now: float, seconds: float) -> None:
        """Count one duration that ended at `now`, on the monotonic clock."""
        if now >= self._end:
            self.rotate(now)
        us = seconds * 1e6
        whole = int(us)
        # The bucket is computed in place: a call would cost as much as the rest of the record.
        if whole < 16:
            self._counts[whole if whole > 0 else 0] += 1
        elif whole >= _LARGEST_US:
            self._counts[_LAST] += 1
        else:
            shift = whole.bit_length() - 5
            self._counts[(shift << 4) + (whole >> shift)] += 1
        self._sum += us
        if us > self._max:
            self._max = us
        if us < self._min:
            self._min = us
        self.last_at = now

    def rotate(self, now: float) -> None:
        """Close the running minute and begin the one of `now`."""
        self._close()
        self._minute = int(now // SLOT_S)
        self._end = (self._minute + 1) * SLOT_S

    def clear(self, now: float) -> None:
        """Forget the windows; the totals stay."""
        self.rotate(now)
        self._past.clear()

    def slots(self, since_minute: int) -> Iterator[Slot]:
        """The minutes from `since_minute` on, the running one included."""
        yield from (slot for slot in self._past if slot.minute >= since_minute)
        if self._minute >= since_minute and self._max_or_any():
            yield self._running()

    def totals(self) -> tuple[dict[int, int], float]:
        """Counts by bucket and the sum in microseconds, since the process started."""
        counts = dict(self._total)
        for index, number in enumerate(self._counts):
            if number:
                counts[index] = counts.get(index, 0) + number
        return counts, self._total_us + self._sum

    def _max_or_any(self) -> bool:
        return self._min != float("inf")

    def _running(self) -> Slot:
        pairs = array("Q")
        for index, number in enumerate(self._counts):
            if number:
                pairs.extend((index, number))
        return Slot(self._minute, pairs, self._sum, self._min, self._max)

    def _close(self) -> None:
        if not self._max_or_any():
            return
        slot = self._running()
        self._past.append(slot)
        for index, number in zip(slot.pairs[::2], slot.pairs[1::2], strict=True):
            self._total[index] = self._total.get(index, 0) + number
        self._total_us += slot.sum_us
        self._counts = [0] * BUCKETS
        self._sum, self._min, self._max = 0.0, float("inf"), 0.0


class Merged:
    """Slots of one or many series added up."""

    __slots__ = ("count", "counts", "max_us", "min_us", "sum_us")

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self.counts: dict[int, int] = {}
        self.count, self.sum_us, self.min_us, self.max_us = 0, 0.0, float("inf"), 0.0
        self.add(slots)

    def add(self, slots: Iterable[Slot]) -> None:
        counts = self.counts
        for slot in slots:
            for index, number in zip(slot.pairs[::2], slot.pairs[1::2], strict=True):
                counts[index] = counts.get(index, 0) + number
                self.count += number
            self.sum_us += slot.sum_us
            self.min_us = min(self.min_us, slot.min_us)
            self.max_us = max(self.max_us, slot.max_us)

    def merge(self, other: Merged) -> None:
        for index, number in other.counts.items():
            self.counts[index] = self.counts.get(index, 0) + number
        self.count += other.count
        self.sum_us += other.sum_us
        self.min_us = min(self.min_us, other.min_us)
        self.max_us = max(self.max_us, other.max_us)

    def quantile_s(self, q: float) -> float | None:
        """Interpolated in its bucket and never outside what was measured."""
        if not self.count:
            return None
        found = quantile_us(sorted(self.counts.items()), q)
        return None if found is None else min(max(found, self.min_us), self.max_us) / 1e6

    def above(self, seconds: float) -> int:
        """How many were longer, by whole buckets."""
        return sum(number for index, number in self.counts.items() if bounds_of(index)[0] >= seconds * 1e6)

    def document(self) -> LatencyDocument:
        """The form of the metrics document."""
        if not self.count:
            return LatencyDocument()
        filled = sorted(self.counts.items())
        return LatencyDocument(
            count=self.count,
            sum_s=self.sum_us / 1e6,
            min_s=self.min_us / 1e6,
            max_s=self.max_us / 1e6,
            p50_s=self.quantile_s(0.5),
            p90_s=self.quantile_s(0.9),
            p95_s=self.quantile_s(0.95),
            p99_s=self.quantile_s(0.99),
            hist=HistogramDocument(b=tuple(filled)),
        )
