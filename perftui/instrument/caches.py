"""One cache's counts: hits, misses, sets, timings and its most used keys."""

import time
from collections import Counter
from heapq import nlargest
from typing import Literal

from perftui.instrument.series import SLOTS, Series

Kind = Literal["hits", "misses", "sets", "deletes", "evictions"]
KINDS: tuple[Kind, ...] = ("hits", "misses", "sets", "deletes", "evictions")
ENOUGH_GETS = 20
"""Below this an efficiency would be chance."""


class TopKeys:
    """The most used keys in bounded memory (space-saving): a count is at most the least count too high."""

    __slots__ = ("_counts", "_recent", "_size")

    def __init__(self, size: int = 128) -> None:
        self._size = size
        self._counts: dict[str, int] = {}
        self._recent: list[str] = []

    def add(self, key: str) -> None:
        self._recent.append(key)
        if len(self._recent) >= self._size:
            self._settle()

    def top(self, number: int) -> list[tuple[str, int]]:
        self._settle()
        return nlargest(number, self._counts.items(), key=lambda pair: pair[1])

    def clear(self) -> None:
        self._counts, self._recent = {}, []

    def _settle(self) -> None:
        counts = self._counts
        floor = min(counts.values(), default=0) if len(counts) >= self._size else 0
        for key, number in Counter(self._recent).items():
            counts[key] = counts.get(key, floor) + number
        self._recent = []
        if len(counts) > self._size:
            self._counts = dict(nlargest(self._size, counts.items(), key=lambda pair: pair[1]))


class MinuteCounts:
    """Events of each kind by minute, an hour of them, beside totals that never fall."""

    __slots__ = ("minutes", "total")

    def __init__(self) -> None:
        self.total = dict.fromkeys(KINDS, 0)
        self.minutes: dict[int, dict[Kind, int]] = {}

    def add(self, kind: Kind, number: int, now: float) -> None:
        minute = int(now // 60)
        counts = self.minutes.get(minute)
        if counts is None:
            counts = self.minutes[minute] = dict.fromkeys(KINDS, 0)
            for old in [old for old in self.minutes if old < minute - SLOTS]:
                del self.minutes[old]
        counts[kind] += number
        self.total[kind] += number

    def since(self, minute: int) -> dict[Kind, int]:
        return {kind: sum(counts[kind] for at, counts in list(self.minutes.items()) if at >= minute) for kind in KINDS}


class CacheCounts:
    """Written under the registry's lock."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.counts = MinuteCounts()
        self.get, self.set = Series(), Series()
        self.keys: int | None = None
        self.bytes: int | None = None
        self.top = TopKeys()

    def clear(self, now: float) -> None:
        self.counts.minutes.clear()
        self.get.clear(now)
        self.set.clear(now)
        self.top.clear()

    def count(self, kind: Kind, number: int, key: str | None, seconds: float | None) -> None:
        now = time.monotonic()
        self.counts.add(kind, number, now)
        if key is not None and kind in ("hits", "misses"):
            self.top.add(key)
        if seconds is not None:
            if kind in ("hits", "misses"):
                self.get.record(now, seconds)
            elif kind == "sets":
                self.set.record(now, seconds)


def efficiency(hit_rate: float | None, gets: int, get_ms: float | None) -> float | None:
    """0 to 100 from the hit rate and the time of a get; `None` until there were 20 gets and their times."""
    if hit_rate is None or get_ms is None or gets < ENOUGH_GETS:
        return None
    return min(100.0, 50 * hit_rate + max(0.0, 50 - get_ms / 2))
