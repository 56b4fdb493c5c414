"""`perftui index list`: what there is. Reads only."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from perftui.actions.access import Access
from perftui.commands import DONE, FOUND, UNREACHABLE, say
from perftui.commands.index.ask import Session
from perftui.model.base import plain
from perftui.model.index import CollectionState, Index
from perftui.model.redaction import redact
from perftui.model.target import Connection
from perftui.model.text import safe_text
from perftui.sources.mongodb.client import max_time_ms
from perftui.sources.mongodb.collection_names import CollectionNames
from perftui.sources.mongodb.collection_reading import CollectionReading, Wanted
from perftui.sources.mongodb.reads import Reads

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

_MOST_COLLECTIONS = 500
_FLAGS = ("unique", "sparse", "hidden", "building")


async def run(arguments: argparse.Namespace, session: Session, connection: Connection | None) -> int:
    if arguments.action == "journal" or connection is None:
        from perftui.commands.index.journal import show_journal

        return await show_journal(session, connection)
    return await _list(session, connection, arguments.targets[1] if len(arguments.targets) > 1 else "")


async def _list(session: Session, connection: Connection, what: str) -> int:
    access = Access(connection, connection.target)
    try:
        async with access.member() as reached:
            collections, notes = await read_collections(reached.client, what, max_time_ms(connection))
    except Exception as error:  # whatever a client raises is told in words
        failure = access.failure(error)
        say(redact(f"{failure.message} {failure.help}"))
        return UNREACHABLE
    for note in notes:
        say(note)
    if session.json:
        document = {"schema": "perftui.indexes/1", "host": reached.address, "collections": collections}
        sys.stdout.write(msgspec.json.encode(document, enc_hook=plain).decode() + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for one in collections for line in _lines(one))
    if not collections:
        say(f"There is no collection {what}." if what else "There are no collections.")
    return DONE if collections else FOUND


async def read_collections(
    client: AsyncMongoClient[dict[str, Any]], what: str, limit_ms: int
) -> tuple[list[CollectionState], list[str]]:
    """The collections of the server, of a database, or one."""
    reads = Reads(client, max_time_ms=limit_ms)
    names = CollectionNames(reads)
    while await names.look() and not names.complete:
        pass
    wanted = [ns for ns in sorted(names.kinds) if what in ("", ns, ns.partition(".")[0]) and names.kinds[ns] != "view"]
    notes = [] if len(wanted) <= _MOST_COLLECTIONS else [f"Only the first {_MOST_COLLECTIONS} collections are read."]
    reading = CollectionReading(reads, together=False)
    found = []
    for ns in wanted[:_MOST_COLLECTIONS]:
        database, _, name = ns.partition(".")
        one = (await reading.read(database, [Wanted(name, names.kinds[ns])]))[name]
        documents = one.statistics.documents if one.statistics is not None else None
        sizes = one.statistics.index_sizes if one.statistics is not None else {}
        indexes = tuple(msgspec.structs.replace(index, size_bytes=sizes.get(index.name)) for index in one.indexes or ())
        found.append(CollectionState(ns=ns, kind=names.kinds[ns], documents=documents, indexes=indexes))
    return found, [*notes, *reads.take_notes()]


def _lines(collection: CollectionState) -> Iterator[str]:
    documents = "-" if collection.documents is None else f"{collection.documents:,}"
    yield f"{safe_text(collection.ns)}  {documents} documents"
    for index in collection.indexes:
        keys = ", ".join(f"{safe_text(field)}: {json.dumps(kind)}" for field, kind in index.keys)
        size = "-" if index.size_bytes is None else f"{index.size_bytes / 1024:,.0f} KB"
        uses = "-" if index.uses is None else f"{index.uses:,}"
        yield f"  {safe_text(index.name):<32} {size:>12} {uses:>10} uses  {{{keys}}}{_flags(index)}"


def _flags(index: Index) -> str:
    flags = [flag for flag in _FLAGS if getattr(index, flag)]
    flags += ["TTL"] if index.ttl_s is not None else []
    flags += ["partial"] if index.partial_filter else []
    flags += ["collation"] if index.collation else []
    return f"  {' '.join(flags)}" if flags else ""
