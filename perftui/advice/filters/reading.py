"""Reads a filter as a driver sends it, or as the server profiles it, into a tree."""

from collections.abc import Callable, Mapping
from typing import Any

from perftui.advice.filters.bson_order import order_key
from perftui.advice.filters.expression import read_expression
from perftui.advice.filters.tree import EVERYTHING, All, AnyOf, Element, Leaf, Node, Not, Reading, all_of
from perftui.advice.shapes.values import is_operator_document

_DEPTH = 40
_MOST_VALUES = 5000
_IGNORED = frozenset(("$comment", "$options", "$maxDistance", "$minDistance", "$natural", "$hint", "$uniqueDocs"))


def read_filter(query: object, reading: Reading, depth: int = 0) -> Node:
    """The tree; what is not understood becomes an opaque leaf, and `reading` says so."""
    if not isinstance(query, Mapping):
        return EVERYTHING
    if depth > _DEPTH:
        return _rest(reading)
    parts: list[Node] = []
    for name, value in query.items():
        reading.left -= 1
        operator = str(name)[:1] == "$"
        if reading.left < 0 or not (operator or reading.takes(str(name))):
            parts.append(_rest(reading))
            break
        node = _logical(str(name), value, reading, depth) if operator else None
        parts.extend([node] if node is not None else _on_path(str(name), value, reading, depth))
    return all_of(parts) if parts else EVERYTHING


def _rest(reading: Reading) -> Leaf:
    reading.note("The filter is larger than is read; the rest of it was taken as one more condition.")
    return Leaf("", "opaque")


def _logical(name: str, value: object, reading: Reading, depth: int) -> Node | None:
    branches = [read_filter(one, reading, depth + 1) for one in value] if isinstance(value, list | tuple) else []
    if name == "$and":
        return All(tuple(branches))
    if name == "$or" and branches:
        return _one_path(branches) or (branches[0] if len(branches) == 1 else AnyOf(tuple(branches)))
    if name == "$nor":
        return All(tuple(Not(branch) for branch in branches))
    if name == "$expr":
        return read_expression(value, reading)
    if name in _IGNORED:
        return EVERYTHING
    if name == "$text":
        return Leaf("", "text", value)
    if name in ("$where", "$function"):
        reading.note("It runs JavaScript ($where), which no index can serve.")
        return Leaf("", "javascript")
    reading.note(f"{name[:40]} is not known to this version; it was taken as one more condition.")
    return Leaf("", "opaque")


def _one_path(branches: list[Node]) -> Node | None:
    """The server makes one `$in` of equalities to one path."""
    values: list[Any] = []
    for branch in branches:
        if not isinstance(branch, Leaf) or branch.op not in ("eq", "in") or branch.path != _path_of(branches[0]):
            return None
        values.extend(branch.value if branch.op == "in" else [branch.value])
    return in_leaf(_path_of(branches[0]), values)


def _path_of(node: Node) -> str:
    return node.path if isinstance(node, Leaf) else ""


def _on_path(path: str, value: object, reading: Reading, depth: int) -> list[Node]:
    if not isinstance(value, Mapping) or not is_operator_document(value):
        return [equal_leaf(path, value)]
    found: list[Node] = []
    for operator, operand in value.items():
        reading.left -= 1
        node = _operator(path, str(operator), operand, value, reading, depth + 1)
        if node is not None:
            found.append(node)
    return found


def _operator(
    path: str, name: str, operand: Any, whole: Mapping[str, Any], reading: Reading, depth: int
) -> Node | None:
    if (comparison := _COMPARISONS.get(name)) is not None:
        return Leaf(path, comparison, operand, token=order_key(operand))
    if (simple := _SIMPLE.get(name)) is not None:
        return simple(path, operand)
    if name == "$regex":
        pattern, flags = regex_parts(operand)
        return regex_leaf(path, pattern, flags + str(whole.get("$options", "")))
    if name == "$not":
        return Not(all_of(_on_path(path, _as_operators(operand), reading, depth) or [EVERYTHING]))
    if name == "$elemMatch":
        return _element(path, operand, reading, depth)
    if name == "$all":
        return _every(path, operand, reading, depth)
    if name in _GEO:
        return _geo_leaf(path, name, operand)
    if name in _IGNORED:
        return None
    return Leaf(path, _OTHERS.get(name, "opaque"), operand, token=order_key(operand))


def _as_operators(operand: object) -> object:
    """`$not: /regex/` is as good as `$not: {$regex: ...}`."""
    return operand if isinstance(operand, Mapping) else {"$eq": operand}


def equal_leaf(path: str, value: Any) -> Node:
    """An equality; a regular expression is a pattern to look for."""
    parts = None if isinstance(value, str | int | float) else _regex_or_none(value)
    if parts is not None:
        return regex_leaf(path, *parts)
    if isinstance(value, Mapping) and "$undefined" in value:
        value = None
    return Leaf(path, "eq", value, token=order_key(value))


def _regex_or_none(value: object) -> tuple[str, str] | None:
    inner = value.get("$regularExpression") if isinstance(value, Mapping) else None
    if isinstance(inner, Mapping):
        return str(inner.get("pattern", "")), str(inner.get("options", ""))
    return regex_parts(value) if hasattr(value, "pattern") else None


def regex_parts(value: object) -> tuple[str, str]:
    """Pattern and flags; Python's own patterns of text carry the flag u, which drivers send."""
    if isinstance(value, Mapping):
        return _regex_or_none(value) or ("", "")
    pattern = getattr(value, "pattern", value)
    text = pattern.decode("utf-8", "replace") if isinstance(pattern, bytes) else str(pattern)
    flags = getattr(value, "flags", 0)
    letters = (("i", 2), ("l", 4), ("m", 8), ("s", 16), ("u", 32), ("x", 64))
    return text, "".join(letter for letter, bit in letters if isinstance(flags, int) and flags & bit)


def regex_leaf(path: str, pattern: str, flags: str) -> Leaf:
    return Leaf(path, "regex", pattern, flags, token=pattern)


def in_leaf(path: str, values: object) -> Node:
    if not isinstance(values, list | tuple):
        return Leaf(path, "opaque")
    kept = list({order_key(value): value for value in values[:_MOST_VALUES]}.values())
    if len(kept) == 1:
        return equal_leaf(path, kept[0])
    return Leaf(path, "in", tuple(kept), token=tuple(sorted(map(order_key, kept))))


def _element(path: str, operand: object, reading: Reading, depth: int) -> Node:
    if not isinstance(operand, Mapping):
        return Leaf(path, "opaque")
    logical = {"$or", "$and", "$nor", "$expr", "$where"} & set(operand)
    on_value = is_operator_document(operand) and not logical
    inner = all_of(_on_path("", operand, reading, depth)) if on_value else read_filter(operand, reading, depth)
    return Element(path, inner)


def _every(path: str, operand: object, reading: Reading, depth: int) -> Node:
    items = list(operand)[:_MOST_VALUES] if isinstance(operand, list | tuple) else []
    parts: list[Node] = []
    for item in items:
        inner = item.get("$elemMatch") if isinstance(item, Mapping) else None
        parts.append(equal_leaf(path, item) if inner is None else _element(path, inner, reading, depth))
    return all_of(parts) if parts else Leaf(path, "opaque")


def _geo_leaf(path: str, name: str, operand: Any) -> Leaf:
    near = name in ("$near", "$nearSphere", "$geoNear")
    keys = set(operand) if isinstance(operand, Mapping) else set()
    flat = bool(keys & {"$box", "$polygon", "$center"}) or (near and not keys & {"$geometry", "coordinates", "type"})
    kind = "2d" if flat and name != "$nearSphere" else "2dsphere"
    return Leaf(path, "near" if near else "geo", operand, kind, token=str(operand))


_COMPARISONS = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
_SIMPLE: dict[str, Callable[[str, Any], Node]] = {
    "$eq": equal_leaf,
    "$ne": lambda path, value: Not(equal_leaf(path, value)),
    "$in": in_leaf,
    "$nin": lambda path, values: Not(in_leaf(path, values)),
    "$exists": lambda path, value: _exists(path, value),
}
_GEO = frozenset(("$near", "$nearSphere", "$geoNear", "$geoWithin", "$within", "$geoIntersects"))
_OTHERS = {
    "$mod": "mod", "$size": "size", "$type": "type",
    "$bitsAllSet": "bits", "$bitsAnySet": "bits", "$bitsAllClear": "bits", "$bitsAnyClear": "bits",
}  # fmt: skip


def _exists(path: str, value: object) -> Node:
    leaf = Leaf(path, "exists", True)
    return leaf if value else Not(leaf)
