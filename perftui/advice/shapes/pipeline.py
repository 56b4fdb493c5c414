"""The canonical form of a pipeline: the stages that an index could serve, in their order."""

from collections.abc import Callable, Mapping

from perftui.advice.shapes.expression import expression_text
from perftui.advice.shapes.filter import filter_terms, filter_text, terms_text
from perftui.advice.shapes.joins import JOINS, with_joined_names
from perftui.advice.shapes.moves import RESHAPING, WRITES_OUT, NamedStage, in_reading_order
from perftui.advice.shapes.walk import CUT, Walk, name_text

_READ_IN_ORDER = frozenset(("$match", "$sort", "$limit", "$skip"))
_COVERED_FIELDS = 8


def pipeline_text(pipeline: object, walk: Walk, depth: int = 0) -> str:
    """Stages joined by bars; adjacent `$match`es are one, and what only reshapes the result at the end is left out."""
    stages = _stages(pipeline, walk)
    texts: list[str] = []
    waiting: dict[str, set[str]] = {}
    for name, body in stages:
        if not walk.enter(depth):
            texts.append(CUT)
            break
        if name == "$match" and isinstance(body, Mapping):
            for field, asked in filter_terms(body, walk, depth + 1).items():
                waiting.setdefault(field, set()).update(asked)
            continue
        _flush(waiting, texts)
        texts.append(_stage_text(name, body, walk, depth + 1))
    _flush(waiting, texts)
    return " | ".join(texts)


def _flush(waiting: dict[str, set[str]], texts: list[str]) -> None:
    if waiting:
        texts.append(f"$match {terms_text(waiting)}")
        waiting.clear()


def _stages(pipeline: object, walk: Walk) -> list[NamedStage]:
    if isinstance(pipeline, Mapping):
        pipeline = [pipeline]
    if not isinstance(pipeline, list | tuple):
        return []
    named = [next(iter(stage.items())) for stage in pipeline if isinstance(stage, Mapping) and stage]
    stages = [(str(name), body) for name, body in named]
    for at, (name, _) in enumerate(stages):
        if name in _MOVES and (at or name != "$match"):
            stages = in_reading_order(stages, walk)
            break
    if any(name in JOINS for name, _ in stages[:-1]):
        stages = with_joined_names(stages)
    end = len(stages)
    while end and stages[end - 1][0] in RESHAPING:
        end -= 1
    return stages[: end + 1] if end < len(stages) and _is_coverable(stages[: end + 1]) else stages[:end]


_MOVES = RESHAPING | WRITES_OUT | {"$match"}
"""Behind another stage these may stand elsewhere, or not matter."""


def _is_coverable(stages: list[NamedStage]) -> bool:
    """What comes at the end is a projection of fields, and nothing before it but reading in order."""
    name, body = stages[-1]
    before = {name for name, _ in stages[:-1]}
    return name == "$project" and before <= _READ_IN_ORDER and bool(included_fields(body))


def included_fields(projection: object) -> list[str]:
    """The fields of a projection that an ordinary index could cover, sorted; empty for any other projection."""
    if not isinstance(projection, Mapping) or not 0 < len(projection) <= _COVERED_FIELDS:
        return []
    fields = [str(name) for name, kept in projection.items() if kept is True or (_is_number(kept) and kept)]
    dropped = [name for name, kept in projection.items() if kept is False or (_is_number(kept) and not kept)]
    if len(fields) + len(dropped) != len(projection) or not fields or dropped not in ([], ["_id"]):
        return []
    return sorted({*fields, *(() if dropped else ("_id",))})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def sort_text(sort: object) -> str:
    """`{createdAt: -1, _id: 1}`: order and direction are the question itself."""
    pairs = list(sort.items()) if isinstance(sort, Mapping) else sort
    if not isinstance(pairs, list | tuple):
        return ""
    known = [pair for pair in pairs[:32] if isinstance(pair, list | tuple) and len(pair) == 2]
    fields = ", ".join([f"{name_text(str(name))}: {_direction(way)}" for name, way in known])
    return "{" + fields + "}" if fields else ""


def _direction(value: object) -> str:
    if isinstance(value, Mapping):
        number = next((value[key] for key in ("$numberInt", "$numberLong", "$numberDouble") if key in value), None)
        if number is None:
            return "$meta " + name_text(str(value.get("$meta", "?")))
        return "-1" if str(number).startswith("-") else "1"
    return "-1" if _is_number(value) and str(value).startswith("-") else "1" if _is_number(value) else "?"


def _stage_text(name: str, body: object, walk: Walk, depth: int) -> str:
    render = _RENDER.get(name)
    if render is None:
        return name_text(name)
    text = render(body, walk, depth)
    return f"{name} {text}" if text else name


def _group(body: object, walk: Walk, depth: int) -> str:
    if not isinstance(body, Mapping):
        return ""
    ends = {next(iter(how), "") for field, how in body.items() if field != "_id" and isinstance(how, Mapping) and how}
    only = f", {', '.join(sorted(map(str, ends)))}" if ends and ends <= {"$first", "$last"} else ""
    key = expression_text(body.get("_id"), walk, depth)
    return f"{{_id: {'null' if key == '?' else key}{only}}}"


def _lookup(body: object, walk: Walk, depth: int) -> str:
    if not isinstance(body, Mapping):
        return ""
    parts = [f"{key}: {_reference(body[key])}" for key in ("from", "localField", "foreignField") if key in body]
    if "pipeline" in body:
        parts.append(f"pipeline: [{pipeline_text(body['pipeline'], walk, depth + 1)}]")
    return "{" + ", ".join(parts) + "}"


def _reference(value: object) -> str:
    if isinstance(value, Mapping):
        return ".".join(name_text(str(part)) for part in list(value.values())[:2])
    return name_text(str(value))


def _graph_lookup(body: object, walk: Walk, depth: int) -> str:
    if not isinstance(body, Mapping):
        return ""
    names = ("from", "connectFromField", "connectToField")
    parts = [f"{key}: {_reference(body[key])}" for key in names if key in body]
    if "restrictSearchWithMatch" in body:
        parts.append(f"match: {filter_text(body['restrictSearchWithMatch'], walk, depth)}")
    return "{" + ", ".join(parts) + "}"


def _facet(body: object, walk: Walk, depth: int) -> str:
    branches = body.values() if isinstance(body, Mapping) else ()
    return "{" + ", ".join(sorted({f"[{pipeline_text(branch, walk, depth + 1)}]" for branch in branches})) + "}"


def _union(body: object, walk: Walk, depth: int) -> str:
    if not isinstance(body, Mapping):
        return "{coll: " + name_text(str(body)) + "}"
    return (
        f"{{coll: {_reference(body.get('coll', '?'))}, pipeline: [{pipeline_text(body.get('pipeline'), walk, depth)}]}}"
    )


def _geo_near(body: object, walk: Walk, depth: int) -> str:
    if not isinstance(body, Mapping):
        return ""
    kind = "GeoJSON" if isinstance(body.get("near"), Mapping) else "a pair"
    if body.get("spherical"):
        kind += " on a sphere"
    key, query = _reference(body.get("key", "?")), filter_text(body.get("query"), walk, depth)
    return f"{{near: {kind}, key: {key}, query: {query}}}"


def _reshape(body: object, walk: Walk, depth: int) -> str:
    """Which fields stay what they were and which do not: a `$match` after it moves past the former only."""
    if not isinstance(body, Mapping):
        return expression_text(body, walk, depth)
    walk.left -= len(body)
    return "{" + ", ".join(sorted(_reshaped(str(name), how) for name, how in list(body.items())[:100])) + "}"


def _reshaped(name: str, how: object) -> str:
    if isinstance(how, bool | int | float):
        return name_text(name) if how else f"{name_text(name)}: 0"
    return f"{name_text(name)}: ?"


def _computed(body: object, walk: Walk, depth: int) -> str:
    """All of them are computed, numbers too."""
    if not isinstance(body, Mapping):
        return expression_text(body, walk, depth)
    walk.left -= len(body)
    return "{" + ", ".join(sorted(f"{name_text(str(name))}: ?" for name in list(body)[:100])) + "}"


def _unset(body: object, walk: Walk, _depth: int) -> str:
    names = body if isinstance(body, list | tuple) else [body]
    walk.left -= len(names)
    return "{" + ", ".join(sorted(f"{name_text(str(name))}: 0" for name in names[:100])) + "}"


def _unwind(body: object, _walk: Walk, _depth: int) -> str:
    path = body.get("path") if isinstance(body, Mapping) else body
    return name_text(str(path))


def _bucket(body: object, walk: Walk, depth: int) -> str:
    return expression_text(body.get("groupBy"), walk, depth) if isinstance(body, Mapping) else ""


def _window(body: object, walk: Walk, depth: int) -> str:
    if not isinstance(body, Mapping):
        return ""
    key = expression_text(body.get("partitionBy"), walk, depth)
    return f"{{partitionBy: {key}, sortBy: {sort_text(body.get('sortBy')) or '?'}}}"


_RENDER: dict[str, Callable[[object, Walk, int], str]] = {
    "$sort": lambda body, _walk, _depth: sort_text(body),
    "$limit": lambda _body, _walk, _depth: "?",
    "$skip": lambda _body, _walk, _depth: "?",
    "$group": _group,
    "$lookup": _lookup,
    "$graphLookup": _graph_lookup,
    "$facet": _facet,
    "$unionWith": _union,
    "$geoNear": _geo_near,
    "$unwind": _unwind,
    "$bucket": _bucket,
    "$bucketAuto": _bucket,
    "$sortByCount": expression_text,
    "$setWindowFields": _window,
    "$project": _reshape,
    "$addFields": _computed,
    "$set": _computed,
    "$unset": _unset,
    "$replaceRoot": expression_text,
    "$replaceWith": expression_text,
}
