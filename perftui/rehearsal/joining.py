"""The values that a join looks up, as the sampled documents have them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from perftui.advice.load import Command
from perftui.advice.questions.question import Join
from perftui.rehearsal.lab import Bench
from perftui.rehearsal.trials import Trial, is_plain


class Lookup(NamedTuple):
    """A `$lookup` by two fields alone, without a pipeline of its own."""

    foreign: str
    """The collection's name."""
    local_field: str
    foreign_field: str


def lookups_of(command: Command) -> list[Lookup]:
    pipeline = command.get("pipeline")
    stages = pipeline if isinstance(pipeline, list | tuple) else ()
    found: list[Lookup] = []
    for stage in stages:
        body = stage.get("$lookup") if isinstance(stage, Mapping) else None
        if not isinstance(body, Mapping) or body.get("pipeline"):
            continue
        parts = [body.get(name) for name in ("from", "localField", "foreignField")]
        if all(isinstance(part, str) for part in parts):
            found.append(Lookup(*map(str, parts)))
    return found


def simple_join(command: Command, foreign_ns: str, join: Join) -> bool:
    """Whether the command joins so by two fields alone."""
    return (foreign_ns.partition(".")[2], join.local_field, join.field) in lookups_of(command)


def joined_values(local: Bench, trials: Sequence[Trial], path: str, most: int) -> list[Any]:
    """Different ones of the loaded documents that come to the join."""
    found: dict[str, Any] = {}
    for trial in trials:
        for document in local.find(trial.filter, path, most):
            for value in _at(document, path.split(".")):
                if is_plain(value) and len(found) < most:
                    found.setdefault(repr(value), value)
    return list(found.values())


def _at(value: Any, path: Sequence[str]) -> list[Any]:
    if isinstance(value, list):
        return [each for item in value for each in _at(item, path)]
    if not path:
        return [value]
    if isinstance(value, Mapping):
        return _at(value.get(path[0]), path[1:])
    return []
