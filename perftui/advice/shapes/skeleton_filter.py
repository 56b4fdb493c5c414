"""The skeletons of filters: names, operators and nesting, and the few values that a shape depends on."""

from typing import Any

from perftui.advice.shapes.skeleton_expression import choose_expression
from perftui.advice.shapes.skeleton_parts import (
    MOST_TOKENS,
    Nodes,
    Read,
    Tokens,
    Unusual,
    is_document,
    is_list,
    is_plain,
    is_regex,
    short,
    truth,
    unusual,
)
from perftui.advice.shapes.values import list_class, regex_class, regex_of

_BRANCHING = frozenset(("$and", "$or", "$nor", "$all"))
_COMPARED = frozenset(("$eq", "$ne", "$not", "$elemMatch"))
_GEO = frozenset(("$near", "$nearSphere", "$geoNear", "$geoWithin", "$within", "$geoIntersects"))
known_plain: set[type] = set()


def _choose(name: str, kind: type) -> Read | None:
    if name == "$regularExpression":
        return unusual
    return _choose_operator(name, kind) if name[:1] == "$" else choose_value(kind)


def _choose_operator(name: str, kind: type) -> Read | None:
    if name == "$exists":
        return truth
    if name == "$expr":
        return choose_expression("", kind)
    if name in _COMPARED or name in _GEO:
        return choose_value(kind)
    if name in ("$in", "$nin"):
        return read_listed if is_list(kind) else None
    if name in _BRANCHING:
        return read_branches if is_list(kind) else None
    if name == "$regex":
        return _regex if kind is str or is_regex(kind) else unusual
    if name == "$options":
        return _options if kind is str else unusual
    return None


def choose_value(kind: type) -> Read | None:
    if is_document(kind):
        return read_filter
    if is_regex(kind):
        return _pattern
    return None if is_list(kind) or is_plain(kind) else unusual


def _pattern(value: Any, tokens: Tokens) -> None:
    tokens.append(regex_class(*(regex_of(value) or ("", ""))))


def _regex(value: Any, tokens: Tokens) -> None:
    """Of `$regex`, whose `$options` are read beside it: only `m` among them changes what they do to it."""
    pattern, flags = regex_of(value) or (str(value), "")
    tokens.append((regex_class(pattern, flags), regex_class(pattern, flags + "m")))


def _options(value: str, tokens: Tokens) -> None:
    tokens.append(short(value))


def read_listed(values: Any, tokens: Tokens) -> None:
    """How many there are by classes, and what is among them: of one alone all that it is."""
    size = len(values)
    if size == 1:
        tokens.append(1)
        _item(values[0], tokens)
        return
    types = list(map(type, values))
    # Lists mostly hold values of one type, which is cheaper to see than to collect.
    if size and types[0] in known_plain and types.count(types[0]) == size:
        tokens.append((2 if size <= 200 else 201, types[0] is type(None)))
        return
    kinds = set(types)
    if not kinds <= known_plain:
        known_plain.update(filter(_is_sure, kinds))
    if kinds <= known_plain:
        tokens.append((0 if not size else 2 if size <= 200 else 201, type(None) in kinds))
    else:
        tokens.append(list_class(values))


def _is_sure(kind: type) -> bool:
    """Only types that are there once: a set of an application's own would grow without bound."""
    return is_plain(kind) and (kind.__module__ in ("builtins", "datetime", "uuid") or kind.__module__[:5] == "bson.")


def read_branches(values: Any, tokens: Tokens) -> None:
    tokens.append(len(values))
    if len(values) > MOST_TOKENS:
        raise Unusual
    for value in values:
        _item(value, tokens)


def _item(value: Any, tokens: Tokens) -> None:
    kind = type(value)
    tokens.append(kind)
    read = choose_value(kind)
    if read is not None:
        read(value, tokens)


filters = Nodes(_choose)
read_filter = filters.read
