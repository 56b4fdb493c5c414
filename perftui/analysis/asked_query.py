"""One query as a person gives it -> the command that it is, and the collection that it asks."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from perftui.analysis.mongosh_notation import NotationUnreadable, read_notation

_BY_NAME = frozenset(("find", "aggregate", "count", "distinct", "findAndModify", "findandmodify", "update", "delete"))
_WITHOUT_PLAN = frozenset(("insert", "getMore", "explain", "mapReduce", "bulkWrite"))
"""Commands that are refused as such, and are no filters."""
_OF_FIND = frozenset(("filter", "sort", "limit", "skip", "projection", "collation", "hint", "let", "batchSize"))
_LONGEST = 1_000_000


class QueryUnreadable(ValueError):  # noqa: N818 - an answer, not a fault
    """The query cannot be judged as it is given; the message is a sentence."""


class AskedQuery(NamedTuple):
    """A command and the namespace that it asks."""

    command: Mapping[str, Any]
    ns: str


def asked_query(text: str, ns: str | None, database: str | None = None) -> AskedQuery:
    """Read a command, a filter, a pipeline, or `{filter, sort, ...}`; the last three need the collection in `ns`.

    `database` is where a command without one belongs. Raises `QueryUnreadable`.
    """
    return asked_value(read_query(text), ns, database)


def read_query(text: str) -> Any:
    """The value that is written. Raises `QueryUnreadable`."""
    if len(text) > _LONGEST:
        raise QueryUnreadable("It is longer than a million characters.")
    try:
        return read_notation(text)
    except NotationUnreadable as reason:
        raise QueryUnreadable(f"it cannot be read: {reason}.") from None
    except (RecursionError, OverflowError):
        raise QueryUnreadable("It cannot be read: it is nested too deeply.") from None


def asked_value(value: Any, ns: str | None, database: str | None = None) -> AskedQuery:
    """As `asked_query`, of what was read already."""
    if isinstance(value, list):
        return _on(ns, lambda name: {"aggregate": name, "pipeline": value, "cursor": {}})
    if not isinstance(value, dict):
        raise QueryUnreadable('it must be a command, a filter or a pipeline, such as {category: "art"}.')
    first = next(iter(value), "")
    if first in _WITHOUT_PLAN and len(value) > 1:
        return AskedQuery(value, ns or "")
    if is_command(value):
        return _command(value, ns, database)
    if "q" in value and set(value) <= {"q", "u", "multi", "upsert", "limit", "collation", "hint", "arrayFilters"}:
        return _on(ns, lambda _name: value)
    if "filter" in value and set(value) <= _OF_FIND:
        return _on(ns, lambda name: {"find": name, **value})
    return _on(ns, lambda name: {"find": name, "filter": value})


def is_command(value: object) -> bool:
    """A whole command that names its collection."""
    first = next(iter(value), "") if isinstance(value, dict) else ""
    return isinstance(value, dict) and first in _BY_NAME and isinstance(value[first], str)


def _on(ns: str | None, command: Any) -> AskedQuery:
    name = (ns or "").partition(".")[2]
    if ns is None or not name:
        raise QueryUnreadable("a filter or a pipeline does not name its collection: add --ns database.collection.")
    return AskedQuery(command(name), ns)


def _command(value: dict[str, Any], ns: str | None, default: str | None) -> AskedQuery:
    """A whole command; what belongs to its session is left to `explainable`."""
    kind, collection = next(iter(value.items()))
    database, _, named = (ns or "").partition(".")
    database = str(value.get("$db") or database or default or "")
    if not database:
        raise QueryUnreadable("the command does not name its database: add --ns database.")
    if named and named != collection:
        raise QueryUnreadable(f"the command asks {collection}, but --ns names {named}.")
    command = {name: part for name, part in value.items() if name != "$db"}
    if kind in ("update", "delete"):
        command = _statement(command, "updates" if kind == "update" else "deletes")
    return AskedQuery(command, f"{database}.{collection}")


def _statement(command: dict[str, Any], many: str) -> dict[str, Any]:
    """The one statement of a write, as the profiler shows it."""
    statements = command.get(many)
    if not isinstance(statements, list) or len(statements) != 1 or not isinstance(statements[0], dict):
        raise QueryUnreadable(f"of a write exactly one statement can be judged: {many}: [{{q: ...}}].")
    return dict(statements[0])
