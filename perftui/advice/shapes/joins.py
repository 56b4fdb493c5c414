"""The name that a join gives to what it found is free: later stages are read as if all chose the same one.

Whether a `$match` may move ahead of the join depends on that name, so stages are put in their order before.
"""

from collections.abc import Callable, Mapping

from perftui.advice.shapes.walk import Walk

NamedStage = tuple[str, object]
Names = Mapping[str, str]
"""From the path that a join fills to what it is called in the shape."""
JOINS = frozenset(("$lookup", "$graphLookup"))
_ENDS = frozenset(("$group", "$bucket", "$bucketAuto", "$sortByCount", "$replaceRoot", "$replaceWith", "$facet"))
"""What comes after one of them reads other documents."""
_LOGICAL = frozenset(("$and", "$or", "$nor"))
_DEPTH = 40
_MOST_NAMES, _MOST_UNSET = 50, 100


def with_joined_names(stages: list[NamedStage]) -> list[NamedStage]:
    """The stages, with `joined-users` for the path that a join with `users` fills, wherever they use it.

    The branches of a `$facet` are left as they are.
    """
    names: dict[str, str] = {}
    walk = Walk()
    found: list[NamedStage] = []
    for name, body in stages:
        rename = _RENAME.get(name) if names else None
        found.append((name, body if rename is None else rename(body, names, walk)))
        if name in JOINS and isinstance(body, Mapping):
            _note(names, body)
        elif name in _ENDS:
            names = {}
    return found


def _note(names: dict[str, str], join: Mapping[object, object]) -> None:
    path, source = join.get("as"), join.get("from")
    if not isinstance(path, str) or len(names) >= _MOST_NAMES:
        return
    name = f"joined-{source if isinstance(source, str) else 'collection'}"
    taken = sum(1 for other in names.values() if other == name or other.startswith(f"{name}-"))
    names[path] = f"{name}-{taken + 1}" if taken else name


def _path(path: object, names: Names) -> str:
    """Under its new name, where it is one of them or a field of one; the longest counts."""
    text = str(path)
    found = max((name for name in names if text == name or text.startswith(name + ".")), key=len, default=None)
    return text if found is None else names[found] + text[len(found) :]


def _expression(value: object, names: Names, walk: Walk, depth: int = 0) -> object:
    if isinstance(value, str):
        return "$" + _path(value[1:], names) if value[:1] == "$" and value[1:2] != "$" else value
    if not isinstance(value, Mapping | list | tuple) or depth > _DEPTH or not walk.enter(depth):
        return value
    if isinstance(value, Mapping):
        return {name: _expression(item, names, walk, depth + 1) for name, item in value.items()}
    return [_expression(item, names, walk, depth + 1) for item in value]


def _filter(body: object, names: Names, walk: Walk, depth: int = 0) -> object:
    if not isinstance(body, Mapping) or depth > _DEPTH or not walk.enter(depth):
        return body
    return {_filter_name(str(name), names): _asked(name, value, names, walk, depth) for name, value in body.items()}


def _filter_name(name: str, names: Names) -> str:
    return name if name[:1] == "$" else _path(name, names)


def _asked(name: object, value: object, names: Names, walk: Walk, depth: int) -> object:
    if name in _LOGICAL and isinstance(value, list | tuple):
        return [_filter(branch, names, walk, depth + 1) for branch in value]
    return _expression(value, names, walk, depth + 1) if name == "$expr" else value


def _keys(body: object, names: Names, _walk: Walk) -> object:
    if isinstance(body, Mapping):
        return {_path(name, names): value for name, value in body.items()}
    return body


def _unset(body: object, names: Names, _walk: Walk) -> object:
    if isinstance(body, list | tuple):
        return [_path(name, names) for name in body[:_MOST_UNSET]]
    return _path(body, names) if isinstance(body, str) else body


def _join(body: object, names: Names, _walk: Walk) -> object:
    """Its other fields are those of the other collection."""
    if isinstance(body, Mapping) and isinstance(body.get("localField"), str):
        return {**body, "localField": _path(body["localField"], names)}
    return body


def _window(body: object, names: Names, walk: Walk) -> object:
    renamed = _expression(body, names, walk)
    if isinstance(renamed, Mapping) and "sortBy" in renamed:
        return {**renamed, "sortBy": _keys(renamed["sortBy"], names, walk)}
    return renamed


_RENAME: dict[str, Callable[[object, Names, Walk], object]] = {
    "$match": _filter,
    "$sort": _keys,
    "$project": _keys,
    "$addFields": _keys,
    "$set": _keys,
    "$unset": _unset,
    "$unwind": _expression,
    "$lookup": _join,
    **dict.fromkeys(
        ("$group", "$bucket", "$bucketAuto", "$sortByCount", "$replaceRoot", "$replaceWith", "$redact"), _expression
    ),
    "$setWindowFields": _window,
}
