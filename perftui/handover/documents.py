"""Servers' documents, such as commands and profile entries, without the values in them: counters and names stay."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from perftui.analysis.redacted import HIDDEN, SESSION, without_values
from perftui.model.command_text import one_line

_COMMANDS = {"command", "originatingCommand", "query", "updateobj", "cmdObj", "commandArgs"}
_FILTERS = {"filter", "parsedQuery", "indexFilter", "partialFilterExpression"}
_TEXTS = {
    "op", "ns", "planSummary", "stage", "direction", "indexName", "queryHash", "planCacheKey", "queryShapeHash",
    "planCacheShapeHash", "type", "protocol", "queryFramework", "s", "c", "strategy", "foreignCollection", "as", "from",
    "localField", "foreignField", "namespace", "dbName", "indexesUsed", "explainVersion", "version", "catalog",
    "setName", "mode", "locale", "caseFirst", "alternate", "maxVariable", "sortPattern", "path",
}  # fmt: skip
_WHOLE = {"keyPattern", "sortPattern", "locks", "storage", "flowControl", "multiKeyPaths", "collation"}
_VALUES = {"minRecord", "maxRecord"}
_NO_STAGE = "$cursor"
"""In an explain it holds a plan as any other document does."""
_PEOPLE = {"client": "host", "remote": "host", "host": "host", "user": "user", "effectiveUser": "user",
           "appName": "application", "effectiveUsers": "user", "allUsers": "user", "db": "keep"}  # fmt: skip
_DATES = {"ts", "t", "currentOpTime", "at"}
_OPEN_BOUNDS = {"[MinKey, MaxKey]", "[MaxKey, MinKey]", "(MinKey, MaxKey)"}
_DEPTH = 80
_MOST_ITEMS = 2000

Rename = Callable[[str, str], str]
"""A kind of name and the name -> its pseudonym."""


def command_text(text: str) -> str:
    """A command in extended JSON without its values; empty where it is cut off and cannot be read."""
    command = _read(text)
    return "" if command is None else _write(_command(command))


def line_of(command: str) -> str:
    """A command in extended JSON on one line, as the screens show it."""
    found = _read(command)
    return "" if found is None else one_line(found)


def entry_text(text: str, rename: Rename) -> str:
    """A profile's entry, a log line's or an explain's reply, without values; people and machines renamed."""
    entry = _read(text)
    return "" if entry is None else _write(_part("", entry, rename, 0))


def bounds_text(text: str) -> str:
    """An interval of an index scan; only an open one tells nothing."""
    return text if text in _OPEN_BOUNDS else f"[{HIDDEN}]"


def filter_text(text: str) -> str:
    """A filter in extended JSON without its values."""
    found = _read(text)
    return "" if found is None else _write(without_values({"filter": found})["filter"])


def options(value: Any) -> Any:
    """Options of an index: numbers, switches and names of fields."""
    return _part("", value, lambda _kind, _text: HIDDEN, 0)


def _read(text: str) -> Mapping[str, Any] | None:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _write(document: object) -> str:
    return msgspec.json.encode(document).decode()


def _command(command: Mapping[str, Any]) -> dict[str, Any]:
    return without_values({name: value for name, value in command.items() if name not in SESSION})


def _part(name: str, value: Any, rename: Rename, depth: int) -> Any:
    if depth >= _DEPTH:
        return HIDDEN
    if isinstance(value, Mapping):
        return _mapping(name, value, rename, depth)
    if isinstance(value, list):
        return [_part(name, one, rename, depth + 1) for one in value[:_MOST_ITEMS]]
    if not isinstance(value, str):
        return value
    if name in _PEOPLE:
        return rename(_PEOPLE[name], value)
    return value if name in _TEXTS else HIDDEN


def _mapping(name: str, value: Mapping[str, Any], rename: Rename, depth: int) -> Any:
    if name in _COMMANDS:
        return _command(value)
    if name in _FILTERS:
        return without_values({"filter": value})["filter"]
    if name == "transformBy":
        return without_values({"projection": value})["projection"]
    if name == "indexBounds":
        return {str(field): [bounds_text(str(one)) for one in _items(bounds)] for field, bounds in value.items()}
    if name in _WHOLE or (set(value) <= {"$date", "$numberLong", "$numberDouble"} and name in _DATES):
        return _names_only(value, depth)
    if any(str(key) in {"$oid", "$binary", "$uuid", "$date", "$timestamp", "$regularExpression"} for key in value):
        return HIDDEN
    return {str(key): _under(str(key), one, rename, depth + 1) for key, one in value.items()}


def _under(name: str, value: Any, rename: Rename, depth: int) -> Any:
    if name in _VALUES:
        return HIDDEN
    if name.startswith("$") and name != _NO_STAGE:
        return without_values({name: value})[name]
    return _part(name, value, rename, depth)


def _names_only(value: Any, depth: int) -> Any:
    """A pattern of keys or a block of counters: texts in it are kinds of indexes and modes of locks."""
    if depth >= _DEPTH:
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _names_only(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_names_only(one, depth + 1) for one in value[:_MOST_ITEMS]]
    return value if not isinstance(value, str) or len(value) <= _LONGEST_MODE else HIDDEN


def _items(value: Any) -> list[Any]:
    return value[:_MOST_ITEMS] if isinstance(value, list) else [value]


_LONGEST_MODE = 30
