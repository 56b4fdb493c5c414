"""Benchmarks of queries on a real server: what is sent, what is counted, what is compared, and what ends it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from helpers.acting import Client, commands_run
from helpers.waiting import wait_until
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from perftui.analysis.study import ALL_SHAPES
from perftui.query_bench.effect import index_effects
from perftui.query_bench.limits import Limits
from perftui.query_bench.outcome import QuestionOutcome
from perftui.query_bench.query_file import questions_in
from perftui.query_bench.session import BenchSession, bench_session
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

DATABASE = "query_bench"
FEW = Limits(iterations=10, warmup=1)
TOPS = "{newest: {find: 'orders', filter: {customer: 7}, sort: {at: -1}, limit: 5}}"


@pytest.fixture(scope="module")
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        connected.drop_database(DATABASE)
        database: Database[dict[str, Any]] = connected[DATABASE]
        database.orders.insert_many([{"customer": number % 50, "at": number} for number in range(3_000)])
        database.create_collection("quick", viewOn="orders", pipeline=[{"$match": {"customer": 7}}])
        script = {"$function": {"body": "function() { return true }", "args": [], "lang": "js"}}
        database.create_collection("scripted", viewOn="orders", pipeline=[{"$match": {"$expr": script}}])
        yield connected
        connected.drop_database(DATABASE)


@asynccontextmanager
async def session(mongod: MongodProcess, limits: Limits = FEW) -> AsyncIterator[BenchSession]:
    async with bench_session(connect_to(mongod.uri), limits, lambda *_told: None) as opened:
        yield opened


async def measured(mongod: MongodProcess, text: str, limits: Limits = FEW) -> tuple[QuestionOutcome, ...]:
    async with session(mongod, limits) as opened:
        return await opened.measuring.questions(questions_in(text, database=DATABASE))


async def test_times_stand_beside_counters_and_every_operation_is_counted(
    mongod: MongodProcess, client: Client
) -> None:
    before = commands_run(client, "find", "explain", "getMore")
    async with session(mongod) as opened:
        ((outcome,),) = [
            one.outcomes for one in await opened.measuring.questions(questions_in(TOPS, database=DATABASE))
        ]
        sent = opened.executor.sent
    assert commands_run(client, "find", "explain", "getMore") - before == sent == 1 + 1 + 1 + 10
    assert outcome.result is not None
    assert (len(outcome.result.samples), outcome.result.loops, outcome.documents) == (10, 1, 5)
    counters = outcome.counters
    assert counters is not None
    assert (counters.keys_examined, counters.docs_examined, counters.returned) == (0, 3_000, 5)
    assert counters.stages.startswith("SORT (")
    assert counters.stages.endswith(" < COLLSCAN")
    assert outcome.result.facts["mongodb_server"] == mongod.uri.removeprefix("mongodb://").rstrip("/")
    assert (outcome.result.facts["docs_examined"], outcome.result.facts["plan"]) == (3_000, "COLLSCAN, sorted")


async def test_each_kind_of_read_runs(mongod: MongodProcess, client: Client) -> None:
    client[DATABASE].orders.create_index([("note", "text")], name="words")
    text = """{
      find: {query: {customer: 7}, ns: "query_bench.orders"}, view: {find: "quick"},
      group: {aggregate: "orders", pipeline: [{$group: {_id: "$customer"}}]},
      sorted: {find: "orders", sort: {at: 1}, limit: 3}, text: {find: "orders", filter: {$text: {$search: "x"}}},
      count: {count: "orders", query: {customer: 7}}, distinct: {distinct: "orders", key: "customer"},
    }"""
    try:
        found = await measured(mongod, text)
    finally:
        client[DATABASE].orders.drop_index("words")
    outcomes = [one.outcomes[0] for one in found]
    assert [one.failure for one in outcomes] == [""] * 7
    assert outcomes[6].counters is not None
    assert (outcomes[6].counters.docs_examined, outcomes[6].counters.returned) == (3_000, 50)
    assert [one.documents for one in outcomes] == [60, 60, 50, 3, 0, 1, 50]


async def test_a_long_result_is_fetched_up_to_the_limit_and_its_cursor_closed(
    mongod: MongodProcess, client: Client
) -> None:
    def open_cursors() -> int:
        """Of this collection: those of other tests come and go."""
        found: list[dict[str, Any]] = [
            {"$currentOp": {"idleCursors": True, "allUsers": True}},
            {"$match": {"type": "idleCursor", "ns": f"{DATABASE}.orders"}},
        ]
        return len(list(client.admin.aggregate(found)))

    with client[DATABASE].orders.find(batch_size=2) as one:
        next(one)
        assert open_cursors() == 1
    limits = Limits(iterations=3, warmup=0, most_documents=500)
    text = "{all: {find: 'orders'}, other: {strategies: {a: {find: 'orders'}, b: {find: 'orders'}}}}"
    alone, strategies = await measured(mongod, text, limits)
    result = alone.outcomes[0].result
    assert result is not None
    assert (alone.outcomes[0].documents, open_cursors()) == (500, 0)
    assert any("only the first 500 documents" in warning for warning in result.warnings)
    assert strategies.agreements[0].state == "not known"


async def test_strategies_are_measured_in_turns_and_their_results_compared(
    mongod: MongodProcess, client: Client
) -> None:
    text = """{customers: {strategies: {
      distinct: {distinct: "orders", key: "customer"},
      group: {aggregate: "orders", pipeline: [{$group: {_id: "$customer"}}]},
      short: {aggregate: "orders", pipeline: [{$match: {customer: {$lt: 40}}}, {$group: {_id: "$customer"}}]},
      broken: {aggregate: "orders", pipeline: [{$group: {n: 1}}]},
    }}}"""
    (found,) = await measured(mongod, text)
    assert [(one.name, one.state) for one in found.agreements] == [
        ("customers: group", "same"), ("customers: short", "different"),
    ]  # fmt: skip
    assert "50 against 40 rows, of which 40 are alike" in found.agreements[1].why
    assert [one.name for one in found.comparisons] == ["customers: group", "customers: short"]
    assert all(one.in_turns for one in found.comparisons)
    assert "does not accept this command" in found.outcomes[3].failure


async def test_what_is_refused_by_the_server_does_not_stop_the_others(mongod: MongodProcess, client: Client) -> None:
    text = """{scripted: {find: "scripted"}, wrong: {find: "orders", filter: {a: {$nope: 1}}},
      words: {find: "orders", filter: {$text: {$search: "x"}}}, good: {count: "orders"}}"""
    before = commands_run(client, "find")
    found = [one.outcomes[0] for one in await measured(mongod, text)]
    assert "is a view that holds JavaScript" in found[0].failure
    assert "does not accept this command" in found[1].failure
    assert "has no text index" in found[2].failure
    assert (found[3].failure, found[3].result is not None) == ("", True)
    assert commands_run(client, "find") == before


def slow() -> str:
    """Reads the whole collection once for each of its documents: seconds."""
    never = {"$match": {"$expr": {"$eq": ["$at", {"$add": ["$$at", 10_000]}]}}}
    join = {"$lookup": {"from": "orders", "let": {"at": "$at"}, "pipeline": [never], "as": "j"}}
    stages = str([join, {"$match": {"j": {"$ne": []}}}])
    return f"{{slow: {{aggregate: 'orders', pipeline: {stages}}}, good: {{count: 'orders'}}}}"


async def test_every_execution_has_a_limit(mongod: MongodProcess, client: Client) -> None:
    limits = Limits(iterations=2, warmup=0, operation_s=1.0)
    found = [one.outcomes[0] for one in await measured(mongod, slow(), limits)]
    assert "limit" in found[0].failure
    assert (found[0].result, found[1].failure) == (None, "")


async def test_cancelling_ends_what_runs_at_the_server(mongod: MongodProcess, client: Client) -> None:
    def running() -> bool:
        pipeline: list[dict[str, Any]] = [
            {"$currentOp": {}},
            {"$match": {"ns": f"{DATABASE}.orders", "appName": "perftui"}},
        ]
        return bool(list(client.admin.aggregate(pipeline)))

    task = asyncio.create_task(measured(mongod, slow(), Limits(operation_s=60.0)))
    await asyncio.to_thread(wait_until, running)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(wait_until, lambda: not running())


@pytest.mark.long
async def test_cancelling_at_any_moment_ends_it(mongod: MongodProcess, client: Client) -> None:
    """The driver may make an error of its own of it, which must not pass for the query's."""
    for number in range(40):
        task = asyncio.create_task(measured(mongod, TOPS, Limits(max_seconds=60.0)))
        await asyncio.sleep(0.02 + number / 500)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_advice_goes_by_what_was_measured(mongod: MongodProcess, client: Client) -> None:
    async with session(mongod) as opened:
        found = await opened.measuring.questions(questions_in(TOPS, database=DATABASE))
        study = await opened.advise(found[0].outcomes, ALL_SHAPES, lambda *_told: None)
    (recommended,) = study.analysis.recommendations
    assert recommended.keys == (("customer", 1), ("at", -1))
    assert recommended.serves == (found[0].outcomes[0].query.shape.id,)
    (shape,) = recommended.shapes
    assert (shape.keys_before, shape.docs_before) == (0, 3_000)


async def test_an_index_is_judged_against_what_was_before_and_after_it(mongod: MongodProcess, client: Client) -> None:
    @asynccontextmanager
    async def index() -> AsyncIterator[None]:
        orders: Any = client[DATABASE].orders
        await asyncio.to_thread(orders.create_index, [("customer", 1), ("at", -1)], name="tried")
        try:
            yield
        finally:
            await asyncio.to_thread(orders.drop_index, "tried")

    text = f"{TOPS[:-1]}, all: {{find: 'orders', limit: 5}}}}"
    questions = questions_in(text, database=DATABASE)
    async with session(mongod) as opened:
        before = await opened.measuring.questions(questions)
        newest, everything = await index_effects(opened.measuring, questions, before, index(), "tried")
    assert newest.comparison is not None
    assert (newest.comparison.base, newest.comparison.name) == ("newest", "newest, with tried")
    assert newest.after.counters is not None
    assert (newest.after.counters.docs_examined, newest.after.counters.indexes) == (5, ("tried",))
    assert newest.after.result is not None
    assert newest.after.result.name == "newest, with tried"
    assert everything.comparison is None


async def test_a_secondary_that_is_named_directly_is_measured_itself(private_servers: PrivateServers) -> None:
    members = private_servers.start_replica_set("rs0", members=2)
    with MongoClient[dict[str, Any]](members[0].uri) as connected:
        orders = connected.get_database(DATABASE, write_concern=WriteConcern(w=2)).orders
        orders.insert_many([{"customer": number} for number in range(50)])
    secondary = members[1]
    async with bench_session(connect_to(secondary.direct_uri), FEW, lambda *_told: None) as opened:
        questions = questions_in("{find: 'orders', filter: {customer: 7}}", database=DATABASE)
        ((outcome,),) = [one.outcomes for one in await opened.measuring.questions(questions)]
        assert opened.server in secondary.direct_uri
    assert (outcome.failure, outcome.documents) == ("", 1)
