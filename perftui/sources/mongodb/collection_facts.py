"""What advice needs to know of a collection, read without ever scanning a large one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.advice.facts import CollectionFacts
from perftui.model.document_json import to_json
from perftui.model.index import CollectionKind, Index
from perftui.sources.mongodb.collection_sample import MOST_DOCUMENTS, Sampled, draw_sample, plan_draw
from perftui.sources.mongodb.collection_stats import Statistics, statistics_of, statistics_stages
from perftui.sources.mongodb.index_entry import index_of
from perftui.sources.mongodb.plain import NOTHING, part, whole
from perftui.sources.mongodb.reads import ANY_RIGHT, Entry, Reads, first_batch, is_namespace, split_namespace
from perftui.sources.mongodb.rights import Login

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

SYSTEM_DATABASES = frozenset({"admin", "config", "local"})
_MOST_INDEXES = 200


class Listed(NamedTuple):
    """What listCollections says. `exists` is `None` where the login may not list."""

    exists: bool | None
    kind: CollectionKind = "collection"
    options: Entry = NOTHING


async def read_facts(
    client: AsyncMongoClient[dict[str, Any]],
    ns: str,
    *,
    max_time_ms: int,
    sample_limit: int = MOST_DOCUMENTS,
    login: Login | None = None,
) -> CollectionFacts:
    """The facts of `database.collection`; use a `FactsReader` for several.

    What the login may not read is left unknown, with a note. `sample_limit` of 0 reads no documents. Raises what
    PyMongo raises where the server cannot be reached.
    """
    return await FactsReader(client, max_time_ms=max_time_ms, login=login).read(ns, sample_limit=sample_limit)


class FactsReader:
    """Reads the facts of several collections of one server; what was refused once is not asked for again."""

    def __init__(
        self, client: AsyncMongoClient[dict[str, Any]], *, max_time_ms: int, login: Login | None = None
    ) -> None:
        self._reads = Reads(client, max_time_ms=max_time_ms, login=login)

    async def read(self, ns: str, *, sample_limit: int = MOST_DOCUMENTS) -> CollectionFacts:
        reads = self._reads
        if not is_namespace(ns):
            return CollectionFacts(ns=ns, exists=False, documents=0, indexes=(), notes=(_NO_NAME.format(ns),))
        listed = await read_listed(reads, ns)
        if listed.exists is False:
            return CollectionFacts(ns=ns, exists=False, documents=0, indexes=(), notes=reads.take_notes())
        if listed.kind == "view":
            reads.note(_VIEW)
            return CollectionFacts(ns=ns, kind="view", indexes=(), notes=reads.take_notes())
        counted = await read_statistics(reads, ns, listed.kind)
        indexes = await read_indexes(reads, ns)
        shard_key = await self._shard_key(ns)
        sampled = await self._sample(ns, listed.kind, counted, sample_limit)
        return CollectionFacts(
            ns=ns,
            kind=listed.kind,
            documents=counted.documents,
            average_bytes=counted.average_bytes,
            sample=sampled.documents,
            whole=sampled.whole,
            indexes=indexes,
            capped=counted.capped or bool(listed.options.get("capped")),
            sharded=bool(shard_key) or counted.shards > 1,
            shard_key=shard_key,
            collation=_collation(listed.options),
            notes=reads.take_notes(),
        )

    async def _shard_key(self, ns: str) -> tuple[str, ...]:
        """As the router, or the shard itself, keeps it; empty where the collection is not sharded or nothing tells."""
        for kept_in in ("collections", "cache.collections"):
            if await self._reads.may("find", "config", kept_in):
                command = {"find": kept_in, "filter": {"_id": ns}, "projection": {"key": 1}, "limit": 1}
                reply = await self._reads.run(command, "find", "config", kept_in, what="the shard key")
                for entry in first_batch(reply):
                    return tuple(str(field) for field in part(entry, "key"))
        return ()

    async def _sample(self, ns: str, kind: CollectionKind, counted: Statistics, limit: int) -> Sampled:
        from pymongo.errors import OperationFailure

        nothing = Sampled((), whole=counted.documents == 0)
        reads, (database, name) = self._reads, split_namespace(ns)
        if kind != "collection" or limit <= 0 or not counted.documents:
            return nothing
        if not await reads.may("find", database, name, what=_DOCUMENTS.format(ns)):
            return nothing
        draw = plan_draw(counted.documents, counted.average_bytes, limit=limit, smallest_shard=counted.smallest_shard)
        try:
            sampled = await draw_sample(
                reads.client[database], name, draw, documents=counted.documents, max_time_ms=reads.max_time_ms
            )
        except OperationFailure as error:
            reads.explain(error, _DOCUMENTS.format(ns), database)
            return nothing
        if sampled.note is not None:
            reads.note(sampled.note)
        return sampled


async def read_listed(reads: Reads, ns: str) -> Listed:
    """One listCollections for this name; by names and types only where the login may no more."""
    database, name = split_namespace(ns)
    command: dict[str, Any] = {"listCollections": 1, "filter": {"name": name}, "cursor": {}}
    everything = await reads.may("listCollections", database)
    if everything:
        reply = await reads.run(command, "listCollections", database, "", what=f"the collections of {database}")
    else:
        names_only = {**command, "nameOnly": True, "authorizedCollections": True}
        reply = await reads.run(names_only, ANY_RIGHT, database, "", what=f"the collections of {database}")
    for entry in first_batch(reply):
        return Listed(True, _kind(database, name, entry.get("type")), part(entry, "options"))
    return Listed(False if everything and reply is not None else None, _kind(database, name, None))


async def read_statistics(reads: Reads, ns: str, kind: CollectionKind = "collection") -> Statistics:
    """Documents and sizes from the server's own counters; the number of documents alone where the rest is refused."""
    database, name = split_namespace(ns)
    command = {"aggregate": name, "pipeline": statistics_stages(kind), "cursor": {}}
    if await reads.may("collStats", database, name):
        reply = await reads.run(command, "collStats", database, name, what=f"the statistics of {ns}")
        shards = first_batch(reply)
        if shards:
            return statistics_of(shards)
    counted = await reads.run({"count": name}, "find", database, name, what=f"the number of documents of {ns}")
    return Statistics(None if counted is None else whole(counted.get("n")))


async def read_indexes(reads: Reads, ns: str) -> tuple[Index, ...] | None:
    """By listIndexes, else as `$indexStats` names them; `None` where both are refused."""
    database, name = split_namespace(ns)
    may_list = await reads.may("listIndexes", database, name)
    if not may_list and await reads.may("indexStats", database, name):
        command: dict[str, Any] = {"aggregate": name, "pipeline": [{"$indexStats": {}}], "cursor": {}}
        reply = await reads.run(command, "indexStats", database, name, what=f"the indexes of {ns}")
    else:
        command = {"listIndexes": name, "includeBuildUUIDs": True, "cursor": {"batchSize": _MOST_INDEXES}}
        reply = await reads.run(command, "listIndexes", database, name, what=f"the indexes of {ns}")
    if reply is None:
        return None
    found = [index_of(entry) for entry in first_batch(reply, _MOST_INDEXES)]
    return tuple({index.name: index for index in found}.values())


def _kind(database: str, name: str, kind: object) -> CollectionKind:
    if kind == "view":
        return "view"
    if database in SYSTEM_DATABASES or name.startswith("system."):
        return "system"
    return "timeseries" if kind == "timeseries" else "collection"


def _collation(options: Entry) -> str | None:
    collation = options.get("collation")
    return to_json(collation) if collation else None


_NO_NAME = "{} names no collection: it takes a database, a dot and the collection's name."
_VIEW = "This is a view: it has no indexes of its own; look at the collection it reads."
_DOCUMENTS = "documents of {}"
