"""An explain changes nothing, runs no JavaScript, keeps to its limit, and ends on the server when it is given up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal, NamedTuple

import pytest
from helpers.mongodb import Client
from helpers.waiting import wait_until_async

from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.client import open_client
from perftui.sources.mongodb.explain import Explainable, NotExplained, Refusal, explain, explainable
from perftui.targets import connect_to

Verbosity = Literal["queryPlanner", "executionStats"]
VERBOSITIES: tuple[Verbosity, ...] = ("queryPlanner", "executionStats")
MATCH = {"a": 1, "b": 2}
SET = {"$set": {"c": 1}}
ENDLESS = {"$function": {"body": "function(x) { while (true) {} }", "args": ["$a"], "lang": "js"}}
NEVER_AGAIN = "while (true) {}"
ACCUMULATOR = {
    "$accumulator": {
        "init": "function() { while (true) {} }", "accumulate": "function(s) { return s; }", "accumulateArgs": [],
        "merge": "function(a) { return a; }", "lang": "js",
    }
}  # fmt: skip
_COUNTED = {"$reduce": {"input": {"$range": [0, 200_000]}, "initialValue": 0, "in": {"$add": ["$$value", 1]}}}
SLOW = {"$expr": {"$gt": [_COUNTED, -1]}}
"""Takes a fraction of a second for each document, without JavaScript."""
COMMANDS: dict[str, dict[str, Any]] = {
    "find": {"find": "orders", "filter": MATCH, "sort": {"c": 1}},
    "count": {"count": "orders", "query": MATCH},
    "distinct": {"distinct": "orders", "key": "a", "query": MATCH},
    "aggregate": {"aggregate": "orders", "pipeline": [{"$match": MATCH}, {"$group": {"_id": "$c"}}]},
    "out": {"aggregate": "orders", "pipeline": [{"$match": MATCH}, {"$out": "made"}]},
    "out over another": {"aggregate": "orders", "pipeline": [{"$out": "users"}]},
    "out to another database": {"aggregate": "orders", "pipeline": [{"$out": {"db": "elsewhere", "coll": "made"}}]},
    "merge": {"aggregate": "orders", "pipeline": [{"$merge": {"into": "users", "whenMatched": "replace"}}]},
    "merge into itself": {"aggregate": "orders", "pipeline": [{"$set": {"c": 5}}, {"$merge": "orders"}]},
    "update": {"update": "orders", "updates": [{"q": MATCH, "u": SET, "multi": True}]},
    "update all": {"q": {}, "u": {"$inc": {"c": 1}}, "multi": True, "upsert": False},
    "update by pipeline": {"q": MATCH, "u": [SET], "multi": True},
    "replacement": {"q": {"_id": 1}, "u": {"gone": True}},
    "upsert": {"q": {"_id": -1}, "u": SET, "upsert": True},
    "upsert into a new one": {"update": "nowhere", "updates": [{"q": {"_id": 1}, "u": SET, "upsert": True}]},
    "delete": {"delete": "orders", "deletes": [{"q": MATCH, "limit": 0}]},
    "delete one": {"q": {"_id": 1}, "limit": 1},
    "delete all": {"q": {}, "limit": 0},
    "find and modify": {"findAndModify": "orders", "query": MATCH, "update": SET},
    "find and upsert": {"findAndModify": "orders", "query": {"_id": -1}, "update": SET, "upsert": True},
    "find and remove": {"findAndModify": "orders", "query": MATCH, "remove": True},
    "insert": {"insert": "orders", "documents": [{"_id": -5}]},
    "where": {"find": "orders", "filter": {**MATCH, "$where": NEVER_AGAIN}},
    "where of an update": {"q": {**MATCH, "$where": NEVER_AGAIN}, "u": SET},
    "where of a delete": {"q": {**MATCH, "$where": NEVER_AGAIN}, "limit": 0},
    "where of a count": {"count": "orders", "query": {"$and": [MATCH, {"$where": NEVER_AGAIN}]}},
    "function": {"find": "orders", "filter": {**MATCH, "$expr": ENDLESS}},
    "function of a projection": {"find": "orders", "filter": MATCH, "projection": {"c": ENDLESS}},
    "function of a pipeline": {"aggregate": "orders", "pipeline": [{"$match": MATCH}, {"$set": {"c": ENDLESS}}]},
    "function of a match": {"aggregate": "orders", "pipeline": [{"$match": MATCH}, {"$match": {"$expr": ENDLESS}}]},
    "function of an update": {"q": MATCH, "u": [{"$set": {"c": ENDLESS}}]},
    "accumulator": {"aggregate": "orders", "pipeline": [{"$group": {"_id": "$a", "n": ACCUMULATOR}}]},
    "map reduce": {"mapReduce": "orders", "map": "function() {}", "reduce": "function() {}", "out": "made"},
    "view with a function": {"find": "scripted", "filter": MATCH},
    "view of such a view": {"aggregate": "above", "pipeline": [{"$match": MATCH}]},
    "lookup of such a view": {
        "aggregate": "orders", "pipeline": [{"$lookup": {"from": "above", "pipeline": [], "as": "x"}}],
    },
    "union with such a view": {"aggregate": "orders", "pipeline": [{"$unionWith": "scripted"}]},
    "harmless view": {"find": "plain", "filter": MATCH},
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod(replica_set="rs0")
        with mongod.client() as client:
            shop = client.shop
            shop.orders.insert_many({"_id": n, "a": n % 5, "b": n % 7, "c": n} for n in range(500))
            shop.orders.create_index("a")
            shop.orders.create_index("b")
            shop.users.insert_many({"_id": n} for n in range(20))
            shop.command("create", "scripted", viewOn="orders", pipeline=[{"$match": {"$expr": ENDLESS}}])
            shop.command("create", "above", viewOn="scripted", pipeline=[])
            shop.command("create", "plain", viewOn="orders", pipeline=[{"$match": {"c": {"$gt": 3}}}])
        yield mongod


@pytest.fixture
async def client(server: MongodProcess) -> AsyncIterator[Any]:
    found = open_client(connect_to(server.direct_uri, timeout_s=60.0))
    yield found
    await found.close()


class State(NamedTuple):
    """All that a write would change."""

    hashes: dict[str, Any]
    collections: dict[str, list[str]]
    operations: dict[str, int]
    documents: dict[str, int]
    oplog: int


def state_of(client: Client) -> State:
    databases = [name for name in client.list_database_names() if name not in ("local", "config")]
    status = client.admin.command("serverStatus")
    counted = {name: status["opcounters"][name] for name in ("insert", "update", "delete")}
    changed = {name: status["metrics"]["document"][name] for name in ("inserted", "updated", "deleted")}
    return State(
        {name: client[name].command("dbHash")["md5"] for name in databases},
        {name: sorted(client[name].list_collection_names()) for name in databases},
        counted,
        changed,
        client.local["oplog.rs"].count_documents({"op": {"$ne": "n"}, "ns": {"$not": {"$regex": "^(config|admin)"}}}),
    )


async def outcome(client: Any, command: dict[str, Any], verbosity: Verbosity, limit_ms: int = 30_000) -> str:
    """`plan`, or why there is none."""
    asked = explainable(command, "shop.orders")
    if isinstance(asked, Refusal):
        return asked.message
    try:
        plan = await explain(client, asked, verbosity=verbosity, max_time_ms=limit_ms)
    except NotExplained as error:
        return error.refusal.message
    assert plan.finished, plan.error
    return "plan"


@pytest.mark.parametrize("verbosity", VERBOSITIES)
@pytest.mark.parametrize("name", COMMANDS)
async def test_nothing_is_written_and_no_javascript_is_run(
    server: MongodProcess, client: Any, name: str, verbosity: Verbosity
) -> None:
    """JavaScript that ran would never end: there are two indexes to choose from, so filters are tried."""
    with server.client() as watcher:
        before = state_of(watcher)
        said = await outcome(client, COMMANDS[name], verbosity)
        assert state_of(watcher) == before
    scripted = any(word in name for word in ("where", "function", "accumulator", "map reduce", "such a view"))
    if verbosity == "executionStats" and scripted:
        assert "JavaScript" in said
    elif verbosity == "executionStats" and name.startswith(("out", "merge")):
        assert "writes its result" in said
    elif name in ("insert", "map reduce", "function of an update") or "such a view" in name or "view with" in name:
        assert said != "plan"
    else:
        assert said == "plan"


def test_the_state_shows_a_write(server: MongodProcess) -> None:
    """The comparison above is not blind."""
    with server.client() as client:
        before = state_of(client)
        client.shop.users.update_one({"_id": 1}, {"$set": {"seen": 1}})
        after = state_of(client)
        client.shop.users.update_one({"_id": 1}, {"$unset": {"seen": 1}})
    assert after.hashes != before.hashes
    assert after.operations["update"] == before.operations["update"] + 1
    assert after.documents["updated"] == before.documents["updated"] + 1
    assert after.oplog == before.oplog + 1


async def test_the_server_itself_would_have_run_it(client: Any) -> None:
    """Why JavaScript is left out even of a mere plan."""
    from pymongo.errors import OperationFailure

    command = {"explain": COMMANDS["where"], "verbosity": "queryPlanner", "maxTimeMS": 300}
    with pytest.raises(OperationFailure, match="operation exceeded time limit"):
        await client.shop.command(command)


SLOW_COMMANDS: dict[str, dict[str, Any]] = {
    "find": {"find": "orders", "filter": SLOW, "sort": {"c": 1}},
    "count": {"count": "orders", "query": SLOW},
    "distinct": {"distinct": "orders", "key": "c", "query": SLOW},
    "aggregate": {"aggregate": "orders", "pipeline": [{"$match": SLOW}, {"$group": {"_id": "$c"}}]},
    "update": {"q": SLOW, "u": SET, "multi": True},
    "delete": {"q": SLOW, "limit": 0},
    "findAndModify": {"findAndModify": "orders", "query": {"$nor": [SLOW]}, "update": SET},
}


def slow(name: str) -> Explainable:
    asked = explainable(SLOW_COMMANDS[name], "shop.orders")
    assert isinstance(asked, Explainable)
    return asked


@pytest.mark.parametrize("name", SLOW_COMMANDS)
async def test_the_limit_ends_it_on_the_server_with_the_part_that_ran(client: Any, name: str) -> None:
    if name == "aggregate":
        with pytest.raises(NotExplained, match="stopped at the limit of 900 ms"):
            await explain(client, slow(name), verbosity="executionStats", max_time_ms=900)
        return
    plan = await explain(client, slow(name), verbosity="executionStats", max_time_ms=900)
    assert not plan.finished
    assert plan.error == "The time limit ended it before it was done: its figures are those of the part that ran."
    assert (plan.documents_examined or 0) < 500


async def running(client: Any) -> list[Any]:
    stages: list[dict[str, Any]] = [{"$currentOp": {}}, {"$match": {"command.explain": {"$exists": True}}}]
    return [entry async for entry in await client.admin.aggregate(stages)]


@pytest.mark.parametrize("name", SLOW_COMMANDS)
async def test_giving_up_ends_it_on_the_server(server: MongodProcess, client: Any, name: str) -> None:
    other = open_client(connect_to(server.direct_uri, timeout_s=60.0))
    try:
        task = asyncio.create_task(explain(client, slow(name), verbosity="executionStats", max_time_ms=40_000))
        await wait_until_async(lambda: running(other))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async def is_gone() -> bool:
            return not await running(other)

        await wait_until_async(is_gone)
    finally:
        await other.close()


async def test_the_limit_stays_below_what_the_client_waits(server: MongodProcess) -> None:
    impatient = open_client(connect_to(server.direct_uri, timeout_s=5.0))
    try:
        plan = await explain(impatient, slow("find"), verbosity="executionStats", max_time_ms=60_000)
        assert not plan.finished
    finally:
        await impatient.close()
