"""What decides whether an index can be built now: the collection, its set's health, disk room and load. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from perftui.model.index import CollectionKind, Index, IndexBuild
from perftui.sources.mongodb.collection_facts import read_indexes, read_listed, read_statistics
from perftui.sources.mongodb.index_builds import builds_of, builds_pipeline, waiting_for_quorum
from perftui.sources.mongodb.plain import NOTHING, text, whole
from perftui.sources.mongodb.reads import Reads, first_batch, is_namespace, split_namespace
from perftui.sources.mongodb.rights import Login
from perftui.sources.mongodb.voting_members import VotingMember, read_members

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

_WATCH_S = 1.0
_SHORT_STATUS = dict.fromkeys(("wiredTiger", "metrics", "locks", "repl", "tcmalloc", "transactions", "sharding"), 0)

Entry = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class BuildFacts:
    """What is known before an index is built or dropped; `None` is what could not be read, and `notes` say why."""

    ns: str
    exists: bool | None = None
    kind: CollectionKind = "collection"
    primary: bool | None = None
    """Whether this server takes writes; so does a mongos, and one that is in no set."""
    primary_address: str | None = None
    """Where the primary is."""
    set_name: str | None = None
    mongos: bool = False
    server_version: str | None = None
    members: tuple[VotingMember, ...] | None = None
    """Empty where there is no set."""
    indexes: tuple[Index, ...] | None = None
    """With sizes, and those that are not ready."""
    documents: int | None = None
    data_bytes: int | None = None
    storage_bytes: int | None = None
    index_bytes: int | None = None
    capped: bool = False
    disk_free_bytes: int | None = None
    """Of the file system that holds the database."""
    disk_total_bytes: int | None = None
    writes_per_s: float | None = None
    """Write operations on this collection, measured over `watch_s`."""
    builds: tuple[IndexBuild, ...] | None = None
    """Under way anywhere on this server."""
    notes: tuple[str, ...] = ()

    @property
    def average_bytes(self) -> float | None:
        return self.data_bytes / self.documents if self.data_bytes is not None and self.documents else None

    @property
    def blocking_members(self) -> tuple[VotingMember, ...]:
        """Voters that keep a build with the default commit quorum from its end."""
        return tuple(member for member in self.members or () if member.blocks_commit)


async def read_preflight(
    client: AsyncMongoClient[dict[str, Any]],
    ns: str,
    *,
    max_time_ms: int = 3_000,
    watch_s: float = _WATCH_S,
    login: Login | None = None,
) -> BuildFacts:
    """Read all of it; takes `watch_s` to see how many writes there are, 0 leaves them out.

    What the login may not read stays unknown, with a note. Raises what PyMongo raises where the server cannot be
    reached.
    """
    reads = Reads(client, max_time_ms=max_time_ms, login=login)
    hello = await reads.run({"hello": 1}, None, "admin", what="the server's role") or NOTHING
    facts = BuildFacts(
        ns=ns,
        primary=bool(hello.get("isWritablePrimary")) if hello else None,
        primary_address=text(hello.get("primary")),
        set_name=text(hello.get("setName")),
        mongos=hello.get("msg") == "isdbgrid",
    )
    if not is_namespace(ns):
        return replace(facts, exists=False)
    listed = await read_listed(reads, ns)
    facts = replace(facts, exists=listed.exists, kind=listed.kind, **await _read_server(reads, facts))
    if listed.exists is not False and listed.kind != "view":
        facts = replace(facts, **await _read_collection(reads, ns, listed.kind, watch_s))
    return replace(facts, notes=reads.take_notes())


async def read_builds(reads: Reads) -> tuple[IndexBuild, ...] | None:
    """Index builds under way on this server, with those that wait for other members' votes."""
    what = "index builds in progress"
    command = {"aggregate": 1, "pipeline": builds_pipeline(idle=True), "cursor": {}}
    running = await reads.run(command, "inprog", "", what=what, role="clusterMonitor")
    if running is None:
        return None
    operations = first_batch(running)
    status = None
    if operations:
        status = await reads.run(
            {"serverStatus": 1, **_SHORT_STATUS}, "serverStatus", "", what=what, role="clusterMonitor"
        )
    return builds_of(operations, waiting_for_quorum(status or NOTHING))


async def _read_server(reads: Reads, facts: BuildFacts) -> dict[str, Any]:
    version = await reads.run({"buildInfo": 1}, None, "admin", what="the server's version")
    members: tuple[VotingMember, ...] | None = ()
    if facts.mongos:
        members = None
        reads.note(_MONGOS)
    elif facts.set_name is not None:
        members = await read_members(reads)
    database, _ = split_namespace(facts.ns)
    space = await reads.run({"dbStats": 1}, "dbStats", database, what="the free disk room") or NOTHING
    total, used = whole(space.get("fsTotalSize")), whole(space.get("fsUsedSize"))
    return {
        "server_version": text((version or NOTHING).get("version")),
        "members": members,
        "builds": await read_builds(reads),
        "disk_total_bytes": total or None,
        "disk_free_bytes": max(total - used, 0) if total and used is not None else None,
    }


async def _read_collection(reads: Reads, ns: str, kind: CollectionKind, watch_s: float) -> dict[str, Any]:
    before = await read_statistics(reads, ns, kind)
    indexes = await read_indexes(reads, ns)
    found: dict[str, Any] = {
        "documents": before.documents,
        "data_bytes": before.data_bytes,
        "storage_bytes": before.storage_bytes,
        "index_bytes": before.index_bytes,
        "capped": before.capped,
        "indexes": indexes and tuple(_sized(index, before.index_sizes, before.building) for index in indexes),
    }
    if watch_s <= 0 or before.writes is None:
        return found
    await asyncio.sleep(watch_s)
    after = await read_statistics(reads, ns, kind)
    elapsed = (after.server_time_s or 0.0) - (before.server_time_s or 0.0)
    if after.writes is not None and elapsed > 0:
        found["writes_per_s"] = max(after.writes - before.writes, 0) / elapsed
    return found


def _sized(index: Index, sizes: Mapping[str, int], building: tuple[str, ...]) -> Index:
    return msgspec.structs.replace(
        index, size_bytes=sizes.get(index.name), building=index.building or index.name in building
    )


_MONGOS = "Through a mongos the health of the shards' members is not seen; look at each shard."
