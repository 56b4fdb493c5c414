"""Which part of an index a predicate bounds: intervals in BSON order, and what must still be checked."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from perftui.advice.filters.bson_order import (
    BOOLEAN,
    DATE,
    HIGHEST,
    LOWEST,
    NAN,
    NULL_KEY,
    NUMBER,
    OBJECT_ID,
    REGEX,
    STRING,
    UNDEFINED_KEY,
    Fold,
    Key,
    bracket_of,
    order_key,
)  # fmt: skip
from perftui.advice.filters.reading import regex_parts
from perftui.advice.filters.tree import Interval, Leaf, Node, Not

Check = Literal["none", "key", "document"]
"""What remains to be checked: nothing, the key itself, or the fetched document."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Intervals in ascending order, without overlap."""

    intervals: tuple[Interval, ...]
    check: Check = "none"
    points: bool = False
    """Each interval is one value."""
    null_gap: bool = False
    """Everything but null: an array's keys do not tell that."""

    @property
    def full(self) -> bool:
        return self.intervals == FULL


FULL: tuple[Interval, ...] = ((LOWEST, True, HIGHEST, True),)


def bounds_of(node: Node, fold: Fold | None = None) -> Bounds | None:
    """The bounds of a predicate, or `None` where an index on its path cannot serve it."""
    if isinstance(node, Not):
        return _complement(node.part, fold)
    if not isinstance(node, Leaf):
        return None
    maker = _MAKERS.get(node.op)
    return None if maker is None else maker(node, fold)


def _point(key: Key) -> Interval:
    return (key, True, key, True)


def _equal(leaf: Leaf, fold: Fold | None) -> Bounds:
    if leaf.value is None:
        return Bounds((_point(UNDEFINED_KEY), _point(NULL_KEY)), "document", True)
    if isinstance(leaf.value, list | tuple):
        first = order_key(leaf.value[0], fold) if leaf.value else UNDEFINED_KEY
        return Bounds(tuple(sorted({_point(first), _point(order_key(leaf.value, fold))})), "document", True)
    return Bounds((_point(order_key(leaf.value, fold)),), "none", True)


def _in(leaf: Leaf, fold: Fold | None) -> Bounds:
    parts = [
        _regex(Leaf("", "regex", *regex_parts(value)), fold)
        if hasattr(value, "pattern")
        else _equal(Leaf("", "eq", value), fold)
        for value in leaf.value
    ]
    checks = {part.check for part in parts}
    check: Check = "document" if "document" in checks else "key" if "key" in checks else "none"
    return Bounds(_union([one for part in parts for one in part.intervals]), check, all(part.points for part in parts))


def _union(intervals: list[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for one in sorted(intervals, key=lambda interval: (interval[0], not interval[1])):
        if merged and one[0] <= merged[-1][2]:
            last = merged[-1]
            end = max((last[2], last[3]), (one[2], one[3]))
            merged[-1] = (last[0], last[1], *end)
        else:
            merged.append(one)
    return tuple(merged)


def _range(leaf: Leaf, fold: Fold | None) -> Bounds:
    key = order_key(leaf.value, fold)
    if key == NULL_KEY:
        return _equal(Leaf("", "eq", None), fold) if leaf.op in ("gte", "lte") else Bounds((), "none")
    if key[0] == NAN or key[0] < 0 or key[0] > 100:
        return Bounds(FULL, "document")
    low, high = bracket_of(key)
    if leaf.op in ("gt", "gte"):
        return Bounds(((key, leaf.op == "gte", high, False),))
    return Bounds(((low, True, key, leaf.op == "lte"),))


def _exists(_leaf: Leaf, _fold: Fold | None) -> Bounds:
    return Bounds(FULL, "document")


_LITERAL = re.compile(r"[^\\^$.|?*+()\[\]{}]|\\[^A-Za-z0-9]")


def literal_prefix(pattern: str, flags: str) -> tuple[str, bool]:
    """The text that a match must begin with, and whether that is all it asks; ("", False) where there is none."""
    rest = pattern[2:] if pattern.startswith("\\A") else pattern[1:] if pattern.startswith("^") else None
    if rest is None or "|" in pattern or set(flags) - set("smx") or ("m" in flags and not pattern.startswith("\\A")):
        return "", False
    text, at = "", 0
    while (match := _LITERAL.match(rest, at)) and "x" not in flags:
        text, at = text + match[0][-1], match.end()
    if at < len(rest) and rest[at] in "*?{":
        text = text[:-1]
    return text, at == len(rest) and bool(text)


def _regex(leaf: Leaf, fold: Fold | None) -> Bounds:
    itself = _point((REGEX, (leaf.value, 0)))
    prefix, whole = literal_prefix(leaf.value, leaf.options)
    if fold is not None or not prefix:
        return Bounds((((STRING,), True, (STRING + 1,), False), itself), "key")
    end = prefix[:-1] + chr(min(ord(prefix[-1]) + 1, 0x10FFFF))
    return Bounds((((STRING, prefix), True, (STRING, end), False), itself), "none" if whole else "key")


_TYPES: dict[object, int] = {
    "double": NUMBER, 1: NUMBER, "int": NUMBER, 16: NUMBER, "long": NUMBER, 18: NUMBER, "decimal": NUMBER, 19: NUMBER,
    "number": NUMBER, "string": STRING, 2: STRING, "objectId": OBJECT_ID, 7: OBJECT_ID, "bool": BOOLEAN, 8: BOOLEAN,
    "date": DATE, 9: DATE,
}  # fmt: skip


def type_bracket(name: object) -> int | None:
    """The bracket that a `$type` asks for; `None` for kinds that share none with a comparison."""
    return _TYPES.get(name) if isinstance(name, str | int) else None


def _type(leaf: Leaf, _fold: Fold | None) -> Bounds | None:
    bracket = type_bracket(leaf.value)
    return None if bracket is None else Bounds((((bracket,), True, (bracket + 1,), False),), "document")


def _number(_leaf: Leaf, _fold: Fold | None) -> Bounds:
    return Bounds((((NAN,), True, (NUMBER + 1,), False),), "key")


def _variable(_leaf: Leaf, _fold: Fold | None) -> Bounds:
    """A value that is not known here: the model draws one."""
    return Bounds((), "none", True)


_MAKERS: dict[str, Callable[[Leaf, Fold | None], Bounds | None]] = {
    "eq": _equal,
    "in": _in,
    "gt": _range,
    "gte": _range,
    "lt": _range,
    "lte": _range,
    "exists": _exists,
    "regex": _regex,
    "type": _type,
    "mod": _number,
    "eq-variable": _variable,
}


def _complement(part: Node, fold: Fold | None) -> Bounds | None:
    """`$ne`, `$nin`, `$not` of a range; `{$exists: false}` looks among the missing."""
    if isinstance(part, Leaf) and part.op == "exists":
        return Bounds((_point(NULL_KEY),), "document", True)
    inner = bounds_of(part, fold)
    if inner is None or (inner.check != "none" and not _takes_null(part)) or not inner.intervals:
        return None
    gaps: list[Interval] = []
    low, inclusive = LOWEST, True
    for start, start_in, end, end_in in inner.intervals:
        gaps.append((low, inclusive, start, not start_in))
        low, inclusive = end, not end_in
    gaps.append((low, inclusive, HIGHEST, True))
    null_gap = any(start == NULL_KEY for start, _, _, _ in inner.intervals)
    return Bounds(tuple(gap for gap in gaps if gap[0] < gap[2]), "none", null_gap=null_gap)


def _takes_null(part: Any) -> bool:
    """Values of which the check on the document is only for null."""
    if not isinstance(part, Leaf) or part.op not in ("eq", "in"):
        return False
    values = part.value if part.op == "in" else (part.value,)
    return not any(isinstance(value, list | tuple) or hasattr(value, "pattern") for value in values)


def intersect(one: tuple[Interval, ...], other: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """What lies in both."""
    found: list[Interval] = []
    for left in one:
        for right in other:
            low = max((left[0], not left[1]), (right[0], not right[1]))
            high = min((left[2], left[3]), (right[2], right[3]))
            if low[0] < high[0] or (low[0] == high[0] and not low[1] and high[1]):
                found.append((low[0], not low[1], high[0], high[1]))
    return tuple(found)


def both(one: Bounds, other: Bounds) -> Bounds:
    """The bounds of two predicates on one path that holds no array."""
    order: dict[Check, int] = {"none": 0, "key": 1, "document": 2}
    check: Check = max((one.check, other.check), key=order.__getitem__)
    return Bounds(intersect(one.intervals, other.intervals), check, one.points or other.points)
