"""Where an entry of `$currentOp` works: its command, its collection, and what it has locked of that."""

from collections.abc import Mapping
from typing import Any

from perftui.advice.contention.lock_modes import PER_DATABASE, PER_NAMESPACE
from perftui.sources.mongodb.open_transactions import lock_modes

Entry = Mapping[str, Any]

_ON_A_COLLECTION = (
    "find",
    "aggregate",
    "count",
    "distinct",
    "insert",
    "update",
    "delete",
    "findAndModify",
    "mapReduce",
    "findandmodify",
    "collMod",
    "compact",
    "convertToCapped",
    "create",
    "createIndexes",
    "deleteIndexes",
    "drop",
    "dropIndexes",
    "reIndex",
    "validate",
)
_IN_ANOTHERS_PLACE = "convertToCapped"
"""It works on a collection with a made-up name, and locks the one that it is called for."""
_OUT = "tmp.agg_out."
"""So begin the names of collections that an aggregation's `$out` fills, to rename them at its end."""


def command_of(entry: Entry) -> Entry:
    """The command; a getmore's is the one its cursor came from."""
    cursor = entry.get("cursor")
    if entry.get("op") == "getmore" and isinstance(cursor, Mapping):
        origin = cursor.get("originatingCommand")
        if isinstance(origin, Mapping):
            return origin
    command = entry.get("command")
    return command if isinstance(command, Mapping) else {}


def namespace_of(entry: Entry) -> str:
    """Its own; of one that has not begun, `db.$cmd`, or is at its `$out`, the collection that its command names."""
    ns = str(entry.get("ns") or "")
    database, _, rest = ns.partition(".")
    command = command_of(entry)
    if rest != "$cmd" and not rest.startswith(_OUT) and _IN_ANOTHERS_PLACE not in command:
        return ns
    named = next((command[name] for name in _ON_A_COLLECTION if name in command), None)
    if isinstance(asked := command.get("$db"), str) and asked:
        database = asked  # what `$out` fills may lie in another one
    return f"{database}.{named}" if isinstance(named, str) and named else ns


def locks_of(entry: Entry) -> dict[str, str]:
    """The modes by kind, without those on a collection that `$out` fills: it is told under the one that it reads."""
    modes = lock_modes(entry.get("locks"))
    database, _, rest = str(entry.get("ns") or "").partition(".")
    if not rest.startswith(_OUT):
        return modes
    is_there_too = namespace_of(entry).partition(".")[0] == database
    others = PER_NAMESPACE if is_there_too else (*PER_NAMESPACE, *PER_DATABASE)
    return {kind: mode for kind, mode in modes.items() if kind not in others}
