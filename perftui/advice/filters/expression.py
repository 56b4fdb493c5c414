"""The part of `$expr` that an index can serve: a field compared with a value."""

from collections.abc import Mapping
from typing import Any, Final

from perftui.advice.filters.bson_order import order_key
from perftui.advice.filters.tree import EVERYTHING, All, Leaf, Node, Reading, all_of

_FLIPPED = {"$eq": "eq", "$gt": "lt", "$gte": "lte", "$lt": "gt", "$lte": "gte"}
_STRAIGHT = {"$eq": "eq", "$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
UNKNOWN_VALUE: Final = object()
"""A variable's value: it differs at every execution."""


def read_expression(value: object, reading: Reading) -> Node:
    """Comparisons of fields with values, joined by `$and`; the rest is opaque."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return Leaf("", "opaque")
    name, operands = next(iter(value.items()))
    if name == "$and" and isinstance(operands, list | tuple):
        parts = [read_expression(one, reading) for one in operands[:100]]
        return all_of(parts) if parts else EVERYTHING
    if name in _STRAIGHT and isinstance(operands, list | tuple) and len(operands) == 2:
        found = _comparison(str(name), operands[0], operands[1])
        if found is not None:
            return found
    reading.note("An expression ($expr) computes on each document; no index can serve that part.")
    return Leaf("", "opaque", token=str(value)[:500])


def _comparison(name: str, left: Any, right: Any) -> Node | None:
    if _is_path(left) and _is_value(right):
        return _leaf(str(left)[1:], _STRAIGHT[name], right)
    if _is_path(right) and _is_value(left):
        return _leaf(str(right)[1:], _FLIPPED[name], left)
    return None


def _leaf(path: str, op: str, value: Any) -> Node:
    if isinstance(value, str) and value.startswith("$$"):
        return Leaf(path, f"{op}-variable", UNKNOWN_VALUE, token=value, from_expression=True)
    if isinstance(value, Mapping):
        value = value["$literal"]
    leaf = Leaf(path, op, value, token=order_key(value), from_expression=True)
    return leaf if op != "eq" or value is not None else All((leaf,))


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value[:1] == "$" and value[:2] != "$$" and len(value) > 1


def _is_value(value: object) -> bool:
    if isinstance(value, Mapping):
        return set(value) == {"$literal"}
    if isinstance(value, list | tuple):
        return False
    return not _is_path(value) and value not in ("$$REMOVE", "$$ROOT", "$$CURRENT")
