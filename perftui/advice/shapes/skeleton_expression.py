"""The skeletons of aggregation expressions and projections: names, field paths, and the signs of numbers."""

from typing import Any

from perftui.advice.shapes.skeleton_parts import (
    MOST_TOKENS,
    Nodes,
    Read,
    Tokens,
    Unusual,
    is_document,
    is_list,
    short,
    unusual,
)


def choose_expression(_name: str, kind: type) -> Read | None:
    """How the value of an expression is read."""
    if issubclass(kind, str):
        return read_text
    if issubclass(kind, int):
        return read_whole
    if issubclass(kind, float):
        return _real
    if is_document(kind):
        return read_expression
    if is_list(kind):
        return read_items
    return unusual if hasattr(kind, "keys") else None


def read_any(value: Any, tokens: Tokens) -> None:
    """An expression of any type."""
    kind = type(value)
    tokens.append(kind)
    read = choose_expression("", kind)
    if read is not None:
        read(value, tokens)


def read_text(value: str, tokens: Tokens) -> None:
    """A field's path stays, any other text goes."""
    tokens.append(short(value) if value[:1] == "$" else None)


def read_whole(value: int, tokens: Tokens) -> None:
    tokens.append((value > 0) - (value < 0))


def _real(value: float, tokens: Tokens) -> None:
    tokens.append((bool(value), str(value)[:1] == "-"))


def read_items(values: Any, tokens: Tokens) -> None:
    tokens.append(len(values))
    if len(values) > MOST_TOKENS:
        raise Unusual
    for value in values:
        read_any(value, tokens)


_expressions = Nodes(choose_expression)
read_expression = _expressions.read
