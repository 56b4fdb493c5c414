"""The keys that a scan examines although they lie outside its bounds."""

import math

from perftui.advice.costs.columns import Bits
from perftui.advice.costs.data import Known
from perftui.advice.costs.index_bounds import Field, Use
from perftui.advice.costs.instance import Instance
from perftui.advice.costs.key_order import Level, Order, level_of, order_of, reversed_fields
from perftui.advice.costs.scan import missed
from perftui.advice.costs.shares import within
from perftui.advice.costs.sort_service import OrderGiven

_ENOUGH = 4
"""Sampled values in a range that tell how many different ones it holds."""


class ScanMisses:
    """One scan: its fields in its direction, the leading ones that are bound to one value, and what it passes over."""

    def __init__(self, instance: Instance, use: Use, given: OrderGiven | None) -> None:
        self.instance = instance
        self.data = instance.data
        self.use = use
        self.question = instance.question
        self.blocking = bool(self.question.sort) and given is None
        merged = given.merged if given is not None else ()
        self.backwards = given is not None and given.backwards
        self.fields = reversed_fields(use) if self.backwards else use.fields
        self.split = _constant_prefix(self.fields, merged)
        self.streams = self._streams(merged)

    def order(self) -> Order:
        """All keys behind the fields that are bound to one value."""
        return order_of(self.data, self.prefix_set(), self.fields[self.split :], backwards=self.backwards)

    def prefix_set(self) -> Bits:
        """The documents within the bounds of the leading constants, and those that the index holds at all."""
        found = self.data.everything
        for each in self.sets_before(self.split):
            found &= each.documents
        return found

    def misses(self, levels: list[Level]) -> float:
        if contiguous(levels) and (self.split == 0 or not self.data.whole):
            return float(
                sum(_gaps(level, field) for level, field in zip(levels, self.fields[self.split :], strict=True))
            )
        seen = missed(self.order(), levels)
        return seen if self.data.whole else self.expected_misses(levels, seen)

    def expected_misses(self, levels: list[Level], seen: float) -> float:
        """What lies outside the bounds of a field, for each combination of the values in front of it."""
        if contiguous(levels):
            return min(seen, float(len(levels[0].ranges))) if levels else 0.0
        return sum(self.outside(levels, at) for at in range(len(levels) - 1)) + 1

    def outside(self, levels: list[Level], at: int) -> float:
        """Keys examined since they lie before, between or behind the bounds of the field after this one."""
        following = self.split + at + 1
        if levels[at + 1].full:
            return 0.0
        held = self.data.estimate(self.sets_before(following))
        combinations = self.combinations(levels, at)
        each = max(1.0, held / combinations)
        gaps = sum(1 - math.pow(1 - share, each) for share in _gap_shares(self.fields[following]))
        within = self.data.estimate(self.sets_before(following + 1))
        return max(0.0, min(held - within, combinations * gaps))

    def combinations(self, levels: list[Level], last: int) -> float:
        """Different values of the fields up to this level, within their bounds, that documents have."""
        found, held = float(self.streams), self.data.estimate(self.sets_before(self.split))
        for at in range(last + 1):
            place = self.split + at
            if not levels[at].full:
                held = self.data.estimate(self.sets_before(place + 1))
            places = found * self.different(place)
            found = min(places, held) if place == 0 else _occupied(places, held)
        return max(found, 1e-6)

    def different(self, place: int) -> float:
        """Values of this field within its bounds."""
        column, bounds = self.fields[place].column, self.fields[place].bounds
        if bounds.points:
            return float(len(bounds.intervals))
        ranges = tuple(column.ranks_of(interval) for interval in bounds.intervals)
        if sum(column.entries_in(each) for each in ranges) >= _ENOUGH:
            return column.expected_distinct(self.data.total, ranges)
        return max(1.0, column.expected_distinct(self.data.total) * within(self.data, column, bounds).share)

    def least_misses(self, levels: list[Level]) -> float:
        """Each of several merged scans examines a key where an interval of its own ends, even if it holds none."""
        if self.streams == 1 or (contiguous(levels) and all(len(level.ranges) < 2 for level in levels)):
            return 0.0
        return float(self.streams * (len(levels[0].ranges) if levels[0].points else 1))

    def sets_before(self, place: int) -> list[Known]:
        """The bounds of the fields up to this place, and what the index holds at all."""
        bounded = [field.path for field in self.fields if not field.bounds.full]
        held = len(self.use.bound_sets) - len(bounded)
        kept = {field.path for field in self.fields[:place]}
        later = self.use.bound_sets[held:]
        return [*self.use.bound_sets[:held], *(one for path, one in zip(bounded, later, strict=True) if path in kept)]

    def _streams(self, merged: tuple[int, ...]) -> int:
        """Scans that are merged and have a key at all: each is one key ahead. What a sample lacks may be there."""
        if not merged:
            return 1
        number = 1
        for place in merged:
            ranges = level_of(self.fields[place]).ranges
            number *= max(1, sum(1 for low, high in ranges if high > low or not self.data.whole))
        return number


def _gap_shares(field: Field) -> list[float]:
    """The shares of a field's keys that lie before, between and behind its ranges."""
    column = field.column
    edges = [0, *(edge for interval in field.bounds.intervals for edge in column.ranks_of(interval)), None]
    size = len(column.distinct)
    pairs = [(low or 0, size if high is None else high) for low, high in zip(edges[::2], edges[1::2], strict=True)]
    return [column.entries_in((low, high)) / max(1, len(column.order)) for low, high in pairs if high > low]


def _occupied(places: float, documents: float) -> float:
    """How many of so many places are taken by documents that are spread over them."""
    return places * -math.expm1(-documents / places) if places > 0 else 0.0


def _constant_prefix(fields: tuple[Field, ...], merged: tuple[int, ...]) -> int:
    """How many leading fields are bound to one value, or to several whose scans are merged."""
    arrays = [field.column.prefix for field in fields if field.column.prefix is not None]
    for at, field in enumerate(fields):
        alone = field.column.prefix is None or arrays.count(field.column.prefix) == 1
        if not alone or not (field.single or at in merged):
            return at
    return len(fields)


def contiguous(levels: list[Level]) -> bool:
    """Whether the keys within bounds follow each other but for the gaps between the values of one field."""
    bounded = [at for at, level in enumerate(levels) if not level.full]
    return not bounded or bounded == [0]


def _gaps(level: Level, field: Field) -> int:
    """Keys outside that are examined between the ranges of one field and after the last of several."""
    if level.full or len(level.ranges) < 2:
        return 0
    size = len(field.column.distinct)
    starts = [low for low, _ in level.ranges[1:]] + [size]
    return sum(1 for (_, high), start in zip(level.ranges, starts, strict=True) if high < start)
