"""A collection's indexes as the server lists them, unfinished ones too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.actions.index_spec import keep
from perftui.actions.undo_data import KeptIndex
from perftui.sources.mongodb.plain import part, texts

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

_NO_COLLECTION = 26
_UNKNOWN_FIELD = 40415
_UNNAMED = "without an id"
_NOT_COMPARED = frozenset(("ns", "background", "hidden", "name", "key"))
"""Where it lies, how it was built, what hiding changes, and what is compared in its own way."""
_MEANINGFUL = ("unique", "sparse", "partialFilterExpression", "expireAfterSeconds", "collation")


class IndexEntry(NamedTuple):
    """`build` is the id of the build that it is still part of."""

    definition: Mapping[str, Any]
    build: str | None = None

    @property
    def name(self) -> str:
        return str(self.definition.get("name"))

    @property
    def keys(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.definition.get("key", {})
        return found

    @property
    def hidden(self) -> bool:
        return bool(self.definition.get("hidden"))

    @property
    def built_in(self) -> bool:
        """The server's own: the index of `_id`, or a clustered collection's order."""
        return dict(self.keys) == {"_id": 1} or bool(self.definition.get("clustered"))

    def kept(self, ns: str) -> KeptIndex:
        return KeptIndex(ns=ns, name=self.name, definition=keep(self.definition))


async def list_indexes(client: Client, ns: str, max_time_ms: int) -> list[IndexEntry] | None:
    """`None`: the collection does not exist. Raises what PyMongo raises."""
    from pymongo.errors import OperationFailure

    try:
        entries = await _list(client, ns, max_time_ms, {"includeBuildUUIDs": True})
    except OperationFailure as error:
        if error.code == _NO_COLLECTION:
            return None
        if error.code != _UNKNOWN_FIELD:
            raise
        entries = await _list(client, ns, max_time_ms, {})
    unfinished = await _unfinished(client, ns, max_time_ms)
    return [entry._replace(build=entry.build or _UNNAMED) if entry.name in unfinished else entry for entry in entries]


async def _unfinished(client: Client, ns: str, max_time_ms: int) -> set[str]:
    """A server that is in no set gives a build no id: what it counts of the collection names the unfinished ones."""
    from pymongo.errors import OperationFailure

    database, _, collection = ns.partition(".")
    stages: list[dict[str, Any]] = [
        {"$collStats": {"storageStats": {}}},
        {"$project": {"ns": 1, "storageStats.indexBuilds": 1}},
    ]
    try:
        async with await client[database][collection].aggregate(stages, maxTimeMS=max_time_ms) as cursor:
            return {
                name for one in await cursor.to_list() for name in texts(part(one, "storageStats").get("indexBuilds"))
            }
    except OperationFailure:
        return set()


async def _list(client: Client, ns: str, max_time_ms: int, options: Mapping[str, Any]) -> list[IndexEntry]:
    database, _, collection = ns.partition(".")
    command = {"listIndexes": collection, **options, "maxTimeMS": max_time_ms}
    reply = await client[database].command(command, codec_options=client.codec_options)
    return [_entry(document) for document in reply["cursor"]["firstBatch"]]


def _entry(document: Mapping[str, Any]) -> IndexEntry:
    if "buildUUID" in document and "spec" in document:
        return IndexEntry(document["spec"], str(document["buildUUID"]))
    return IndexEntry(document)


def named(entries: Sequence[IndexEntry] | None, name: str) -> IndexEntry | None:
    return next((entry for entry in entries or () if entry.name == name), None)


def same_index(kept: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """The same name, the same keys in the same order, the same options; the server fills in what was not asked for."""
    if kept.get("name") != there.get("name") or not _same_keys(kept, there):
        return False
    if any(name in there and name not in kept for name in _MEANINGFUL):
        return False
    asked = (name for name in kept if name not in _NOT_COMPARED)
    return all(_includes(there.get(name), kept[name]) for name in asked)


def _same_keys(kept: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    asked, found = kept.get("key", {}), there.get("key", {})
    if "text" in asked.values() and "_fts" in found and "_fts" not in asked:
        return {field for field, kind in asked.items() if kind == "text"} == set(there.get("weights", {}))
    return tuple(asked.items()) == tuple(found.items())


def _includes(found: Any, asked: Any) -> bool:
    if isinstance(asked, Mapping) and isinstance(found, Mapping):
        return all(name in found and _includes(found[name], value) for name, value in asked.items())
    return bool(found == asked)
