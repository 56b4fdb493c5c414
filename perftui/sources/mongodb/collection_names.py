"""Which collections a server has: names only, a few databases at a time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from perftui.model.index import CollectionKind
from perftui.sources.mongodb.collection_facts import SYSTEM_DATABASES
from perftui.sources.mongodb.failures import NOT_ALLOWED
from perftui.sources.mongodb.plain import documents, text
from perftui.sources.mongodb.reads import ANY_RIGHT, Reads, first_batch, is_namespace, split_namespace

_EVERY_S = 30.0
_COLLECTIONS_A_SECOND = 100
"""Names of thousands of collections cost the server tens of milliseconds: look for new ones less often then."""
_DATABASES_A_LOOK = 5
_MOST_DATABASES, _MOST_COLLECTIONS = 10_000, 100_000
_MOST_ASKED = 100
_GONE = frozenset({26, 73})
_NOT_SYSTEM = {"name": {"$not": {"$regex": "^system[.]"}}}


class CollectionNames:
    """The namespaces with their kinds, without those of the system."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._found: dict[str, dict[str, CollectionKind]] = {}
        self._waiting: list[str] = []
        self._next_list_at, self._hurried = 0.0, False
        self.kinds: dict[str, CollectionKind] = {}
        """By namespace, for all databases looked at so far."""

    @property
    def complete(self) -> bool:
        """Every database has been looked at since the last list of them."""
        return not self._waiting

    def hurry(self) -> None:
        """List them all anew at once; where that is under way, once more at its end."""
        self._hurried = True

    async def look(self) -> bool:
        """Look where it is due; whether anything was asked. Raises what PyMongo raises."""
        if self._waiting:
            await self._next_databases()
        elif self._hurried or time.monotonic() >= self._next_list_at:
            self._hurried = False
            await self._list_databases()
            await self._next_databases()
        else:
            return False
        self.kinds = {
            f"{database}.{name}": kind for database, found in self._found.items() for name, kind in found.items()
        }
        self._next_list_at = time.monotonic() + max(_EVERY_S, len(self.kinds) / _COLLECTIONS_A_SECOND)
        return True

    async def gone(self, namespaces: Iterable[str]) -> list[str]:
        """Those that are there no more, by the word of a server that hides none of its names from this login.

        Names that are missing because rights were taken away are not among them. Raises what PyMongo raises.
        """
        of_database: dict[str, list[str]] = {}
        for ns in namespaces:
            database, name = split_namespace(ns)
            of_database.setdefault(database, []).append(name)
        found = [(database, name) for database in of_database for name in await self._gone_of(database, of_database)]
        return [f"{database}.{name}" for database, name in found]

    async def _gone_of(self, database: str, asked: Mapping[str, list[str]]) -> set[str]:
        from pymongo.errors import OperationFailure

        names = asked[database][:_MOST_ASKED]
        command = {"listCollections": 1, "filter": {"name": {"$in": names}}, "nameOnly": True}
        try:
            reply = await self._reads.send(database, command)
        except OperationFailure as error:
            if error.code not in NOT_ALLOWED:
                raise
            return set()
        return set(names) - {str(one.get("name")) for one in first_batch(reply)}

    async def _list_databases(self) -> None:
        reply = await self._reads.send("admin", {"listDatabases": 1, "nameOnly": True})
        names = [text(one.get("name")) for one in documents(reply.get("databases"), _MOST_DATABASES)]
        ours = {name for name in names if name is not None and is_namespace(f"{name}.any")} - SYSTEM_DATABASES
        self._waiting = sorted(ours)
        self._found = {name: found for name, found in self._found.items() if name in ours}

    async def _next_databases(self) -> None:
        now, self._waiting = self._waiting[:_DATABASES_A_LOOK], self._waiting[_DATABASES_A_LOOK:]
        for database in now:
            await self._list_collections(database)

    async def _list_collections(self, database: str) -> None:
        from pymongo.errors import OperationFailure

        if not await self._reads.may(ANY_RIGHT, database):
            return
        command = {
            "listCollections": 1,
            "filter": _NOT_SYSTEM,
            "nameOnly": True,
            "authorizedCollections": True,
            "cursor": {"batchSize": _MOST_COLLECTIONS},
        }
        try:
            reply = await self._reads.send(database, command)
        except OperationFailure as error:
            if error.code not in NOT_ALLOWED | _GONE:
                raise
            self._reads.refuse(ANY_RIGHT, database)
            return
        self._found[database] = {
            str(one["name"]): _kind(one.get("type")) for one in first_batch(reply, _MOST_COLLECTIONS) if "name" in one
        }


def _kind(kind: object) -> CollectionKind:
    return "view" if kind == "view" else "timeseries" if kind == "timeseries" else "collection"
