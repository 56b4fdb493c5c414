"""The kinds of commands that can be explained: which fields count for the plan, and what is wrong with some of them."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from perftui.advice.explaining.answers import Given, Refusal

Command = Mapping[str, Any]

NO_COLLECTION: Final = Refusal(message="It reads no collection, so there is no plan to improve.")
_NO_COLLECTION: Final = frozenset(("$currentOp", "$listLocalSessions", "$documents", "$queryStats", "$queue"))


class Kind(NamedTuple):
    op: str
    fields: frozenset[str]
    """Everything else is left out: sessions, concerns, comments, cursors, limits of time, ..."""


_COMMON = ("collation", "hint", "let")
KINDS: dict[str, Kind] = {
    name: Kind(name.lower(), frozenset((*fields.split(), *_COMMON)))
    for name, fields in {
        "find": "filter sort projection skip limit min max returnKey showRecordId allowDiskUse",
        "aggregate": "pipeline allowDiskUse",
        "count": "query limit skip",
        "distinct": "key query",
        "update": "updates",
        "delete": "deletes",
        "findAndModify": "query sort remove update new fields upsert arrayFilters",
    }.items()
}
_UPDATE_FIELDS = frozenset(("q", "u", "c", "multi", "upsert", "collation", "arrayFilters", "hint", "sort"))
_DELETE_FIELDS = frozenset(("q", "limit", "collation", "hint"))


def _find(_command: Command, kept: Given) -> Refusal | None:
    _drop_unless(kept, Mapping, "filter", "sort", "projection", "collation", "min", "max", "let")
    return None


def _aggregate(_command: Command, kept: Given) -> Refusal | None:
    pipeline = kept.get("pipeline")
    if isinstance(pipeline, Mapping):
        pipeline = [pipeline]
    if not isinstance(pipeline, list | tuple) or not all(isinstance(stage, Mapping) and stage for stage in pipeline):
        return Refusal(message="This aggregate has no pipeline that could be read.")
    if pipeline and next(iter(pipeline[0])) in _NO_COLLECTION:
        return NO_COLLECTION
    kept["pipeline"] = list(pipeline)
    return None


def _count(_command: Command, kept: Given) -> Refusal | None:
    _drop_unless(kept, Mapping, "query", "collation")
    return None


def _write(name: str, fields: frozenset[str], needed: Given) -> Callable[[Command, Given], Refusal | None]:
    many = name + "s"

    def check(command: Command, kept: Given) -> Refusal | None:
        statements = command.get(many)
        if statements is None and "q" in command:
            statements = [command]
            kept.clear()
        if not isinstance(statements, list | tuple) or not statements or not isinstance(statements[0], Mapping):
            return Refusal(
                message=f"The server logged this {name} as a whole, without its statements.",
                help="Explain one of its statements: the profile has each of them.",
            )
        if len(statements) > 1:
            return Refusal(
                message=f"A batch of {len(statements):,} statements cannot be explained as one.",
                help="Explain them one by one: the profile has each of them.",
            )
        statement = {key: value for key, value in statements[0].items() if key in fields and value is not None}
        kept[many] = [{**needed, **statement}]
        return None

    return check


def _drop_unless(kept: Given, kind: type, *names: str) -> None:
    """A field that the profile shows as null or as text was not given as a document."""
    for name in names:
        if name in kept and not isinstance(kept[name], kind):
            del kept[name]


CHECKS: dict[str, Callable[[Command, Given], Refusal | None]] = {
    "find": _find,
    "aggregate": _aggregate,
    "count": _count,
    "distinct": _count,
    "update": _write("update", _UPDATE_FIELDS, {"q": {}, "u": {}}),
    "delete": _write("delete", _DELETE_FIELDS, {"q": {}, "limit": 0}),
    "findAndModify": _count,
}


def is_cut(value: object) -> bool:
    """Whether the server or we cut anything in it: then it is another command."""
    waiting, left = [value], 200_000
    while waiting and left:
        one, left = waiting.pop(), left - 1
        if isinstance(one, Mapping):
            if "$truncated" in one:
                return True
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            if one and isinstance(one[-1], str) and one[-1].startswith("… ") and one[-1].endswith((" more", "shown")):
                return True
            waiting.extend(one)
    return False
