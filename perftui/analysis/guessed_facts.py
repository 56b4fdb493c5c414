"""Facts about a collection whose documents cannot be seen, guessed from what its executions examined and asked for."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad
from perftui.analysis.asked_fields import AskedFields, asked_fields
from perftui.analysis.seen_indexes import seen_indexes

_VALUES = 500
_FEWEST = 50

Value = Any


@dataclass
class _Field:
    """What is known of one path."""

    equal: Counter[str] = field(default_factory=Counter)
    values: dict[str, Value] = field(default_factory=dict)
    bounds: list[Value] = field(default_factory=list)
    distinct: float | None = None
    """Measured: the collection's size / what one value returned."""
    is_array: bool = False


def with_guesses(
    facts: Mapping[str, CollectionFacts], loads: Sequence[ShapeLoad], sizes: Mapping[str, int], *, documents: int
) -> dict[str, CollectionFacts]:
    """The facts, with so many made-up documents for each collection without any.

    `sizes`: how many documents a scan of each collection examined.
    """
    by_ns: dict[str, list[ShapeLoad]] = {}
    for load in loads:
        by_ns.setdefault(load.ns, []).append(load)
    found = dict(facts)
    for ns, its_loads in by_ns.items():
        known = facts.get(ns, CollectionFacts(ns=ns))
        size = sizes.get(ns) if known.documents is None else known.documents
        if known.sample or not known.exists or known.kind != "collection" or not size or size < _FEWEST:
            continue
        indexes = seen_indexes(its_loads) if known.indexes is None else known.indexes
        found[ns] = replace(known, documents=size, indexes=indexes, sample=_made_up(ns, its_loads, size, documents))
    return found


def _made_up(ns: str, loads: Sequence[ShapeLoad], size: int, most: int) -> tuple[dict[str, Any], ...]:
    """Documents in which each path has about as many values as the queries tell."""
    draw = random.Random(ns)  # noqa: S311 - a sample, no secret
    number = min(most, size)
    documents: list[dict[str, Any]] = [{"_id": place} for place in range(number)]
    for path, known in _fields(loads, size).items():
        if path != "_id":
            column = _column(known, number, size, draw)
            for document, value in zip(documents, column, strict=True):
                _set(document, path.split("."), [value] if known.is_array else value)
    return tuple(documents)


def _fields(loads: Sequence[ShapeLoad], size: int) -> dict[str, _Field]:
    fields: dict[str, _Field] = {}
    for load in loads:
        for command in load.commands:
            asked = asked_fields(command)
            _note(fields, asked)
            only = next(iter(asked.equal), None) if len(asked.equal) == 1 and not asked.others else None
            if only is not None and load.returned and not asked.limited and len(asked.equal[only]) == 1:
                fields[only].distinct = size / load.returned
    return fields


def _note(fields: dict[str, _Field], asked: AskedFields) -> None:
    for path, values in asked.equal.items():
        known = fields.setdefault(path, _Field())
        for value in values[:_VALUES]:
            key = repr(value)[:200]
            if key in known.values or len(known.values) < _VALUES:
                known.values[key] = value
                known.equal[key] += 1
    for path, bounds in asked.bounds.items():
        fields.setdefault(path, _Field()).bounds.extend(bounds[:_VALUES])
    for path in (*asked.ordered, *asked.others):
        fields.setdefault(path, _Field())
    for path in asked.arrays:
        fields.setdefault(path, _Field()).is_array = True


def _column(known: _Field, number: int, size: int, draw: random.Random) -> list[Value]:
    values = list(known.values.values())
    if values and all(isinstance(value, bool) for value in values):
        return [draw.random() < 0.5 for _ in range(number)]
    if not values:
        return _spread(known.bounds, number, draw)
    distinct = int(min(max(known.distinct or _estimated_distinct(known.equal, size), len(values)), size))
    places = [draw.randrange(distinct) for _ in range(number)]
    return [values[place] if place < len(values) else _another(values[place % len(values)], place) for place in places]


def _estimated_distinct(seen: Counter[str], size: int) -> float:
    """How many values there are in all, by how many were asked for once and twice (Chao's estimate)."""
    once = sum(1 for number in seen.values() if number == 1)
    twice = sum(1 for number in seen.values() if number == 2)
    if not once:
        return len(seen)
    return min(len(seen) + once * (once - 1) / (2 * (twice + 1)), size)


def _another(value: Value, place: int) -> Value:
    """A value of the same kind that nobody asked for."""
    if isinstance(value, int | float):
        return type(value)(10_000_019 + place)
    if isinstance(value, datetime):
        return value + timedelta(seconds=place + 1)
    if type(value).__name__ == "ObjectId":
        return type(value)(f"{place:024x}")
    return f"~{place}"


def _spread(bounds: Iterable[Value], number: int, draw: random.Random) -> list[Value]:
    """Around the bounds that were asked for, so that about half of the values lies on each side of their middle."""
    numbers = [bound for bound in bounds if isinstance(bound, int | float) and not isinstance(bound, bool)]
    moments = [bound.replace(tzinfo=None) for bound in bounds if isinstance(bound, datetime)]
    texts = sorted(bound for bound in bounds if isinstance(bound, str))
    if moments:
        middle, width = moments[len(moments) // 2], max((max(moments) - min(moments)).total_seconds() * 2, 86_400.0)
        return [_moment(middle, draw.uniform(-width, width)) for _ in range(number)]
    if numbers:
        low, high = float(min(numbers)), float(max(numbers))
        width = max((high - low) * 2, abs(high) / 2, 1000.0)
        return [draw.uniform(low - width, high + width) for _ in range(number)]
    start = texts[len(texts) // 2][:1] if texts else "m"
    return [
        f"{start if draw.random() < 0.1 else chr(97 + draw.randrange(26))}{draw.randrange(10**9)}"
        for _ in range(number)
    ]


def _moment(middle: datetime, seconds: float) -> datetime:
    try:
        return middle + timedelta(seconds=seconds)
    except OverflowError:
        return middle


def _set(document: dict[str, Any], path: Sequence[str], value: Value) -> None:
    for name in path[:-1]:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        document = inner
    document.setdefault(path[-1], value)
