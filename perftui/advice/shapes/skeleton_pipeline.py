"""The skeletons of pipelines and orders."""

from collections.abc import Callable
from typing import Any

from perftui.advice.shapes.pipeline import sort_text
from perftui.advice.shapes.skeleton_expression import choose_expression, read_any, read_expression
from perftui.advice.shapes.skeleton_filter import read_filter
from perftui.advice.shapes.skeleton_parts import (
    MOST_TOKENS,
    Nodes,
    Read,
    Tokens,
    Unusual,
    is_document,
    is_list,
    short,
    truth,
    unusual,
)

_REFERENCES = frozenset(("from", "localField", "foreignField", "connectFromField", "connectToField", "coll", "key"))
_NAMES = frozenset(("path", "includeArrayIndex", "as"))


def read_pipeline(pipeline: Any, tokens: Tokens) -> None:
    """A list of stages."""
    if type(pipeline) is not list or len(pipeline) > MOST_TOKENS:
        raise Unusual
    tokens.append(len(pipeline))
    for stage in pipeline:
        if type(stage) is not dict or len(stage) != 1:
            raise Unusual
        (name,) = stage
        body = stage[name]
        read = DOCUMENT_STAGES.get(name) if type(body) is dict else None
        if read is not None:
            # The document's kind follows the name; of any other type the type does.
            tokens.append(name)
            read(body, tokens)
        else:
            _other(name, body, tokens)
    if len(tokens) > MOST_TOKENS:
        raise Unusual


def _other(name: str, body: Any, tokens: Tokens) -> None:
    tokens.append(short(name))
    read = STAGES.get(name)
    if read is not None:
        read(body, tokens)


def read_sort(sort: Any, tokens: Tokens) -> None:
    """Fields in their order, and directions."""
    kind = type(sort)
    if (kind is not dict and not is_document(kind)) or len(sort) > MOST_TOKENS:
        raise Unusual
    for way in sort.values():
        if type(way) is not int:
            tokens.append(tuple(sort))
            tokens.append(sort_text(sort))
            return
    tokens.append(tuple(sort.items()))


def _of(read: Callable[[Any, Tokens], None]) -> Callable[[Any, Tokens], None]:
    """The stage's body where it is a document; of anything else only its type counts."""

    def stage(body: Any, tokens: Tokens) -> None:
        kind = type(body)
        tokens.append(kind)
        if is_document(kind):
            read(body, tokens)
        elif hasattr(kind, "keys"):
            raise Unusual

    return stage


def _choose_joined(name: str, kind: type) -> Read | None:
    """Of a stage that names other collections and fields by plain texts."""
    if name == "pipeline":
        return read_pipeline if kind is list else unusual
    if name in ("restrictSearchWithMatch", "query"):
        return read_filter if is_document(kind) else None if kind is type(None) else unusual
    if name == "spherical":
        return truth
    if name == "near":
        return unusual if hasattr(kind, "keys") and kind is not dict else None
    if name in _REFERENCES or name in _NAMES:
        return read_name if kind is str else unusual
    return None


def read_name(value: str, tokens: Tokens) -> None:
    tokens.append(short(value))


def _name_or(read: Callable[[Any, Tokens], None]) -> Callable[[Any, Tokens], None]:
    def stage(body: Any, tokens: Tokens) -> None:
        tokens.append(type(body))
        if type(body) is str:
            tokens.append(short(body))
        elif is_document(type(body)):
            read(body, tokens)
        else:
            raise Unusual

    return stage


def _unset(body: Any, tokens: Tokens) -> None:
    names = body if is_list(type(body)) else [body]
    if len(names) > MOST_TOKENS or any(type(name) is not str for name in names):
        raise Unusual
    tokens.append(type(body))
    tokens.append(tuple(map(short, names)))


def _facet(body: Any, tokens: Tokens) -> None:
    if type(body) is not dict:
        raise Unusual
    tokens.append(len(body))
    for branch in body.values():
        read_pipeline(branch, tokens)


def _choose_window(name: str, kind: type) -> Read | None:
    if name == "sortBy":
        return read_sort if is_document(kind) else unusual
    return choose_expression(name, kind) if name == "partitionBy" else None


_read_joined = Nodes(_choose_joined).read
_EXPRESSIONS = (
    "$project", "$addFields", "$set", "$group", "$bucket", "$bucketAuto", "$sortByCount", "$replaceRoot",
    "$replaceWith",
)  # fmt: skip
DOCUMENT_STAGES: dict[str, Callable[[Any, Tokens], None]] = {
    "$match": read_filter,
    "$sort": read_sort,
    "$lookup": _read_joined,
    "$graphLookup": _read_joined,
    "$geoNear": _read_joined,
    **dict.fromkeys(_EXPRESSIONS, read_expression),
}
"""Stages whose body is a document, as it mostly is."""
STAGES: dict[str, Callable[[Any, Tokens], None]] = {
    "$match": _of(read_filter),
    "$sort": read_sort,
    "$lookup": _of(_read_joined),
    "$graphLookup": _of(_read_joined),
    "$geoNear": _of(_read_joined),
    "$unionWith": _name_or(_read_joined),
    "$unwind": _name_or(_read_joined),
    "$facet": _facet,
    "$unset": _unset,
    "$setWindowFields": _of(Nodes(_choose_window).read),
    **dict.fromkeys(_EXPRESSIONS, read_any),
}
"""Stages of which more counts than the name."""
