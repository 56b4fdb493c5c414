"""Figures added up: over minutes, over workers, over series."""

from __future__ import annotations

import math
from collections.abc import Iterable

from perftui.model.histogram import BUCKETS, bounds_of, quantile_us
from perftui.model.metrics import HistogramDocument, LatencyDocument


class Tally:
    """Durations in microseconds by bucket, and counters by name."""

    __slots__ = ("counters", "counts", "max_us", "min_us", "sum_us")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.counters: dict[str, float] = {}
        self.sum_us, self.min_us, self.max_us = 0.0, math.inf, 0.0

    @property
    def count(self) -> int:
        """How many durations."""
        return sum(self.counts.values())

    def __bool__(self) -> bool:
        return bool(self.counts) or any(self.counters.values())

    def counter(self, name: str) -> int:
        """A counter as a whole number; 0 where nothing was counted."""
        return round(self.counters.get(name, 0))

    def add(self, buckets: Iterable[tuple[int, int]], counters: Iterable[tuple[str, float]], sum_us: float) -> None:
        """Add what was counted elsewhere."""
        for bucket, number in buckets:
            self.counts[bucket] = self.counts.get(bucket, 0) + number
        for name, value in counters:
            self.counters[name] = self.counters.get(name, 0.0) + value
        self.sum_us += sum_us

    def span(self, min_us: float, max_us: float) -> None:
        """Widen the extremes."""
        self.min_us, self.max_us = min(self.min_us, min_us), max(self.max_us, max_us)

    def merge(self, other: Tally) -> None:
        """Add another tally."""
        self.add(other.counts.items(), other.counters.items(), other.sum_us)
        self.span(other.min_us, other.max_us)

    def less(self, before: Tally) -> Tally:
        """What came since `before`, which was a state of this one; its extremes are known to a bucket's width."""
        rest = Tally()
        for bucket, number in self.counts.items():
            if number > before.counts.get(bucket, 0):
                rest.counts[bucket] = number - before.counts.get(bucket, 0)
        for name, value in self.counters.items():
            rest.counters[name] = max(value - before.counters.get(name, 0.0), 0.0)
        rest.sum_us = max(self.sum_us - before.sum_us, 0.0) if rest.counts else 0.0
        rest.min_us, rest.max_us = self.min_us, self.max_us
        rest.hold_extremes()
        return rest

    def hold_extremes(self) -> None:
        """Move extremes that were not measured, or were by what is no longer in here, into the outermost buckets."""
        if not self.counts:
            self.min_us, self.max_us = math.inf, 0.0
            return
        low, high = bounds_of(min(self.counts)), bounds_of(max(self.counts))
        self.min_us = self.min_us if low[0] <= self.min_us <= low[1] else float(low[0])
        if not (high[0] <= self.max_us and (self.max_us <= high[1] or max(self.counts) == BUCKETS - 1)):
            self.max_us = float(high[1])
        self.min_us = min(self.min_us, self.max_us)

    def quantile_s(self, q: float) -> float | None:
        """Interpolated in its bucket and never outside what was measured; `None` when empty."""
        if not self.counts:
            return None
        found = quantile_us(sorted(self.counts.items()), q)
        return None if found is None else min(max(found, self.min_us), self.max_us) / 1e6

    def average_s(self) -> float | None:
        """`None` when empty."""
        return self.sum_us / self.count / 1e6 if self.counts else None

    def above(self, seconds: float) -> int:
        """How many were longer, by whole buckets."""
        return sum(number for bucket, number in self.counts.items() if bounds_of(bucket)[0] >= seconds * 1e6)

    def document(self) -> LatencyDocument:
        """The form of the metrics document."""
        if not self.counts:
            return LatencyDocument()
        return LatencyDocument(
            count=self.count,
            sum_s=self.sum_us / 1e6,
            min_s=self.min_us / 1e6,
            max_s=self.max_us / 1e6,
            p50_s=self.quantile_s(0.5),
            p90_s=self.quantile_s(0.9),
            p95_s=self.quantile_s(0.95),
            p99_s=self.quantile_s(0.99),
            hist=HistogramDocument(b=tuple(sorted(self.counts.items()))),
        )


def merged(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    whole = Tally()
    for tally in tallies:
        whole.merge(tally)
    return whole
