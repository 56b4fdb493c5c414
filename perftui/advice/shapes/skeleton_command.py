"""The skeletons of commands: what their shapes depend on, and nothing that is cheaper to leave out.

A skeleton keeps more than a shape does, never less: names in their order, nesting, the types of values, field paths,
and the few values that a shape depends on. So equal skeletons have equal shapes.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from perftui.advice.shapes.collation import collation_text
from perftui.advice.shapes.shape import MOST_STATEMENTS
from perftui.advice.shapes.skeleton_filter import read_filter
from perftui.advice.shapes.skeleton_parts import MOST_TOKENS, Nodes, Tokens, Unusual, is_document, short, truth
from perftui.advice.shapes.skeleton_pipeline import read_pipeline, read_sort

_MOST_MIXED: Final = 50


def _find(command: Mapping[str, Any], tokens: Tokens) -> None:
    get = command.get
    query = get("filter")
    if type(query) is dict:
        read_filter(query, tokens)
    else:
        _filter(query, tokens)
    sort = get("sort")
    if sort is not None:
        read_sort(sort, tokens)
    tokens.append((1 if get("limit") else 0) + (2 if get("skip") else 0))
    projection = get("projection")
    if projection is not None:
        _projection(projection, tokens)
    if "collation" in command:
        read_collation(command["collation"], tokens)


def _aggregate(command: Mapping[str, Any], tokens: Tokens) -> None:
    read_pipeline(command["pipeline"], tokens)
    if "collation" in command:
        read_collation(command["collation"], tokens)


def _count(command: Mapping[str, Any], tokens: Tokens) -> None:
    get = command.get
    _filter(get("query"), tokens)
    tokens.append((bool(get("limit")), bool(get("skip"))))
    read_collation(get("collation"), tokens)


def _distinct(command: Mapping[str, Any], tokens: Tokens) -> None:
    _filter(command.get("query"), tokens)
    tokens.append(short(command["key"]))
    read_collation(command.get("collation"), tokens)


def _find_and_modify(command: Mapping[str, Any], tokens: Tokens) -> None:
    get = command.get
    _filter(get("query"), tokens)
    sort = get("sort")
    if sort is not None:
        read_sort(sort, tokens)
    tokens.append(bool(get("remove")))
    read_collation(get("collation"), tokens)


def _insert(_command: Mapping[str, Any], _tokens: Tokens) -> None:
    """Its shape is its collection."""


def _statements(many: str) -> Callable[[Mapping[str, Any], Tokens], None]:
    """Of updates and deletes: statements that are all alike count once, or else the different ones among them."""

    def read(command: Mapping[str, Any], tokens: Tokens) -> None:
        statements = command[many]
        if type(statements) is not list or not statements:
            raise Unusual
        first: Tokens = []
        _statement(statements[0], first)
        others = _others(statements, first) if len(statements) > 1 else None
        tokens += first
        if others:
            tokens.append(others)

    return read


def _others(statements: list[Any], first: Tokens) -> frozenset[tuple[object, ...]]:
    """The different skeletons among those that are not as the first. Raises `Unusual` where a shape may be cut."""
    different: set[tuple[object, ...]] = set()
    left = MOST_TOKENS
    for statement in statements[:MOST_STATEMENTS]:
        own: Tokens = []
        _statement(statement, own)
        left -= len(own)
        if own != first:
            different.add(tuple(own))
        if different and (left < 0 or len(statements) > _MOST_MIXED):
            raise Unusual
    return frozenset(different)


def _statement(statement: Any, tokens: Tokens) -> None:
    if type(statement) is not dict and not is_document(type(statement)):
        raise Unusual
    query = statement.get("q")
    if type(query) is dict:
        read_filter(query, tokens)
    else:
        _filter(query, tokens)
    if "collation" in statement:
        read_collation(statement["collation"], tokens)


def _filter(query: Any, tokens: Tokens) -> None:
    if query is None:
        tokens.append(None)
    elif is_document(type(query)):
        read_filter(query, tokens)
    else:
        raise Unusual


def read_collation(collation: Any, tokens: Tokens) -> None:
    if collation is not None:
        tokens.append(short(collation_text(collation)))


def _choose_projected(_name: str, kind: type) -> Callable[[Any, Tokens], None] | None:
    """Whether a field is kept or left out."""
    if issubclass(kind, int | float):
        return truth
    return None


def _projection(projection: Any, tokens: Tokens) -> None:
    if not is_document(type(projection)):
        raise Unusual
    read_projection(projection, tokens)


read_projection = Nodes(_choose_projected).read
COMMANDS: dict[str, Callable[[Mapping[str, Any], Tokens], None]] = {
    "find": _find,
    "aggregate": _aggregate,
    "count": _count,
    "distinct": _distinct,
    "findAndModify": _find_and_modify,
    "insert": _insert,
    "update": _statements("updates"),
    "delete": _statements("deletes"),
}
