"""What a command asks for beside its shape: what stands in the way of an index, or of reading less."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from perftui.advice.filters.traits import FilterTraits, javascript_in
from perftui.advice.load import Command
from perftui.advice.shapes.pipeline import included_fields
from perftui.advice.shapes.shape import originating_command

_GROUPING = frozenset(("$group", "$bucket", "$bucketAuto", "$sortByCount", "$count", "$facet"))
_IN_ORDER = frozenset(("$match", "$sort", "$limit", "$skip", "$project", "$unset"))
_COVERABLE = frozenset(("$match", "$sort", "$limit", "$skip", "$project"))
_WRITING = frozenset(("$out", "$merge"))
_ONE_RESULT = ("count", "distinct", "mapReduce", "mapreduce")

NamedStage = tuple[str, object]


class Join(NamedTuple):
    collection: str
    field: str


class Asked(NamedTuple):
    """One command, read once."""

    filter: FilterTraits
    filtered: bool = False
    """A filter stands before anything that groups."""
    sort: tuple[str, ...] = ()
    """Fields of a sort that an index could serve."""
    sorts_results: bool = False
    """A sort stands behind a group or another change of the documents: no index can serve it."""
    limited: bool = False
    skip: int = 0
    grouped: bool = False
    """One result comes out for many documents that were read."""
    tells_values_apart: bool = False
    """It asks for the different values of a field, which an index holds already."""
    writes_out: bool = False
    projected: tuple[str, ...] = ()
    """The fields that a covering index must hold; empty where none can cover."""
    joins: tuple[Join, ...] = ()
    javascript: str | None = None
    """The operator that runs it."""


def asked(command: Command) -> Asked:
    """Read a command as profiled, a bounded part of it; what cannot be understood is left out. Never raises."""
    command = originating_command(command) or command
    pipeline = command.get("pipeline")
    if isinstance(pipeline, list | tuple):
        stages = [next(iter(stage.items())) for stage in pipeline[:1000] if isinstance(stage, Mapping) and stage]
        return _of_pipeline([(str(name), body) for name, body in stages])
    traits = FilterTraits()
    filters = [found for found in _filters(command) if found]
    for one in filters:
        traits.read(one)
    runs = next((name for name in ("mapReduce", "mapreduce") if name in command), None)
    return Asked(
        filter=traits,
        filtered=bool(filters),
        sort=_names(command.get("sort")),
        limited=_limited(command),
        skip=_number(command.get("skip")),
        grouped=any(name in command for name in _ONE_RESULT),
        tells_values_apart="distinct" in command,
        projected=tuple(included_fields(command.get("projection"))),
        javascript=runs or traits.javascript,
    )


def _limited(command: Command) -> bool:
    """To some of the documents that match; a findAndModify, and a write that is not for many, to one."""
    one = command.get("singleBatch") is True or command.get("multi") is False
    return one or _number(command.get("limit")) != 0 or "findAndModify" in command or "findandmodify" in command


def _filters(command: Command) -> list[Mapping[str, object]]:
    statements = command.get("updates", command.get("deletes"))
    if isinstance(statements, list | tuple):
        found: Sequence[object] = [one.get("q") for one in statements[:100] if isinstance(one, Mapping)]
    else:
        found = [command.get(name) for name in ("filter", "query", "q")]
    return [one for one in found if isinstance(one, Mapping)]


def _of_pipeline(stages: list[NamedStage]) -> Asked:
    names = [name for name, _ in stages]
    first_group = next((at for at, name in enumerate(names) if name in _GROUPING), len(names))
    first_change = next((at for at, name in enumerate(names) if name not in _IN_ORDER), len(names))
    sorts = [at for at, name in enumerate(names) if name == "$sort"]
    served = next((at for at in sorts if at < first_change), None)
    traits = FilterTraits()
    matches = [body for name, body in stages[:first_group] if name == "$match" and isinstance(body, Mapping) and body]
    for body in matches:
        traits.read(body)
    return Asked(
        filter=traits,
        filtered=bool(matches) or names[:1] == ["$geoNear"],
        sort=() if served is None else _names(stages[served][1]),
        sorts_results=bool(sorts) and served is None,
        limited="$limit" in names,
        skip=max((_number(body) for name, body in stages if name == "$skip"), default=0),
        grouped=first_group < len(names),
        tells_values_apart=_only_values(stages[:1]),
        writes_out=names[-1:] != [] and names[-1] in _WRITING,
        projected=_projected(stages),
        joins=tuple(join for stage in stages if (join := _join(stage)) is not None),
        javascript=traits.javascript or javascript_in(stages),
    )


def _only_values(stages: list[NamedStage]) -> bool:
    """A `$group` by a field without anything added up."""
    body = stages[0][1] if stages and stages[0][0] == "$group" else None
    return isinstance(body, Mapping) and list(body) == ["_id"] and isinstance(body["_id"], str)


def _projected(stages: list[NamedStage]) -> tuple[str, ...]:
    if not stages or stages[-1][0] != "$project" or not {name for name, _ in stages} <= _COVERABLE:
        return ()
    return tuple(included_fields(stages[-1][1]))


def _join(stage: NamedStage) -> Join | None:
    name, body = stage
    if name not in ("$lookup", "$graphLookup") or not isinstance(body, Mapping):
        return None
    collection, field = body.get("from"), body.get("foreignField" if name == "$lookup" else "connectToField")
    return Join(collection, field) if isinstance(collection, str) and isinstance(field, str) else None


def _names(sort: object) -> tuple[str, ...]:
    return tuple(map(str, sort)) if isinstance(sort, Mapping) else ()


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) and abs(value) < 2**63 else 0
