"""Commands whose task was cancelled: PyMongo tells nothing of them, so they are given up, counted, and not held."""

import asyncio
import time
from typing import Any

import pytest
from helpers.querying import queries
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from perftui.instrument import MongoMonitor, Registry
from perftui.instrument.queries import unanswered
from perftui.servers import MongodProcess

DATABASE, CANCELLED = "query_cancelled", 5
BIG = "y" * 10_000


async def cancel_some(things: AsyncCollection[dict[str, Any]]) -> None:
    for _ in range(CANCELLED):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(things.find_one({"$where": "sleep(300) || true", "big": {"$ne": BIG}}), 0.05)


def sweep(registry: Registry, minute: int) -> None:
    """As the registry's thread does in so many minutes."""
    registry.tick(time.monotonic() + 60 * minute)


async def test_they_are_errors_once_nobody_can_wait_for_them(
    mongod: MongodProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    async with AsyncMongoClient[dict[str, Any]](mongod.uri, event_listeners=[monitor]) as client:
        await client[DATABASE].things.insert_one({"x": 1})
        await cancel_some(client[DATABASE].things)
        sweep(registry, 1)
        assert queries(registry).errors == 0  # each may still be answered
        monkeypatch.setattr(unanswered, "UNANSWERED_S", 0.0)
        sweep(registry, 2)
    document = queries(registry)
    (found,) = (one for one in document.shapes if one.op == "find")
    assert (found.errors, found.error_codes, found.count) == (CANCELLED, {"cancelled": CANCELLED}, 0)
    assert monitor.running == {}


async def test_their_commands_are_not_held(mongod: MongodProcess) -> None:
    monitor = MongoMonitor(Registry("shop"))
    async with AsyncMongoClient[dict[str, Any]](mongod.uri, event_listeners=[monitor]) as client:
        await client[DATABASE].things.insert_one({"x": 1})
        await cancel_some(client[DATABASE].things)
    assert monitor.running
    assert BIG not in str(list(monitor.running.values()))


def test_what_is_answered_before_the_next_sweep_is_never_given_up(
    mongod: MongodProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    with mongod.client(event_listeners=[monitor]) as client:
        monkeypatch.setattr(unanswered, "UNANSWERED_S", 0.0)
        for minute in (1, 2, 3):
            client[DATABASE].things.find_one()
            sweep(registry, minute)
    assert (queries(registry).count, queries(registry).errors) == (3, 0)
