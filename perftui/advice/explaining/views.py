"""What stands behind the collections that a command names: a view's pipeline runs with it, and may hold JavaScript."""

from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from perftui.advice.explaining.javascript import holds_javascript

_READING_STAGES: Final = ("$lookup", "$graphLookup", "$unionWith")
_DEEPEST_VIEW: Final = 20
_MOST_NAMES: Final = 500
_NODES: Final = 100_000
Space = tuple[str, str]
"""Database and collection."""
Views = Mapping[str, Mapping[str, Any] | None]
"""The views among the collections asked for with their options; `None` for options that this login may not read."""


def look_behind(space: Space, command: Mapping[str, Any]) -> Generator[tuple[str, list[str]], Views, str | None]:
    """Asks for the views among collections of a database, and returns why the command could run a view's JavaScript.

    Returns `None` where it could not.
    """
    seen: set[Space] = set()
    waiting = {space, *_named(command, space[0])}
    for _ in range(_DEEPEST_VIEW):
        if not waiting or len(seen) > _MOST_NAMES:
            break
        seen |= waiting
        found: set[Space] = set()
        for database in {name for name, _ in waiting}:
            views = yield database, [name for of, name in waiting if of == database]
            for name, options in views.items():
                if options is None:
                    return f"{database}.{name} is a view that this login may not look into: it may hold JavaScript."
                if holds_javascript(options.get("pipeline")):
                    return f"{database}.{name} is a view that holds JavaScript, which perftui never runs."
                found |= {(database, str(options.get("viewOn"))), *_named(options.get("pipeline"), database)}
        waiting = found - seen
    return "It reads too many views to tell whether they hold JavaScript." if waiting else None


def views_command(names: list[str], max_time_ms: int, *, only_names: bool) -> dict[str, Any]:
    """Lists the views among these collections; `only_names`: as whoever may read a collection may ask."""
    named = {"filter": {"name": {"$in": sorted(names)}, "type": "view"}, "maxTimeMS": max_time_ms}
    return {"listCollections": 1, **named, **({"nameOnly": True, "authorizedCollections": True} if only_names else {})}


def views_in(reply: Mapping[str, Any], *, only_names: bool) -> Views:
    """The views of a reply to such a command."""
    cursor = reply.get("cursor")
    batch = cursor.get("firstBatch") if isinstance(cursor, Mapping) else None
    found = [view for view in batch if isinstance(view, Mapping)] if isinstance(batch, list) else []
    return {str(view.get("name")): None if only_names else _options(view) for view in found}


def _options(view: Mapping[str, Any]) -> Mapping[str, Any]:
    options = view.get("options")
    return options if isinstance(options, Mapping) else {}


def _named(value: object, database: str) -> Iterator[Space]:
    """The collections that `$lookup`, `$graphLookup` and `$unionWith` read, at any depth."""
    waiting: list[Any] = [value]
    left = _NODES
    while waiting and left:
        one = waiting.pop()
        left -= 1
        if isinstance(one, Mapping):
            for stage in _READING_STAGES:
                yield from _space(one.get(stage), database)
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)


def _space(body: object, database: str) -> Iterator[Space]:
    """`"users"`, `{from: "users"}`, `{coll: "users"}`, or with a database: `{from: {db: ..., coll: ...}}`."""
    if isinstance(body, str):
        yield database, body
    elif isinstance(body, Mapping):
        of = body.get("db", database)
        yield from _space(body.get("from", body.get("coll")), of if isinstance(of, str) else database)
