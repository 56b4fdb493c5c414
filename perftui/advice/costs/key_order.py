"""The keys of the sampled documents in the order of an index, and the ranges of each field that are wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from perftui.advice.costs.columns import Bits, members
from perftui.advice.costs.data import Data
from perftui.advice.costs.index_bounds import Field, Use
from perftui.advice.filters.paths import ParallelArraysError, index_keys

_MOST_KEPT = 1_500_000
"""Index keys that are kept in their orders, for each collection."""

Ranges = list[tuple[int, int]]


@dataclass(slots=True)
class Order:
    """Index keys in their order: each a number whose digits are the ranks of its fields."""

    keys: list[int]
    documents: list[int]
    weights: list[int]


@dataclass(slots=True)
class Level:
    """The bounds of one field as ranges of ranks in the direction of the scan."""

    ranges: Ranges
    full: bool
    points: bool


def order_of(data: Data, subset: Bits, fields: Sequence[Field], *, backwards: bool = False) -> Order:
    """The keys of these documents in an index over these fields; kept, since many questions ask for the same.

    Equal keys stand in the order in which their documents were inserted; backwards in the opposite one.
    """
    token = (subset, backwards, tuple((field.path, field.direction, id(field.column)) for field in fields))
    order = data.entries.get(token)
    if order is None:
        order = _make_order(data, subset, fields, backwards)
        data.kept += len(order.keys) + 50
        if data.kept > _MOST_KEPT:
            data.entries.clear()
            data.kept = len(order.keys)
        data.entries[token] = order
    return order


def _make_order(data: Data, subset: Bits, fields: Sequence[Field], backwards: bool) -> Order:
    sizes = [len(field.column.distinct) or 1 for field in fields]
    weights = [1] * len(fields)
    for at in range(len(fields) - 2, -1, -1):
        weights[at] = weights[at + 1] * sizes[at + 1]
    documents = _as_inserted(data, members(subset))
    if backwards:
        documents.reverse()
    if all(field.column.single is not None for field in fields):
        pairs = _single_pairs(documents, fields, weights, sizes)
    else:
        pairs = _array_pairs(data, documents, fields, weights, sizes)
    pairs.sort(key=itemgetter(0))
    return Order([key for key, _ in pairs], [document for _, document in pairs], weights)


def _as_inserted(data: Data, documents: list[int]) -> list[int]:
    """Documents that were read whole come in that order; those of a sample do not."""
    return documents if data.whole else sorted(documents, key=data.insertion.__getitem__)


def _single_pairs(
    documents: list[int], fields: Sequence[Field], weights: list[int], sizes: list[int]
) -> list[tuple[int, int]]:
    totals = [0] * len(documents)
    for field, weight, size in zip(fields, weights, sizes, strict=True):
        ranks = field.column.single or []
        if field.direction > 0:
            totals = [total + ranks[at] * weight for total, at in zip(totals, documents, strict=True)]
        else:
            totals = [total + (size - 1 - ranks[at]) * weight for total, at in zip(totals, documents, strict=True)]
    return list(zip(totals, documents, strict=True))


def _array_pairs(
    data: Data, documents: list[int], fields: Sequence[Field], weights: list[int], sizes: list[int]
) -> list[tuple[int, int]]:
    prefixes = [field.column.prefix for field in fields if field.column.prefix is not None]
    joint = len(prefixes) > 1
    pairs: list[tuple[int, int]] = []
    for at in documents:
        each = _joint_ranks(data, at, fields) if joint else _product(at, fields)
        pairs.extend((_number(ranks, fields, weights, sizes), at) for ranks in each)
    return list(dict.fromkeys(pairs))


def _number(ranks: Sequence[int], fields: Sequence[Field], weights: list[int], sizes: list[int]) -> int:
    return sum(
        (rank if field.direction > 0 else size - 1 - rank) * weight
        for rank, field, weight, size in zip(ranks, fields, weights, sizes, strict=True)
    )


def _product(at: int, fields: Sequence[Field]) -> Iterator[list[int]]:
    many = next(place for place, field in enumerate(fields) if field.column.prefix is not None)
    first = [field.column.many[at][0] for field in fields]
    for rank in fields[many].column.many[at]:
        yield [*first[:many], rank, *first[many + 1 :]]


def _joint_ranks(data: Data, at: int, fields: Sequence[Field]) -> Iterator[list[int]]:
    """Fields of one array: their values belong together element by element."""
    try:
        keys = index_keys(data.documents[at], [field.path for field in fields])
    except ParallelArraysError:
        keys = []
    for key in keys:
        yield [field.column.ranks_of((one, True, one, True))[0] for one, field in zip(key, fields, strict=True)]


def level_of(field: Field) -> Level:
    """Its bounds as ranges of ranks, turned round for a descending field."""
    column, bounds = field.column, field.bounds
    size = len(column.distinct)
    if bounds.full:
        return Level([(0, max(size, 1))], True, False)
    ranges = [column.ranks_of(interval) for interval in bounds.intervals]
    if field.direction < 0:
        ranges = [(size - high, size - low) for low, high in reversed(ranges)]
    return Level(ranges, False, bounds.points)


def reversed_fields(use: Use) -> tuple[Field, ...]:
    """The fields of an index that is read from its end."""
    return tuple(Field(field.path, -field.direction, field.bounds, field.column, field.bounded) for field in use.fields)
