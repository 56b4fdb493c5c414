"""Connection pools: waits, sizes, refusals, and advice with its evidence."""

import asyncio
import os
from typing import Any

import pytest
from helpers.querying import Client, measured, queries
from pymongo import AsyncMongoClient, CursorType
from pymongo.errors import ServerSelectionTimeoutError, WaitQueueTimeoutError

from perftui.instrument import MongoMonitor, Registry
from perftui.instrument.queries.pool_advice import pool_advice
from perftui.instrument.store.tally import Tally
from perftui.model.histogram import bucket_of
from perftui.model.metrics import QueryPoolDocument
from perftui.servers import MongodProcess

DATABASE = "query_pools"


def pool_of(registry: Registry, mongod: MongodProcess) -> QueryPoolDocument:
    return next(pool for pool in queries(registry).pools if pool.address == mongod.address)


def test_sizes_waits_and_refusals(mongod: MongodProcess) -> None:
    registry = Registry("shop")
    options = {"maxPoolSize": 1, "waitQueueTimeoutMS": 200, "retryReads": False}
    with measured(mongod, MongoMonitor(registry), **options) as client:
        things = client[DATABASE].things
        things.drop()
        things.insert_many({"_id": number} for number in range(10))
        holding = things.find(cursor_type=CursorType.EXHAUST, batch_size=2)
        next(holding)
        during = pool_of(registry, mongod)
        with pytest.raises(WaitQueueTimeoutError):
            things.find_one()
        assert len(list(holding)) == 9
        things.find_one()
        after = pool_of(registry, mongod)
    closed = pool_of(registry, mongod)
    assert (during.in_use, during.size, during.max_size, during.clients) == (1, 1, 1, 1)
    assert (after.in_use, after.waiting, after.failed) == (0, 0, {"timeout": 1})
    assert after.created >= 1
    assert after.wait.count >= 4
    assert "1 commands got no connection in time" in after.advice[0]
    assert (closed.size, closed.in_use, closed.clients, closed.max_size) == (0, 0, 0, None)
    assert closed.closed.get("pool", 0) >= 1


async def test_async_pools_are_counted_alike(mongod: MongodProcess) -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    async with AsyncMongoClient[dict[str, Any]](mongod.uri, event_listeners=[monitor], maxPoolSize=3) as client:
        things = client[DATABASE].things
        await asyncio.gather(*(things.find_one({"_id": number}) for number in range(40)))
        pool = pool_of(registry, mongod)
    assert pool.wait.count >= 40
    assert 1 <= pool.size <= 3 == pool.max_size
    assert (pool.in_use, pool.waiting) == (0, 0)


def test_a_server_that_is_not_there_is_no_fault() -> None:
    registry = Registry("shop")
    with (
        Client(
            "mongodb://127.0.0.1:9/", serverSelectionTimeoutMS=200, event_listeners=[MongoMonitor(registry)]
        ) as client,
        pytest.raises(ServerSelectionTimeoutError),
    ):
        client[DATABASE].things.find_one()
    assert queries(registry).count == 0


def waits(seconds: float, number: int, **counters: float) -> Tally:
    tally = Tally()
    us = round(seconds * 1e6)
    tally.add([(bucket_of(us), number)], counters.items(), us * number)
    tally.span(us, us)
    return tally


@pytest.mark.parametrize(
    ("tally", "gauges", "closed", "expected"),
    [
        (waits(0.0001, 1000), {"size": 10, "max_size": 100, "in_use": 5}, {}, None),
        (waits(0.05, 20), {"size": 100, "max_size": 100}, {}, None),
        (waits(0.05, 1000), {"size": 100, "max_size": 100}, {}, "all 100 open"),
        (waits(0.05, 1000), {"size": 3, "max_size": 100}, {}, "3 open of 100"),
        (waits(0.05, 10, failed_timeout=7), {"size": 100, "max_size": 100}, {}, "7 commands got no connection"),
        (waits(0.0001, 1000), {"size": 90, "in_use": 1, "max_size": 100}, {}, "smaller maxPoolSize"),
        (waits(0.0001, 1000), {"size": 9, "in_use": 1}, {"idle": 300}, "300 connections were closed as idle"),
    ],
)
def test_advice_needs_evidence(
    tally: Tally, gauges: dict[str, float], closed: dict[str, int], expected: str | None
) -> None:
    advice = pool_advice(tally, gauges, closed, 300)
    if expected is None:
        assert advice == ()
    else:
        (sentence,) = advice
        assert expected in sentence


def test_a_fork_changes_nothing_in_the_parent_and_opens_nothing_in_the_child(mongod: MongodProcess) -> None:
    registry = Registry("shop")
    with measured(mongod, MongoMonitor(registry), maxPoolSize=7) as client:
        client[DATABASE].things.find_one()
        for _ in range(3):
            child = os.fork()
            if child == 0:
                os._exit(registry._workers is not None)
            assert os.waitpid(child, 0)[1] == 0
        assert (pool_of(registry, mongod).max_size, pool_of(registry, mongod).clients) == (7, 1)


def test_a_child_counts_the_pools_that_it_inherited(mongod: MongodProcess) -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    with measured(mongod, monitor, maxPoolSize=7) as client:
        client[DATABASE].things.find_one()
        address = client.address
        child = os.fork()
        if child == 0:
            monitor._pools.waits(address)  # as PyMongo tells it, which would also warn of the fork
            (found,) = queries(registry).pools
            os._exit((found.max_size, found.clients, found.waiting, found.size) != (7, 1, 1, 0))
        assert os.waitpid(child, 0)[1] == 0
