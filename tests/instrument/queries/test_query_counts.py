"""What the listener counts of real commands: shapes, cursors, errors, writes, retries, transactions, requests."""

import os
from typing import Any

import pytest
from helpers.querying import in_request, measured, queries, shape
from pymongo import AsyncMongoClient, InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure

from perftui.instrument import MongoMonitor, Registry
from perftui.servers import MongodProcess, PrivateServers

DATABASE = "query_counts"


@pytest.fixture
def registry(mongod: MongodProcess) -> Registry:
    with mongod.client() as client:
        client.drop_database(DATABASE)
        client[DATABASE].things.insert_many({"_id": number, "kind": number % 2} for number in range(250))
    return Registry("shop")


def test_cursors_are_joined_to_what_opened_them(mongod: MongodProcess, registry: Registry) -> None:
    monitor = MongoMonitor(registry)
    with measured(mongod, monitor) as client:
        things = client[DATABASE].things
        assert len(list(things.find({"kind": {"$gte": 0}}, batch_size=100))) == 250
        assert len(list(things.aggregate([{"$match": {"kind": 1}}], batchSize=50))) == 125
        cursor = things.find({"_id": {"$gt": 5}}, batch_size=10)
        next(cursor)
        assert len(monitor.cursors) == 1
        cursor.close()
        assert len(list(things.find_raw_batches({"seen": {"$exists": False}}))) == 2
    document = queries(registry)
    found = shape(document, {"find": "things", "filter": {"kind": {"$gte": 1}}}, DATABASE)
    assert (found.count, found.get_mores, found.returned, found.cursors_killed) == (1, 2, 250, 0)
    grouped = shape(document, {"aggregate": "things", "pipeline": [{"$match": {"kind": 1}}]}, DATABASE)
    assert (grouped.count, grouped.get_mores, grouped.returned) == (1, 2, 125)
    killed = shape(document, {"find": "things", "filter": {"_id": {"$gt": 5}}}, DATABASE)
    assert (killed.count, killed.get_mores, killed.returned, killed.cursors_killed) == (1, 0, 10, 1)
    assert (len(monitor.cursors), len(monitor.running)) == (0, 0)
    raw = shape(document, {"find": "things", "filter": {"seen": {"$exists": False}}}, DATABASE)
    assert (raw.count, raw.get_mores, raw.returned) == (1, 1, 0)
    assert found.latency.count == 1
    assert (found.get_more_s or 0) > 0


def test_exhaust_cursors_are_counted_to_their_end(mongod: MongodProcess, registry: Registry) -> None:
    from pymongo import CursorType

    monitor = MongoMonitor(registry)
    with measured(mongod, monitor) as client:
        cursors = [client[DATABASE].things.find(cursor_type=CursorType.EXHAUST, batch_size=60) for _ in range(2)]
        for _ in range(250):
            for cursor in cursors:
                next(cursor)
        assert [len(list(cursor)) for cursor in cursors] == [0, 0]
    found = shape(queries(registry), {"find": "things"}, DATABASE)
    assert (found.count, found.returned) == (2, 500)
    assert len(monitor.cursors) == len(monitor.running) == 0


def test_writes_tell_what_they_did_and_which_errors_they_met(mongod: MongodProcess, registry: Registry) -> None:
    with measured(mongod, MongoMonitor(registry)) as client:
        things = client[DATABASE].things
        things.update_many({"kind": 1}, {"$set": {"seen": True}})
        things.update_many({"kind": 1}, {"$set": {"seen": True}})
        things.update_one({"_id": "new"}, {"$set": {"a": 1}}, upsert=True)
        things.delete_many({"_id": {"$lt": 10}})
        assert things.find_one_and_update({"_id": 20}, {"$set": {"x": 1}}) is not None
        assert things.find_one_and_delete({"_id": "none"}) is None
        with pytest.raises(BulkWriteError):
            things.bulk_write([InsertOne({"_id": at}) for at in (20, 21, "fresh", 22)], ordered=False)
        things.bulk_write([UpdateOne({"_id": at}, {"$set": {"y": 1}}) for at in range(30, 60)])
        with pytest.raises(OperationFailure):
            things.find_one({"$nonsense": 1})
        client.get_database(DATABASE, write_concern=_unacknowledged()).things.insert_one({"_id": "unacknowledged"})
    document = queries(registry)
    updated = shape(document, {"update": "things", "updates": [{"q": {"kind": 1}, "u": {}}]}, DATABASE)
    assert (updated.count, updated.matched, updated.modified, updated.returned) == (2, 250, 125, None)
    by_id = shape(document, {"update": "things", "updates": [{"q": {"_id": 1}, "u": {}}]}, DATABASE)
    assert (by_id.count, by_id.matched, by_id.modified) == (2, 30, 31)
    deleted = shape(document, {"delete": "things", "deletes": [{"q": {"_id": {"$lt": 1}}}]}, DATABASE)
    assert (deleted.matched, deleted.modified) == (10, 10)
    modified = shape(document, {"findAndModify": "things", "query": {"_id": 1}}, DATABASE)
    assert (modified.count, modified.returned, modified.matched, modified.modified) == (2, 1, 1, 1)
    inserted = shape(document, {"insert": "things"}, DATABASE)
    assert (inserted.count, inserted.modified, inserted.matched, inserted.error_codes) == (2, 1, None, {"11000": 3})
    assert document.error_codes == {"11000": 3, "2": 1}
    assert document.errors == 4


def _unacknowledged() -> Any:
    from pymongo import WriteConcern

    return WriteConcern(w=0)


def test_transactions_do_not_confuse_it(mongod: MongodProcess, registry: Registry) -> None:
    with measured(mongod, MongoMonitor(registry)) as client, client.start_session() as session:
        things = client[DATABASE].things
        with session.start_transaction():
            things.insert_one({"_id": "in"}, session=session)
            assert things.count_documents({"_id": "in"}, session=session) == 1
        session.start_transaction()
        things.find_one({"_id": "in"}, session=session)
        session.abort_transaction()
        client.admin.command("ping")
    document = queries(registry)
    assert {group.name: group.latency.count for group in document.by_operation} == {
        "insert": 1,
        "aggregate": 1,
        "find": 1,
    }
    assert [group.name for group in document.by_collection] == [f"{DATABASE}.things"]


def test_a_retry_is_counted_once_more_and_as_a_retry(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(replica_set="rs0", arguments=("--setParameter", "enableTestCommands=1"))
    registry = Registry("shop")
    failing = {"failCommands": ["find", "insert"], "errorCode": 91, "errorLabels": ["RetryableWriteError"]}
    with measured(mongod, MongoMonitor(registry), heartbeatFrequencyMS=500) as client:  # found again soon
        client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": failing})
        client[DATABASE].things.find_one({"_id": 1})
        client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": failing})
        client[DATABASE].things.insert_one({"_id": 1})
    document = queries(registry)
    assert {one.op: (one.count, one.retries, one.errors, one.error_codes) for one in document.shapes} == {
        "find": (2, 1, 1, {"91": 1}),
        "insert": (2, 1, 1, {"91": 1}),
    }


async def test_async_clients_are_counted_alike(mongod: MongodProcess, registry: Registry) -> None:
    monitor = MongoMonitor(registry)
    async with AsyncMongoClient[dict[str, Any]](mongod.uri, event_listeners=[monitor]) as client:
        things = client[DATABASE].things
        with in_request("GET", "/things/{id}") as request:
            assert len(await things.find({"kind": {"$gte": 0}}, batch_size=100).to_list()) == 250
        assert await things.distinct("kind") == [0, 1]
    found = shape(queries(registry), {"find": "things", "filter": {"kind": {"$gte": 1}}}, DATABASE)
    assert (found.count, found.get_mores, found.returned) == (1, 2, 250)
    assert [(one.method, one.route, one.calls) for one in found.callers] == [("GET", "/things/{id}", 1)]
    assert request.queries == 3
    assert request.query_s == pytest.approx(found.latency.sum_s + (found.get_more_s or 0))


def test_callers_are_bounded_and_the_most_frequent_come_first(mongod: MongodProcess, registry: Registry) -> None:
    with measured(mongod, MongoMonitor(registry)) as client:
        for number in range(30):
            for _ in range(3 if number == 7 else 1):
                with in_request("GET", f"/page{number}"):
                    client[DATABASE].things.find_one({"kind": 1})
        with in_request("POST", None):
            client[DATABASE].things.find_one({"_id": 1})
    document = queries(registry)
    found = shape(document, {"find": "things", "filter": {"kind": 1}, "limit": 1}, DATABASE)
    assert len(found.callers) == 10
    assert (found.callers[0].route, found.callers[0].calls) == ("/page7", 3)
    (other,) = shape(document, {"find": "things", "filter": {"_id": 1}, "limit": 1}, DATABASE).callers
    assert (other.method, other.route) == ("POST", "(unmatched)")


def test_slow_commands_are_sampled_without_their_values(mongod: MongodProcess, registry: Registry) -> None:
    with measured(mongod, MongoMonitor(registry, slow_ms=0, warning_ms=0)) as client, in_request("GET", "/secret"):
        client[DATABASE].things.find_one({"kind": "SECRET"})
    with measured(mongod, MongoMonitor(registry, slow_ms=1e6, warning_ms=0)) as client:
        client[DATABASE].things.find_one({"kind": "SECRET"})
    document = queries(registry)
    assert (document.count, document.slow, document.warnings) == (2, 1, 1)
    (sample,) = document.slow_samples
    assert (sample.op, sample.method, sample.route, sample.returned) == ("find", "GET", "/secret", 0)
    registry.clear("query")
    assert queries(registry).slow_samples == ()
    assert queries(registry).count == 0


def test_installed_it_measures_clients_made_later_and_counts_each_command_once(mongod: MongodProcess) -> None:
    from pymongo import monitoring

    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    listeners = monitoring._LISTENERS
    before = [list(part) for part in listeners]
    try:
        assert monitor.install() is monitor
        with measured(mongod, monitor) as client:
            client[DATABASE].things.find_one()
    finally:
        for part, kept in zip(listeners, before, strict=True):
            part[:] = kept
    assert queries(registry).count == 1


def test_a_child_process_begins_anew(mongod: MongodProcess, registry: Registry) -> None:
    monitor = MongoMonitor(registry)
    with measured(mongod, monitor) as client:
        cursor = client[DATABASE].things.find(batch_size=10)
        next(cursor)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                left = len(monitor.cursors), len(monitor.running), len(registry.queries.memo)
                os.write(writing, repr((left, queries(registry).count)).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reading, 100) == b"((0, 0, 0), 0)"
        cursor.close()
    assert queries(registry).count == 1
