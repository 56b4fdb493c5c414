"""A wrapped collection gives each call's result and what that one call cost."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers.querying import Client, measured, queries
from pymongo import AsyncMongoClient, InsertOne

from perftui.advice.shapes.shape import shape_of
from perftui.instrument import CallMetrics, MongoMonitor, Registry
from perftui.servers import MongodProcess

DATABASE = "query_wrap"


@pytest.fixture
def monitor(mongod: MongodProcess) -> MongoMonitor:
    with mongod.client() as client:
        client[DATABASE].things.drop()
        client[DATABASE].things.insert_many({"_id": number, "kind": number % 2} for number in range(250))
    return MongoMonitor(Registry("shop"))


def told(metrics: CallMetrics) -> tuple[str | None, int, int, int]:
    assert metrics.duration_s >= metrics.command_s > 0
    assert metrics.collection == f"{DATABASE}.things"
    return metrics.op, metrics.commands, metrics.batches, metrics.returned


def test_each_method_gives_its_result_and_metrics(mongod: MongodProcess, monitor: MongoMonitor) -> None:
    with measured(mongod, monitor) as client:
        things = monitor.wrap(client[DATABASE].things)
        found, metrics = things.find({"kind": 1}, batch_size=100)
        assert (len(found), *told(metrics)) == (125, "find", 1, 2, 125)
        assert metrics.shape_id == shape_of({"find": "t", "filter": {"kind": 2}}, f"{DATABASE}.things").id
        assert metrics.plan is None
        one, metrics = things.find_one({"_id": 5})
        assert (one, *told(metrics)) == ({"_id": 5, "kind": 1}, "find", 1, 1, 1)
        grouped, metrics = things.aggregate([{"$group": {"_id": "$kind"}}])
        assert (len(grouped), *told(metrics)) == (2, "aggregate", 1, 1, 2)
        assert things.count_documents({"kind": 1})[0] == 125
        assert things.estimated_document_count()[0] == 250
        assert told(things.distinct("kind")[1]) == ("distinct", 1, 1, 2)
        assert things.insert_one({"_id": "a"})[0].inserted_id == "a"
        inserted, metrics = things.insert_many([{"_id": "b"}, {"_id": "c"}])
        assert (len(inserted.inserted_ids), *told(metrics)) == (2, "insert", 1, 1, 0)
        assert things.update_one({"_id": "a"}, {"$set": {"x": 1}})[0].modified_count == 1
        assert things.update_many({"kind": 1}, {"$set": {"x": 1}})[0].matched_count == 125
        assert things.replace_one({"_id": "a"}, {"y": 1})[0].modified_count == 1
        assert things.delete_one({"_id": "a"})[0].deleted_count == 1
        assert things.delete_many({"kind": 0})[0].deleted_count == 125
        assert told(things.find_one_and_update({"_id": "b"}, {"$set": {"x": 1}})[1]) == ("findandmodify", 1, 1, 1)
        assert things.find_one_and_replace({"_id": "b"}, {"z": 1})[0] == {"_id": "b", "x": 1}
        assert things.find_one_and_delete({"_id": "b"})[0] == {"_id": "b", "z": 1}
        assert things.bulk_write([InsertOne({"_id": "d"})])[0].inserted_count == 1
    assert queries(monitor.registry).count == 17


async def test_async_methods_do_the_same(mongod: MongodProcess, monitor: MongoMonitor) -> None:
    async with AsyncMongoClient[dict[str, Any]](mongod.uri, event_listeners=[monitor]) as client:
        things = monitor.wrap(client[DATABASE].things)
        found, metrics = await things.find({"kind": 1}, batch_size=100)
        assert (len(found), *told(metrics)) == (125, "find", 1, 2, 125)
        grouped, metrics = await things.aggregate([{"$group": {"_id": "$kind"}}])
        assert (len(grouped), *told(metrics)) == (2, "aggregate", 1, 1, 2)
        assert (await things.find_one({"_id": 5}))[0] == {"_id": 5, "kind": 1}
        assert (await things.count_documents({"kind": 1}))[0] == 125
        assert (await things.distinct("kind"))[0] == [0, 1]
        assert (await things.insert_one({"_id": "a"}))[0].inserted_id == "a"
        assert (await things.update_many({"kind": 1}, {"$set": {"x": 1}}))[0].modified_count == 125
        assert (await things.find_one_and_delete({"_id": "a"}))[0] == {"_id": "a"}
        assert (await things.delete_many({}))[0].deleted_count == 250


async def test_calls_at_the_same_time_are_told_apart(mongod: MongodProcess, monitor: MongoMonitor) -> None:
    async with AsyncMongoClient[dict[str, Any]](mongod.uri, event_listeners=[monitor]) as client:
        things = monitor.wrap(client[DATABASE].things)
        calls = [things.find({"_id": {"$lt": number}}, batch_size=10) for number in range(1, 60)]
        answers = await asyncio.gather(*calls)
    assert [metrics.returned for _, metrics in answers] == list(range(1, 60))
    assert [metrics.batches for _, metrics in answers] == [number // 10 + 1 for number in range(1, 60)]


def test_threads_are_told_apart(mongod: MongodProcess, monitor: MongoMonitor) -> None:
    with measured(mongod, monitor) as client, ThreadPoolExecutor(8) as pool:
        things = monitor.wrap(client[DATABASE].things)
        answers = list(pool.map(lambda number: things.find({"_id": {"$lt": number}}), range(1, 60)))
    assert [metrics.returned for _, metrics in answers] == list(range(1, 60))


def test_errors_are_the_application_s(mongod: MongodProcess, monitor: MongoMonitor) -> None:
    with measured(mongod, monitor) as client, pytest.raises(Exception, match="unknown top level operator"):
        monitor.wrap(client[DATABASE].things).find({"$nonsense": 1})


def test_a_collection_of_another_client_is_refused_in_words(mongod: MongodProcess, monitor: MongoMonitor) -> None:
    with Client(mongod.uri) as client, pytest.raises(ValueError, match="event_listeners"):
        monitor.wrap(client[DATABASE].things)
