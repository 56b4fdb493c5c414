"""Which of a shape's commands can be tried, and how they are asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perftui.advice.explaining.command import Refusal, explainable
from perftui.advice.load import Command

_WRITING = frozenset(("$out", "$merge"))
_BESIDE = {"$unionWith": "$unionWith", "$graphLookup": "$graphLookup"}
_FILTERS = {"find": "filter", "count": "query", "distinct": "query", "findAndModify": "query"}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One command as it is explained, and the filter of what it looks for."""

    command: Mapping[str, Any]
    filter: Mapping[str, Any]
    collation: Mapping[str, Any] | None = None


def trials_of(commands: Sequence[Command], ns: str, most: int) -> tuple[list[Trial], str | None]:
    """The first different ones, and why none or not all can be tried."""
    found: dict[str, Trial] = {}
    for command in commands:
        trial = _trial(command, ns)
        if isinstance(trial, str):
            return [], trial
        found.setdefault(repr(trial.command), trial)
        if len(found) >= most:
            break
    return list(found.values()), None if found else "none of its commands is known whole"


def _trial(command: Command, ns: str) -> Trial | str:
    pipeline = command.get("pipeline")
    if isinstance(pipeline, list | tuple):
        beside = next((_BESIDE[name] for stage in pipeline for name in stage if name in _BESIDE), None)
        if beside is not None:
            return f"{beside} reads more than a sample tells"
        command = {**command, "pipeline": [stage for stage in pipeline if not set(stage) & _WRITING]}
    asked = explainable(command, ns)
    if isinstance(asked, Refusal):
        return asked.message.rstrip(".").lower()
    if asked.never_run is not None:
        return "it holds JavaScript or waits for changes, and is never run"
    own = _statement(asked.command)
    if own.get("hint"):
        return "it names its index itself"
    return Trial(command=asked.command, filter=_filter(asked.command, own), collation=own.get("collation"))


def _statement(command: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where filter, hint and collation stand."""
    for name in ("updates", "deletes"):
        if name in command:
            first: Mapping[str, Any] = command[name][0]
            return first
    return command


def _filter(command: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a pipeline what its leading `$match` stages ask."""
    if "pipeline" in command:
        parts = []
        for stage in command["pipeline"]:
            if "$match" not in stage:
                break
            parts.append(stage["$match"])
        return {} if not parts else parts[0] if len(parts) == 1 else {"$and": parts}
    name = _FILTERS.get(next(iter(command)), "q")
    found = own.get(name)
    return found if isinstance(found, Mapping) else {}


def equalities(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the filter's top level that must equal one plain value."""
    return {path: value for path, value in asked.items() if path[:1] != "$" and is_plain(value)}


def is_plain(value: object) -> bool:
    """A value that is found by itself alone: neither null, nor a list, an operator or a pattern."""
    return value is not None and not isinstance(value, Mapping | list | tuple | re.Pattern) and not _is_regex(value)


def _is_regex(value: object) -> bool:
    return type(value).__name__ == "Regex"
