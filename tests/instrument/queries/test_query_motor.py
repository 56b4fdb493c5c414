"""Motor's clients take the same listener."""

from typing import Any

import pytest
from helpers.querying import in_request, queries, shape
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import InsertOne, UpdateOne

from perftui.instrument import MongoMonitor, Registry
from perftui.servers import MongodProcess

DATABASE = "query_motor"


async def test_commands_of_motor_are_counted_with_the_endpoints_that_sent_them(mongod: MongodProcess) -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    client: Any = AsyncIOMotorClient(mongod.uri, event_listeners=[monitor])
    try:
        things = client[DATABASE].things
        await things.drop()
        with in_request("POST", "/things/{id}"):
            await things.insert_many([{"_id": number} for number in range(250)])
            await things.bulk_write([InsertOne({"_id": "x"}), UpdateOne({"_id": 1}, {"$set": {"a": 1}})])
            assert len(await things.find({"_id": {"$gte": 0}}, batch_size=100).to_list(None)) == 250
        with pytest.raises(ValueError, match="a collection of motor cannot be wrapped"):
            monitor.wrap(things)
    finally:
        client.close()
    document = queries(registry)
    found = shape(document, {"find": "things", "filter": {"_id": {"$gte": 1}}}, DATABASE)
    assert (found.count, found.get_mores, found.returned) == (1, 2, 250)
    assert [(one.method, one.route, one.calls) for one in found.callers] == [("POST", "/things/{id}", 1)]
    assert shape(document, {"insert": "things"}, DATABASE).modified == 251
    assert shape(document, {"update": "things", "updates": [{"q": {"_id": 1}}]}, DATABASE).modified == 1
