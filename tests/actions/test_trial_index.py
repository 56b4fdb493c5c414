"""An index for a benchmark: what is confirmed holds both commands, and it is dropped however the benchmark ends."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.acting import TEST_COMMANDS, Client, fail_point, indexes, spec, wait_for_build
from helpers.waiting import wait_until
from pymongo import MongoClient
from pymongo.database import Database

from perftui.actions.index_spec import IndexSpec
from perftui.actions.journal import Journal, default_journal
from perftui.actions.pending import left_trials, undoable, unfinished_builds
from perftui.actions.trial_index import CreateTrialIndexes, TrialIndex, TrialNotOpened
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

DATABASE = "trial_index"
NS = f"{DATABASE}.orders"
KEYS = spec(NS, {"a": 1, "b": -1})


def fill(connected: Client) -> None:
    connected.drop_database(DATABASE)
    database: Database[dict[str, Any]] = connected[DATABASE]
    database.orders.insert_many([{"a": number, "b": -number} for number in range(100)])
    database.orders.create_index([("b", 1)])


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        fill(connected)
        yield connected
        connected.drop_database(DATABASE)


def trial(server: MongodProcess, *specs: IndexSpec, read_only: bool = False) -> TrialIndex:
    connection = connect_to(server.direct_uri)
    action = CreateTrialIndexes(connection, connection.target, specs or (KEYS,), watch_s=0)
    return TrialIndex(action, action.describe().command, journal=default_journal(), read_only=read_only)


def told(journal: Journal) -> list[tuple[str, str | None]]:
    return [(one.intent.action, one.outcome.state if one.outcome else None) for one in journal.read()]


async def test_what_is_confirmed_holds_both_commands_and_nothing_is_left(mongod: MongodProcess, client: Client) -> None:
    index = trial(mongod, KEYS, spec(NS, {"c": 1}))
    await index.action.check()
    shown = index.action.describe()
    created, dropped = shown.command.splitlines()
    assert '{createIndexes: "orders", indexes: [{key: {a: 1, b: -1}, name: "a_1_b_-1"}, {key: {c: 1}' in created
    assert '{dropIndexes: "orders", index: ["a_1_b_-1", "c_1"], maxTimeMS: ' in dropped
    assert any("dropped again, also after Ctrl-C" in sentence for sentence in shown.consequences)
    assert not any("does not stop the build" in sentence for sentence in shown.consequences)
    async with index:
        assert set(indexes(client, NS)) == {"_id_", "b_1", "a_1_b_-1", "c_1"}
    assert set(indexes(client, NS)) == {"_id_", "b_1"}
    assert index.dropped is not None
    assert index.dropped.state == "done"
    assert told(index.journal) == [("create index for a benchmark", "done"), ("undo create index", "done")]
    assert (undoable(index.journal), left_trials(index.journal), unfinished_builds(index.journal)) == ((), (), ())


async def test_a_failure_inside_drops_it(mongod: MongodProcess, client: Client) -> None:
    async def benchmark() -> None:
        async with trial(mongod):
            assert "a_1_b_-1" in indexes(client, NS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await benchmark()
    assert set(indexes(client, NS)) == {"_id_", "b_1"}


async def test_cancelling_inside_drops_it(mongod: MongodProcess, client: Client) -> None:
    inside = asyncio.Event()

    async def benchmark() -> None:
        async with trial(mongod):
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(benchmark())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert set(indexes(client, NS)) == {"_id_", "b_1"}


async def test_cancelling_a_build_aborts_it(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod(replica_set="rs0", arguments=TEST_COMMANDS)
    with server.client() as connected:
        fill(connected)
        index = trial(server)

        async def benchmark() -> None:
            async with index:
                pytest.fail("the build cannot end")

        with fail_point(server, "hangAfterStartingIndexBuild"):
            task = asyncio.create_task(benchmark())
            await asyncio.to_thread(wait_for_build, server, NS, "a_1_b_-1")
            task.cancel()
            await asyncio.sleep(0.1)
        with pytest.raises(asyncio.CancelledError):
            await task
        wait_until(lambda: set(indexes(connected, NS)) == {"_id_", "b_1"})
    assert (left_trials(index.journal), unfinished_builds(index.journal)) == ((), ())


async def test_what_cannot_be_created_is_told_and_leaves_nothing(mongod: MongodProcess, client: Client) -> None:
    for index, words in (
        (trial(mongod, spec(NS, {"b": 1})), "the same index is there already"),
        (trial(mongod, spec(f"{DATABASE}.nothing", {"b": 1})), "does not exist"),
        (trial(mongod, read_only=True), "this is read-only mode"),
    ):
        with pytest.raises(TrialNotOpened, match=words):
            async with index:
                pytest.fail("it must not be entered")
        assert index.dropped is None
    assert set(indexes(client, NS)) == {"_id_", "b_1"}
    assert default_journal().read() == ()


async def test_one_that_somebody_dropped_meanwhile_is_no_failure(mongod: MongodProcess, client: Client) -> None:
    index = trial(mongod)
    async with index:
        client[DATABASE].orders.drop_index("a_1_b_-1")
    assert index.dropped is None
    assert told(index.journal) == [("create index for a benchmark", "failed")]


async def test_of_several_those_that_are_left_are_dropped(mongod: MongodProcess, client: Client) -> None:
    index = trial(mongod, spec(NS, {"a": 1}), spec(NS, {"c": 1}))
    async with index:
        client[DATABASE].orders.drop_index("a_1")
    assert set(indexes(client, NS)) == {"_id_", "b_1"}
    assert index.dropped is not None
    assert index.dropped.state == "done"


async def test_one_that_somebody_replaced_meanwhile_is_left_alone(mongod: MongodProcess, client: Client) -> None:
    index = trial(mongod)
    async with index:
        client[DATABASE].orders.drop_index("a_1_b_-1")
        client[DATABASE].orders.create_index([("other", 1)], name="a_1_b_-1")
    assert "a_1_b_-1" in indexes(client, NS)
    assert index.dropped is not None
    assert "is another index than perftui created" in index.dropped.message


@pytest.mark.long
async def test_with_the_server_away_it_stays_in_the_journal(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod(replica_set="rs0")
    with server.client() as connected:
        fill(connected)
    index = trial(server)
    async with index:
        await asyncio.to_thread(server.kill)
    assert index.dropped is not None
    assert index.dropped.state != "done"
    (record,) = undoable(index.journal)
    assert record.undo is not None
    assert (record.intent.action, record.undo.owner_pid) == ("create index for a benchmark", os.getpid())
    assert left_trials(index.journal) == ()  # this process still runs, and has said so itself
