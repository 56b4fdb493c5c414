"""What share of a collection has certain values, judged by a sample that may hold none of them."""

from collections.abc import Sequence

from perftui.advice.costs.columns import Bits, Column
from perftui.advice.costs.data import Data, Known
from perftui.advice.filters.bounds import Bounds
from perftui.advice.filters.bson_order import DATE, NUMBER, Key
from perftui.advice.filters.tree import Interval

_FEW = 3
_MOSTLY_DIFFERENT = 0.5


def within(data: Data, column: Column, bounds: Bounds) -> Known:
    """The documents with a value within these bounds."""
    documents: Bits = 0
    for interval in bounds.intervals:
        documents |= column.documents_in(column.ranks_of(interval))
    if data.whole or not data.size:
        return data.known(documents)
    if bounds.points:
        return data.known(documents, _of_points(data, column, bounds.intervals))
    if documents.bit_count() <= _FEW and len(column.distinct) > _MOSTLY_DIFFERENT * data.size:
        return data.known(documents, _between(data, column, bounds.intervals))
    return data.known(documents)


def _of_points(data: Data, column: Column, intervals: Sequence[Interval]) -> float:
    """Each value is as frequent as it was seen, or as the average value of the field where it was hardly seen."""
    average = data.total / column.expected_distinct(data.total)
    total = 0.0
    for interval in intervals:
        seen = column.entries_in(column.ranks_of(interval))
        total += (seen + 1) / (1 / data.factor + 1 / max(average, 1e-6))
    return total / max(1.0, data.total)


def _between(data: Data, column: Column, intervals: Sequence[Interval]) -> float:
    """Narrow ranges of a field of many values: by their width beside that of the gap that they lie in."""
    total = 0.0
    for low, _, high, _ in intervals:
        if _measurable(low) and _measurable(high):
            total += max(0.0, _position(column, high) - _position(column, low))
        else:
            first, end = column.ranks_of((low, True, high, True))
            total += column.entries_in((first, end)) + 0.5
    return max(total, 0.02) / max(1, data.size)


def _measurable(key: Key) -> bool:
    return len(key) == 2 and key[0] in (NUMBER, DATE)


def _position(column: Column, key: Key) -> float:
    """How many entries lie before it, with a fraction for its place between two neighbours."""
    rank = column.ranks_of((key, True, key, True))[0]
    before = float(column.starts[rank])
    if rank == 0 or rank >= len(column.distinct):
        return before
    left, right = column.distinct[rank - 1], column.distinct[rank]
    if not (_measurable(left) and _measurable(right)) or float(right[1]) == float(left[1]):
        return before
    return before - 1 + (float(key[1]) - float(left[1])) / (float(right[1]) - float(left[1]))
