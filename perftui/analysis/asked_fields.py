"""Which paths a command asks for, and with which values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from perftui.advice.load import Command
from perftui.advice.shapes.values import is_operator_document

_DEPTH = 20
_RANGES = frozenset(("$gt", "$gte", "$lt", "$lte"))
_PASSED = frozenset(("$match", "$sort", "$limit", "$skip"))


@dataclass
class AskedFields:
    """By path; an `$or`'s branches count as if each were asked."""

    equal: dict[str, list[Any]] = field(default_factory=dict)
    bounds: dict[str, list[Any]] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    """Paths asked for in any other way."""
    ordered: list[str] = field(default_factory=list)
    arrays: set[str] = field(default_factory=set)
    limited: bool = False
    """It may have returned less than there is."""


def asked_fields(command: Command) -> AskedFields:
    """Of the command's filter and sort; of a pipeline as far as it reads documents as they are stored."""
    asked = AskedFields()
    for name in ("filter", "query", "q"):
        _filter(command.get(name), "", asked, 0)
    _sort(command.get("sort"), asked)
    asked.limited = bool(command.get("limit")) or "findAndModify" in command or "findandmodify" in command
    if isinstance(command.get("key"), str):
        asked.others.add(str(command["key"]))
    pipeline = command.get("pipeline")
    for stage in pipeline if isinstance(pipeline, list) else ():
        name, body = next(iter(stage.items()), ("", None)) if isinstance(stage, Mapping) else ("", None)
        if name == "$match":
            _filter(body, "", asked, 0)
        elif name == "$sort":
            _sort(body, asked)
        if name not in _PASSED:
            asked.limited = True
            break
        asked.limited = asked.limited or name in ("$limit", "$skip")
    return asked


def _sort(sort: object, asked: AskedFields) -> None:
    if isinstance(sort, Mapping):
        asked.ordered.extend(str(path) for path, way in sort.items() if isinstance(way, int | float))


def _filter(query: object, prefix: str, asked: AskedFields, depth: int) -> None:
    if not isinstance(query, Mapping) or depth > _DEPTH:
        return
    for name, value in query.items():
        if str(name).startswith("$"):
            for branch in value if name in ("$and", "$or") and isinstance(value, list | tuple) else ():
                _filter(branch, prefix, asked, depth + 1)
        else:
            _path(f"{prefix}{name}", value, asked, depth)


def _path(path: str, value: object, asked: AskedFields, depth: int) -> None:
    if not isinstance(value, Mapping) or not is_operator_document(value):
        if hasattr(value, "pattern"):
            asked.others.add(path)
        else:
            asked.equal.setdefault(path, []).append(value)
        return
    for operator, operand in value.items():
        if operator == "$eq":
            asked.equal.setdefault(path, []).append(operand)
        elif operator == "$in" and isinstance(operand, list | tuple):
            asked.equal.setdefault(path, []).extend(operand)
        elif operator in _RANGES:
            asked.bounds.setdefault(path, []).append(operand)
            asked.others.add(path)
        elif operator == "$elemMatch" and isinstance(operand, Mapping) and not is_operator_document(operand):
            asked.arrays.add(path)
            _filter(operand, f"{path}.", asked, depth + 1)
        else:
            asked.others.add(path)
