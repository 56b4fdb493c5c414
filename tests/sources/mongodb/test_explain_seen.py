"""From what was seen, in the profile or running, to its plan: as the monitor keeps it, in extended JSON."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import pytest
from helpers.mongodb import Client
from helpers.waiting import wait_until
from pymongo.errors import OperationFailure

from perftui.advice.plans.words import plan_summary
from perftui.model.document_json import to_json
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.client import open_client
from perftui.sources.mongodb.explain import Explainable, explain, explainable
from perftui.sources.mongodb.operation_entry import describe
from perftui.sources.mongodb.profile_entry import slow_query
from perftui.targets import connect_to

FILTER = {"a": {"$gte": 3}}
SUMMARY = "IXSCAN { a: 1 }"


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod(replica_set="rs0")
        with mongod.client() as client:
            fill(client)
        yield mongod


@pytest.fixture
async def client(server: MongodProcess) -> AsyncIterator[Any]:
    found = open_client(connect_to(server.direct_uri, timeout_s=20.0))
    yield found
    await found.close()


def fill(client: Client) -> None:
    client.shop.orders.insert_many({"_id": n, "a": n % 50} for n in range(500))
    client.shop.orders.create_index("a")


def run_all(shop: Any) -> None:
    """Every kind of command as a driver sends it."""
    orders = shop.orders
    list(orders.find(FILTER).batch_size(2).limit(5))
    list(orders.find(FILTER, no_cursor_timeout=True).sort("a", 1).limit(1))
    list(orders.aggregate([{"$match": FILTER}, {"$group": {"_id": "$a"}}], allowDiskUse=True))
    orders.count_documents(FILTER)
    shop.command("count", "orders", query=FILTER)
    orders.distinct("a", FILTER)
    orders.update_many(FILTER, {"$set": {"seen": 1}})
    orders.update_one(FILTER, {"$set": {"seen": 2}}, upsert=True)
    orders.delete_one(FILTER)
    orders.find_one_and_update(FILTER, {"$set": {"seen": 3}})
    orders.find_one_and_delete(FILTER)


async def test_every_profiled_command_gives_its_plan(server: MongodProcess, client: Any) -> None:
    with server.client() as writer, writer.start_session(causal_consistency=True):
        writer.shop.command("profile", 2, filter={"ns": "shop.orders", "appName": {"$ne": "perftui"}})
        run_all(writer.shop)
        writer.shop.command("profile", 0)
        entries = list(writer.shop["system.profile"].find())
    seen = set()
    for entry in entries:
        query = slow_query(entry)
        for given in (entry, to_json(entry)):
            asked = explainable(given, query.ns, query.op)
            assert isinstance(asked, Explainable), (asked, entry)
            plan = await explain(client, asked, max_time_ms=5_000)
            assert plan.indexes == ("a_1",), entry
            assert "{ a: 1 }" in plan_summary(plan)
        seen.add(query.op)
    assert seen == {"find", "getmore", "aggregate", "count", "distinct", "update", "delete", "findandmodify"}


@pytest.mark.parametrize("kind", ["find", "getmore", "update"])
async def test_a_running_operation_gives_its_plan(server: MongodProcess, client: Any, kind: str) -> None:
    slow = {
        "a": {"$gte": 3},
        "$expr": {"$gt": [{"$reduce": {"input": {"$range": [0, 100_000]}, "initialValue": 0, "in": "$$this"}}, -1]},
    }

    def work() -> None:
        with server.client() as other, suppress(OperationFailure):
            orders = other.shop.orders
            if kind == "update":
                orders.update_many(slow, {"$set": {"seen": 1}})
            else:
                list(orders.find(slow).batch_size(10_000 if kind == "find" else 1))

    with server.client() as watcher:
        thread = threading.Thread(target=work)
        thread.start()
        try:
            entry = wait_until(lambda: running(watcher, kind))
            described = describe(entry, None)
        finally:
            stop(watcher)
            thread.join()
    for given in (entry, described.command):
        asked = explainable(given, described.ns, described.op)
        assert isinstance(asked, Explainable), asked
        assert plan_summary(await explain(client, asked, max_time_ms=5_000)) == SUMMARY


def running(client: Client, kind: str) -> dict[str, Any] | None:
    named = {"find": "query", "getmore": "getmore", "update": "update"}[kind]
    stages: list[dict[str, Any]] = [{"$currentOp": {}}, {"$match": {"ns": "shop.orders", "op": named}}]
    return next(iter(client.admin.aggregate(stages)), None)


def stop(client: Client) -> None:
    """The work ends when its collection is gone."""
    client.shop.orders.drop()
    fill(client)
