"""Commands whose task was cancelled: PyMongo tells nothing of them, so they are given up, counted, and not held. Those
that are only slow are not."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers.querying import queries
from helpers.waiting import wait_until, wait_until_async
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.monitoring import CommandStartedEvent

from perftui.instrument import MongoMonitor, Registry
from perftui.instrument.queries import commands
from perftui.servers import MongodProcess

DATABASE, CANCELLED = "query_cancelled", 5
BIG = "y" * 10_000


async def cancel_some(things: AsyncCollection[dict[str, Any]], monitor: MongoMonitor) -> None:
    for _ in range(CANCELLED):
        one = asyncio.create_task(things.find_one({"$where": "sleep(5000) || true", "big": {"$ne": BIG}}))
        await wait_until_async(lambda: monitor.running)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one


async def test_they_are_errors_as_soon_as_nobody_waits_for_them(mongod: MongodProcess) -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    async with AsyncMongoClient[dict[str, Any]](mongod.uri, event_listeners=[monitor]) as client:
        await client[DATABASE].things.insert_one({"x": 1})
        await cancel_some(client[DATABASE].things, monitor)
    document = queries(registry)
    (found,) = (one for one in document.shapes if one.op == "find")
    assert (found.errors, found.error_codes, found.count) == (CANCELLED, {"cancelled": CANCELLED}, 0)
    assert monitor.running == {}


def test_one_that_takes_long_is_counted_as_itself_when_it_is_answered(mongod: MongodProcess) -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    with mongod.client(event_listeners=[monitor]) as client, ThreadPoolExecutor(1) as pool:
        client[DATABASE].things.insert_one({"x": 1})
        slow = pool.submit(client[DATABASE].things.find_one, {"$where": "sleep(1500) || true"})
        wait_until(lambda: monitor.running)
        slow.result()
    (found,) = (one for one in queries(registry).shapes if one.op == "find")
    assert (found.count, found.errors, found.error_codes) == (1, 0, {})


def test_one_of_another_connection_is_left_alone(mongod: MongodProcess) -> None:
    """Whose thread gives a connection back meanwhile."""
    monitor = MongoMonitor(Registry("shop"))
    with mongod.client(event_listeners=[monitor]) as client, ThreadPoolExecutor(1) as pool:
        client[DATABASE].things.insert_one({"x": 1})
        slow = pool.submit(client[DATABASE].things.find_one, {"$where": "sleep(1500) || true"})
        wait_until(lambda: monitor.running)
        for _ in range(20):
            client[DATABASE].things.find_one()
        assert len(monitor.running) == 1
        slow.result()
    assert queries(monitor.registry).errors == 0


def test_those_beyond_the_bound_are_forgotten_and_not_told_as_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands, "MOST_RUNNING", 10)
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    for number in range(30):
        monitor.started(CommandStartedEvent({"find": "c", "$db": "shop"}, "shop", number, ("db", 27017), number))
    assert len(monitor.running) == 10
    assert queries(registry).errors == 0


async def test_their_commands_are_not_held(mongod: MongodProcess) -> None:
    monitor = MongoMonitor(Registry("shop"))
    async with AsyncMongoClient[dict[str, Any]](mongod.uri, event_listeners=[monitor]) as client:
        await client[DATABASE].things.insert_one({"x": 1})
        await cancel_some(client[DATABASE].things, monitor)
    assert BIG not in str(vars(monitor))
