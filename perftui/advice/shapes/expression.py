"""Aggregation expressions without their literals."""

from collections.abc import Mapping

from perftui.advice.shapes.walk import CUT, Walk, name_text

_VARIABLE = "$$?"
"""A variable of the query's own, whose name is free; the server's, such as `$$NOW` and `$$ROOT`, are in capitals."""


def expression_text(value: object, walk: Walk, depth: int = 0) -> str:
    """`{$gt: ["$spent", ?]}` becomes `{$gt: [$spent, ?]}`: operators, paths and order stay, literals go."""
    if isinstance(value, str):
        if value[:1] != "$":
            return "?"
        return _VARIABLE if value[:2] == "$$" and not value[2:3].isupper() else name_text(value)
    if not walk.enter(depth):
        return CUT
    if isinstance(value, Mapping):
        return _mapping_text(value, walk, depth)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_items(value, walk, depth)) + "]"
    return "null" if value is None else "?"


def _items(values: list[object] | tuple[object, ...], walk: Walk, depth: int) -> list[str]:
    texts: list[str] = []
    for value in values:
        text = expression_text(value, walk, depth + 1)
        if text != "?" or texts[-1:] != ["?"]:
            texts.append(text)
        if walk.left <= 0:
            break
    return texts


def _mapping_text(value: Mapping[str, object], walk: Walk, depth: int) -> str:
    if "$literal" in value:
        return "?"
    parts: list[str] = []
    for name, item in value.items():
        if walk.left <= 0:
            parts.append(CUT)
            break
        parts.append(f"{name_text(str(name))}: {expression_text(item, walk, depth + 1)}")
    return "{" + ", ".join(parts) + "}"
