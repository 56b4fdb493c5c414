"""A pipeline in the order in which the server reads it: a `$match` moves ahead of what does not concern it."""

from collections.abc import Callable, Iterator, Mapping

from perftui.advice.shapes.walk import Walk

NamedStage = tuple[str, object]
RESHAPING = frozenset(("$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith", "$redact"))
_CUTS = frozenset(("$limit", "$skip"))
WRITES_OUT = frozenset(("$out", "$merge"))
_LOGICAL = frozenset(("$and", "$or", "$nor"))


def in_reading_order(stages: list[NamedStage], walk: Walk) -> list[NamedStage]:
    """Each `$match` as early as the server tries it, and a limit ahead of what reshapes the result."""
    moved: list[NamedStage] = []
    for stage in stages:
        name, body = stage
        if name == "$match" and isinstance(body, Mapping) and moved:
            _sink(moved, body, len(moved), walk)
        else:
            moved.append(stage)
    return _limits_first(moved)


def _sink(stages: list[NamedStage], query: Mapping[str, object], end: int, walk: Walk) -> None:
    """Insert a `$match` before `end`, those parts of it that may pass the stage there further ahead."""
    while end and walk.enter(0):
        name, body = stages[end - 1]
        if name == "$sort":
            end -= 1
            continue
        passes = _PASSES.get(name)
        if passes is None:
            break
        ahead = {key: value for key, value in query.items() if _may_pass(str(key), value, body, passes)}
        if len(ahead) == len(query):
            end -= 1
            continue
        if ahead:
            stages.insert(end, ("$match", {key: value for key, value in query.items() if key not in ahead}))
            _sink(stages, ahead, end - 1, walk)
            return
        break
    stages.insert(end, ("$match", query))


Passes = Callable[[object, str], bool]
"""Whether a predicate on this path may be tried before the stage with this body."""


def _may_pass(key: str, value: object, body: object, passes: Passes) -> bool:
    if key[:1] != "$":
        return passes(body, key)
    paths = list(_paths(key, value, 0))
    return bool(paths) and "" not in paths and all(passes(body, path) for path in paths[:200])


def _paths(key: str, value: object, depth: int) -> Iterator[str]:
    """The paths under `$and`, `$or` and `$nor`; an empty one for whatever has no path of its own."""
    if key[:1] != "$":
        yield key
    elif key in _LOGICAL and isinstance(value, list | tuple) and depth < 20:
        for branch in value[:200]:
            if isinstance(branch, Mapping):
                for name, item in branch.items():
                    yield from _paths(str(name), item, depth + 1)
    else:
        yield ""


def _concerns(path: str, name: str) -> bool:
    return path == name or path.startswith(name + ".") or name.startswith(path + ".")


def _past_fields(body: object, path: str) -> bool:
    return isinstance(body, Mapping) and not any(_concerns(path, str(name)) for name in body)


def _past_project(body: object, path: str) -> bool:
    """The field goes through as it is: it is among those kept, or not among those left out."""
    if not isinstance(body, Mapping):
        return False
    kept = [str(name) for name, how in body.items() if isinstance(how, bool | int | float) and how]
    if any(path == name or path.startswith(name + ".") for name in kept):
        return True
    others = [str(name) for name, how in body.items() if not isinstance(how, bool | int | float)]
    dropped = [str(name) for name in body if str(name) not in kept and str(name) not in others]
    only_drops = bool(dropped) and not kept and not others
    return only_drops and not any(_concerns(path, name) for name in dropped)


def _past_unset(body: object, path: str) -> bool:
    names = body if isinstance(body, list | tuple) else [body]
    return all(isinstance(name, str) and not _concerns(path, name) for name in names)


def _past_unwind(body: object, path: str) -> bool:
    made = [body.get("path"), body.get("includeArrayIndex")] if isinstance(body, Mapping) else [body]
    names = [name.removeprefix("$") for name in made if isinstance(name, str)]
    return bool(names) and not any(_concerns(path, name) for name in names)


def _past_join(body: object, path: str) -> bool:
    made = body.get("as") if isinstance(body, Mapping) else None
    return isinstance(made, str) and not _concerns(path, made)


_PASSES: dict[str, Passes] = {
    "$project": _past_project,
    "$addFields": _past_fields,
    "$set": _past_fields,
    "$unset": _past_unset,
    "$unwind": _past_unwind,
    "$lookup": _past_join,
    "$graphLookup": _past_join,
}


def _limits_first(stages: list[NamedStage]) -> list[NamedStage]:
    """Where the result goes, and how what is left is reshaped, asks no index: limits come first in the tail."""
    end = len(stages)
    if end and stages[end - 1][0] in WRITES_OUT:
        end -= 1
    start = end
    while start and (stages[start - 1][0] in RESHAPING or stages[start - 1][0] in _CUTS):
        start -= 1
    tail = stages[start:end]
    if len(tail) < 2:
        return stages[:end]
    cuts = [stage for stage in tail if stage[0] in _CUTS]
    return [*stages[:start], *cuts, *[stage for stage in tail if stage[0] not in _CUTS]]
