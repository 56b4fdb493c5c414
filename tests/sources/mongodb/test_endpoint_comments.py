"""A request's route travels in its operations' comments: from a real server's profile, log and running operations."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from helpers.mongodb import good, sources
from helpers.waiting import wait_until_async
from msgspec.structs import replace
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from perftui.model.comment import comment_for
from perftui.model.operation import Operation, OperationList
from perftui.model.query import QueryDigest, SlowQueryBatch
from perftui.monitor.digest import Digest
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.base import Source

LIST, CARD = comment_for("GET", "/api/items"), comment_for("GET", "/api/items/{id}")
HOSTILE = 'perftui:GET /\x1b[2J"*/--\u202e'


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        yield servers.start_mongod()


@asynccontextmanager
async def slow_queries_of(uri: str) -> AsyncIterator[Source]:
    async with sources(uri) as found:
        source = found["mongodb.slow_queries"]
        await good(source)
        yield source


async def digested(source: Source, digest: Digest, executions: int) -> QueryDigest:
    """What the digest holds once so many executions of ours were read."""

    async def enough() -> QueryDigest | None:
        batch = (await good(source)).payload
        assert isinstance(batch, SlowQueryBatch)
        digest.add(replace(batch, entries=tuple(entry for entry in batch.entries if entry.ns == "comments.items")))
        summary = digest.summary(3600, time.time())
        return summary if summary.entries >= executions else None

    return await wait_until_async(enough)


def run_queries(client: MongoClient[dict[str, Any]]) -> None:
    items = client.comments.items
    for number in range(6):
        items.find_one({"a": number}, comment=LIST if number % 3 else CARD)
    items.find_one({"a": 9}, comment="the application's own words")
    items.find_one({"a": 9}, comment=HOSTILE)
    items.update_one({"a": 1}, {"$set": {"b": 1}}, comment=CARD)
    list(items.aggregate([{"$match": {"a": {"$gt": 1}}}], comment=LIST, batchSize=2))


@pytest.mark.parametrize("level", [2, 0], ids=["profile", "log"])
async def test_a_shape_knows_the_endpoints_that_ran_it(server: MongodProcess, level: int) -> None:
    with server.client() as client:
        client.drop_database("comments")
        client.comments.items.insert_many([{"a": number} for number in range(20)])
        client.comments.command("profile", level, slowms=0)
        async with slow_queries_of(server.uri) as source:
            run_queries(client)
            digest = await digested(source, Digest(), 10)
        client.comments.command("profile", 0, slowms=100)
    found = {row.op: {f"{use.method} {use.route}": use.count for use in row.endpoints} for row in digest.rows}
    assert found["find"] == {"GET /api/items": 4, "GET /api/items/{id}": 2}
    assert found["update"] == {"GET /api/items/{id}": 1}
    assert found["aggregate"] == {"GET /api/items": 1}
    assert len([row for row in digest.rows if row.op == "find"]) == 1, "comments tell no shapes apart"


async def test_a_running_operation_says_its_endpoint(server: MongodProcess) -> None:
    with server.client() as client:
        client.comments.items.insert_one({"a": 1})

        def run() -> None:
            with suppress(OperationFailure):  # it is killed
                client.comments.items.find_one({"$where": "sleep(600000) || true"}, comment=CARD)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        async with sources(server.uri) as found:

            async def seen() -> Operation | None:
                listed = (await good(found["mongodb.operations"])).payload
                assert isinstance(listed, OperationList)
                return next((one for one in listed.operations if one.ns == "comments.items"), None)

            operation = await wait_until_async(seen)
        client.admin.command("killOp", op=operation.opid)
        thread.join(60)
    assert operation.endpoint == "GET /api/items/{id}"
