"""Whether an index gives a question's order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from perftui.advice.costs.index_bounds import Field, Use
from perftui.advice.costs.instance import Instance

MERGED_SCANS = 200
"""So many scans of an index are merged in order; beyond them the server sorts."""


@dataclass(frozen=True)
class OrderGiven:
    backwards: bool
    merged: tuple[int, ...] = ()
    """Fields with several values: one scan for each combination, merged in order."""
    start: int = 0
    """Where the order begins among the index's fields."""


def order_given(instance: Instance, use: Use) -> OrderGiven | None:
    """How the index gives the order; `None` where the server must sort."""
    if use.spec.collation != instance.collation:
        return None
    constant = {field.path for field in use.fields if field.single and not field.column.multikey}
    wanted = [(path, way) for path, way in instance.question.sort if path not in constant]
    if not wanted:
        return OrderGiven(False)
    found = _in_order(use, wanted) or _merged(use, list(instance.question.sort))
    if found is None or _splits_arrays(use, found, len(wanted)):
        return None
    return found


def _in_order(use: Use, wanted: list[tuple[str, int]]) -> OrderGiven | None:
    """One scan gives it; fields bound to one value may stand anywhere."""
    at, start, backwards = 0, -1, False
    for place, field in enumerate(use.fields):
        path, way = wanted[at]
        if field.path == path:
            if start < 0:
                start, backwards = place, field.direction != way
            elif (field.direction != way) != backwards:
                return None
            at += 1
            if at == len(wanted):
                return OrderGiven(backwards, (), start)
        elif not field.single:
            return None
    return None


def _merged(use: Use, sort: list[tuple[str, int]]) -> OrderGiven | None:
    """One scan for each combination of the values that the leading fields are bound to, whichever these are."""
    if not 0 < merged_scans(use, sort) <= MERGED_SCANS:
        return None
    start = _first_without_values(use)
    merged = tuple(place for place, field in enumerate(use.fields[:start]) if not field.single)
    return OrderGiven(use.fields[start].direction != sort[0][1], merged, start)


def merged_scans(use: Use, sort: Sequence[tuple[str, int]]) -> int:
    """How many scans merged in order give the sort; 0 where they do not.

    The server wants the whole sort right behind the leading fields, fields of one value included.
    """
    start = _first_without_values(use)
    rest = use.fields[start : start + len(sort)]
    if not start or [field.path for field in rest] != [path for path, _ in sort]:
        return 0
    if len({field.direction != way for field, (_, way) in zip(rest, sort, strict=True)}) > 1:
        return 0
    return math.prod(len(field.bounds.intervals) for field in use.fields[:start])


def _first_without_values(use: Use) -> int:
    return next((place for place, field in enumerate(use.fields) if not field.bounds.points), 0)


def _splits_arrays(use: Use, found: OrderGiven, length: int) -> bool:
    """An array's document stands at several places of the order: bounds on it would hide its first one."""
    sorting = use.fields[found.start :]
    return any(field.column.multikey and _bounded(use, field) for field in sorting[:length])


def _bounded(use: Use, field: Field) -> bool:
    prefix = field.column.prefix
    return any(other.column.prefix == prefix and not other.bounds.full for other in use.fields)
