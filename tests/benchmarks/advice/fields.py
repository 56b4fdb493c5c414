"""Which fields a command touches, and how. Written apart from the product's own reading, so that it can judge it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .workload import Command

_EQUAL = ("$eq",)
_GEO = ("$near", "$nearSphere", "$geoWithin", "$geoIntersects")
_PASSED = ("$match", "$sort", "$limit", "$skip", "$project", "$addFields", "$set", "$unwind", "$lookup")


@dataclass
class Touched:
    """One collection's fields in one command."""

    collection: str
    equal: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    """With ranges, `$in`, `$ne`, regular expressions, keys of groups: they may stand anywhere."""
    sort: list[tuple[str, int]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    """Only shown or summed: an index that holds them too may cover the command."""
    geo: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    """Asked for by `$exists: true` or `$ne: null`."""
    text: bool = False
    open_ended: bool = False
    """The whole document is needed, so that no index covers."""
    collation: Mapping[str, Any] | None = None

    def predicate(self, path: str, kind: str) -> None:
        target = {"equal": self.equal, "geo": self.geo}.get(kind, self.other)
        if path not in target:
            target.append(path)

    def settled(self) -> "Touched":
        """Each field once: what is both equal and other is other."""
        equal = [path for path in self.equal if path not in self.other]
        shown = [path for path in self.shown if path not in (*equal, *self.other, *dict(self.sort))]
        return replace(self, equal=sorted(equal), shown=sorted(set(shown)))


def touched(command: Command) -> list[Touched]:
    """The command's own collection first, then those that it joins."""
    name = next(iter(command))
    if name == "aggregate":
        return _pipeline(command)
    own = Touched(str(command[name]), collation=command.get("collation"))
    for where in _filters(command):
        _filter(where, own)
    if name == "distinct":
        own.predicate(command["key"], "other")
    own.sort = list(command.get("sort", {}).items())
    projection = command.get("projection", {})
    own.shown = [path for path, value in projection.items() if value and path != "_id"]
    covering = name in ("count", "distinct") or (own.shown and projection.get("_id") == 0)
    own.open_ended = not covering
    return [own.settled()]


def branches(command: Command) -> list[Command]:
    """The same command for each branch of its `$or` alone; empty where it has none."""
    name = next(iter(command))
    if name == "aggregate":
        first: Mapping[str, Any] = next(iter(command["pipeline"]), {})
        found = _branch_filters(first.get("$match", {}))
        return [{**command, "pipeline": [{"$match": where}, *command["pipeline"][1:]]} for where in found]
    key = "filter" if "filter" in command else "query" if "query" in command else None
    return [{**command, key: where} for where in _branch_filters(command[key])] if key else []


def _branch_filters(where: Mapping[str, Any]) -> list[dict[str, Any]]:
    rest = {key: value for key, value in where.items() if key != "$or"}
    return [{"$and": [rest, branch]} if rest else dict(branch) for branch in where.get("$or", ())]


def _filters(command: Command) -> Iterator[Mapping[str, Any]]:
    yield command.get("filter") or command.get("query") or {}
    for statement in (*command.get("updates", ()), *command.get("deletes", ())):
        yield statement["q"]


def _filter(where: Mapping[str, Any], into: Touched, prefix: str = "") -> None:
    for key, value in where.items():
        if key in ("$and", "$or", "$nor"):
            for part in value:
                _filter(part, into, prefix)
        elif key == "$text":
            into.text = True
        elif not key.startswith("$"):
            _condition(prefix + key, value, into)


def _condition(path: str, value: Any, into: Touched) -> None:
    if not isinstance(value, Mapping) or not next(iter(value), "").startswith("$"):
        into.predicate(path, "equal")
        return
    for operator, operand in value.items():
        if operator == "$elemMatch" and not next(iter(operand), "").startswith("$"):
            _filter(operand, into, path + ".")
            continue
        if (operator == "$exists" and operand) or (operator == "$ne" and operand is None):
            into.present.append(path)
        kind = "equal" if operator in _EQUAL else "geo" if operator in _GEO else "other"
        into.predicate(path, kind)


def _pipeline(command: Command) -> list[Touched]:
    own = Touched(command["aggregate"], collation=command.get("collation"), open_ended=True)
    joined: list[Touched] = []
    for stage in command["pipeline"]:
        ((name, body),) = stage.items()
        if name == "$match":
            _filter(body, own)
        elif name == "$sort" and not own.sort:
            own.sort = list(body.items())
        elif name == "$group":
            _group(body, own)
        elif name == "$lookup":
            joined.append(_lookup(body))
        if name not in _PASSED:
            break
    return [own.settled(), *joined]


def _group(body: Mapping[str, Any], own: Touched) -> None:
    """The key may lead a distinct scan; all that is summed may be covered."""
    own.open_ended = False
    for path in _paths(body.get("_id")):
        if path not in own.equal:
            own.predicate(path, "other")
    own.shown += [path for name, value in body.items() if name != "_id" for path in _paths(value)]


def _paths(expression: Any) -> Iterator[str]:
    if isinstance(expression, str) and expression.startswith("$") and not expression.startswith("$$"):
        yield expression[1:]
    elif isinstance(expression, Mapping):
        for value in expression.values():
            yield from _paths(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from _paths(value)


def _lookup(body: Mapping[str, Any]) -> Touched:
    foreign = Touched(body["from"], open_ended=True)
    if "foreignField" in body:
        foreign.predicate(body["foreignField"], "equal")
    for stage in body.get("pipeline", ()):
        _filter(stage.get("$match", {}), foreign)
    return foreign.settled()
