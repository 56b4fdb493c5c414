"""One path over all sampled documents: its values in order, and sets of documents as bits of a number."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from perftui.advice.filters.bson_order import NULL_KEY, Fold, Key
from perftui.advice.filters.paths import MISSING, array_prefix, index_keys, value_at
from perftui.advice.filters.tree import Interval

Bits = int
"""Document i is bit i."""
Ranks = tuple[int, int]
"""Ranks of values: from, up to and without."""
_STEP = 128


def bits_of(documents: Iterable[int], size: int) -> Bits:
    """The set of these documents."""
    flags = bytearray((size >> 3) + 1)
    for document in documents:
        flags[document >> 3] |= 1 << (document & 7)
    return int.from_bytes(flags, "little")


def members(bits: Bits) -> list[int]:
    """The documents of a set, ascending."""
    if not bits:
        return []
    text = format(bits, "b")[::-1]
    if bits.bit_count() * 20 > len(text):
        return [at for at, flag in enumerate(text) if flag == "1"]
    found, at = [], text.find("1")
    while at >= 0:
        found.append(at)
        at = text.find("1", at + 1)
    return found


class Column:
    """The index keys of one path."""

    def __init__(self, documents: Sequence[Any], path: str, fold: Fold | None) -> None:
        self.path = path
        self.size = len(documents)
        keys = [_keys(document, path, fold) for document in documents]
        self.distinct: list[Key] = sorted({key for each in keys for key in each})
        place = {key: rank for rank, key in enumerate(self.distinct)}
        self.many: list[tuple[int, ...]] = [tuple(place[key] for key in each) for each in keys]
        self.prefix = next((found for one in documents if (found := array_prefix(one, path)) is not None), None)
        self.missing = _missing(documents, path, keys)
        self.single: list[int] | None = None if self.prefix is not None else [ranks[0] for ranks in self.many]
        entries = sorted((rank, at) for at, ranks in enumerate(self.many) for rank in ranks)
        self.order = [at for _, at in entries]
        ranks = [rank for rank, _ in entries]
        self.starts = [bisect_left(ranks, rank) for rank in range(len(self.distinct) + 1)]
        self._sums: list[Bits] | None = None
        self._known: dict[Ranks, Bits] = {}
        self._counts: dict[tuple[Ranks, ...], tuple[int, int, int]] = {}

    @property
    def multikey(self) -> bool:
        return self.prefix is not None

    def ranks_of(self, interval: Interval) -> Ranks:
        """The values that lie in it."""
        low, low_in, high, high_in = interval
        first = bisect_left(self.distinct, low) if low_in else bisect_right(self.distinct, low)
        end = bisect_right(self.distinct, high) if high_in else bisect_left(self.distinct, high)
        return first, max(first, end)

    def entries_in(self, ranks: Ranks) -> int:
        """Index keys with these values; an array has several."""
        return self.starts[ranks[1]] - self.starts[ranks[0]]

    def documents_in(self, ranks: Ranks) -> Bits:
        """Documents that have one of these values."""
        found = self._known.get(ranks)
        if found is None:
            found = self._known[ranks] = self._collect(self.starts[ranks[0]], self.starts[ranks[1]])
            if len(self._known) > 2000:
                self._known.clear()
        return found

    def _collect(self, first: int, end: int) -> Bits:
        if end - first <= 4 * _STEP or self.multikey:
            return bits_of(self.order[first:end], self.size)
        sums = self._running_sums()
        above, below = -(-first // _STEP), end // _STEP
        whole = sums[below] ^ sums[above]
        edges = [*self.order[first : above * _STEP], *self.order[below * _STEP : end]]
        return whole | bits_of(edges, self.size)

    def _running_sums(self) -> list[Bits]:
        """The documents of the first 0, 128, 256, ... entries."""
        if self._sums is None:
            self._sums = [0]
            marks = range(0, len(self.order) + _STEP, _STEP)
            for first, end in pairwise(marks):
                self._sums.append(self._sums[-1] | bits_of(self.order[first:end], self.size))
        return self._sums

    def expected_distinct(self, total: float, ranges: tuple[Ranks, ...] | None = None) -> float:
        """Different values among `total` documents, all or those in some ranges, judged by how many were seen once."""
        seen, values, once = self._counted(ranges if ranges is not None else ((0, len(self.distinct)),))
        if not seen or total <= self.size:
            return float(max(1, values))
        share = self.size / total
        return values / max(share, 1 - (1 - share) * once / seen)

    def _counted(self, ranges: tuple[Ranks, ...]) -> tuple[int, int, int]:
        """Entries, different values, and values that one sampled document has."""
        found = self._counts.get(ranges)
        if found is None:
            starts = self.starts
            once = sum(end - begin == 1 for low, high in ranges for begin, end in pairwise(starts[low : high + 1]))
            seen = sum(self.entries_in(each) for each in ranges)
            found = self._counts[ranges] = (seen, sum(high - low for low, high in ranges), once)
        return found


def _keys(document: Any, path: str, fold: Fold | None) -> tuple[Key, ...]:
    return tuple(key[0] for key in index_keys(document, (path,), fold))


def _missing(documents: Sequence[Any], path: str, keys: list[tuple[Key, ...]]) -> Bits:
    suspects = [at for at, each in enumerate(keys) if NULL_KEY in each]
    return bits_of((at for at in suspects if _is_missing(documents[at], path)), len(documents))


def _is_missing(document: Any, path: str) -> bool:
    from perftui.advice.filters.paths import values_at

    return value_at(document, path) is MISSING and not values_at(document, path)
