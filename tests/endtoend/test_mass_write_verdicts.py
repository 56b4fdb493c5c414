"""Updates, deletes and `$out` of very many documents that make others wait on a real server get their verdict."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from helpers.drills import Client, Shop, meanwhile, shop, traffic
from helpers.watching import named, watching, well_for
from pymongo import MongoClient

from perftui.model.settings import Settings

pytestmark = pytest.mark.long
USUAL_S = 12.0
TICKETS = 5
"""The fewest that a server has: what takes them all in turn is felt by all others, also where the CPU is idle."""
PARTS, DOCUMENTS_A_PART = 36, 1_000
SLOWLY = {"$expr": {"$function": {"body": "function() { sleep(20); return true }", "args": [], "lang": "js"}}}
"""Each document takes so many milliseconds, with a ticket in hand."""


@pytest.fixture
def here() -> Iterator[Shop]:
    with shop() as found:
        for kind in ("Read", "Write"):
            found.client.admin.command({"setParameter": 1, f"wiredTigerConcurrent{kind}Transactions": TICKETS})
        archive: Any = found.client["shop"]["archive"]
        archive.insert_many([{"part": one % PARTS} for one in range(PARTS * DOCUMENTS_A_PART)])
        yield found


def documents_of(part: int) -> dict[str, Any]:
    """In one of three shapes: so many operations of one shape would be a pile of their own."""
    shapes: tuple[Any, ...] = (part, {"$in": [part, -1]}, {"$gte": part, "$lt": part + 1})
    return {"part": shapes[part % 3], **SLOWLY}


def update(archive: Any, part: int) -> None:
    archive.update_many(documents_of(part), {"$inc": {"version": 1}})


def delete(archive: Any, part: int) -> None:
    archive.delete_many(documents_of(part))


def write_out(archive: Any, part: int) -> None:
    archive.aggregate([{"$match": documents_of(part)}, {"$out": f"archive_{part}"}])


@pytest.mark.parametrize(
    ("write", "what", "felt_by"),
    [
        (update, "a mass update on shop.archive", Shop.change),
        (delete, "a mass delete on shop.archive", Shop.change),
        (write_out, "an aggregation that writes a collection on shop.archive", Shop.find),
    ],
)
async def test_what_writes_very_many_documents(
    here: Shop, write: Callable[[Any, int], None], what: str, felt_by: Callable[[Shop], None]
) -> None:
    client: Client
    with MongoClient(here.mongod.uri, appname="migration") as client:
        writing = [partial(write, client["shop"]["archive"], part) for part in range(PARTS)]
        with traffic(partial(felt_by, here), 30.0, threads=8):
            async with watching(here.mongod.uri, settings=Settings(interval_s=1.0), machine=False) as found:
                await well_for(found, USUAL_S)
                with meanwhile(*writing):
                    try:
                        problem = await named(found, "mass-write", what, "sent by migration", "an operation takes")
                    finally:
                        await asyncio.to_thread(end_migration, here)
    assert problem.what == what


def end_migration(here: Shop) -> None:
    for one in here.client.admin.aggregate([{"$currentOp": {}}, {"$match": {"appName": "migration", "active": True}}]):
        here.client.admin.command({"killOp": 1, "op": one["opid"]})
