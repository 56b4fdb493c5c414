"""Batches of writes: a collection's on a real server, a client's by the replies that MongoDB 8.0 documents."""

from datetime import timedelta
from typing import Any

from helpers.querying import measured, queries, shape
from pymongo import DeleteMany, InsertOne, UpdateOne, monitoring

from perftui.advice.shapes.shape import shape_of
from perftui.instrument import MongoMonitor, Registry
from perftui.model.metrics import QueryShapeDocument
from perftui.servers import MongodProcess

DATABASE = "query_bulk_writes"
ADDRESS = ("h", 1)


def test_a_collection_s_batch_is_counted_by_what_it_sends(mongod: MongodProcess) -> None:
    """Its commands are inserts, updates and deletes; likes among them have the shape of one."""
    registry = Registry("shop")
    with measured(mongod, MongoMonitor(registry)) as client:
        things = client[DATABASE].things
        things.drop()
        things.bulk_write(
            [
                *(InsertOne({"_id": number, "kind": number % 2}) for number in range(60)),
                *(UpdateOne({"_id": number}, {"$set": {"x": 1}}) for number in range(60)),
                *(UpdateOne({"a": number, "b": 1, "c": 1}, {"$set": {"x": 1}}, upsert=True) for number in range(3)),
                DeleteMany({"kind": 1}),
            ],
            ordered=True,
        )
        things.bulk_write([UpdateOne({"_id": number}, {"$set": {"x": 2}}) for number in range(0, 1_400, 2)])
    document = queries(registry)
    assert document.count == 4
    assert shape(document, {"insert": "things"}, DATABASE).modified == 60
    assert shape(document, {"delete": "things", "deletes": [{"q": {"kind": 0}}]}, DATABASE).modified == 30
    by_id = shape(document, {"update": "things", "updates": [{"q": {"_id": 1}}]}, DATABASE)
    assert (by_id.count, by_id.matched, by_id.modified) == (1, 30, 30)
    mixed = {"update": "things", "updates": [{"q": {"_id": 1}}, {"q": {"a": 1, "b": 1, "c": 1}}]}
    found = shape(document, mixed, DATABASE)
    assert (found.count, found.matched, found.modified) == (1, 60, 63)


def bulk(*spaces: str) -> dict[str, Any]:
    """As PyMongo sends it."""
    ops = [{"insert": at, "document": {"secret": "SECRET"}} for at, _ in enumerate(spaces)]
    return {"bulkWrite": 1, "errorsOnly": True, "ordered": True, "ops": ops, "nsInfo": [{"ns": ns} for ns in spaces]}


def reply(cursor: int = 0, *told: dict[str, Any], **numbers: int) -> dict[str, Any]:
    counted = dict.fromkeys(("nErrors", "nInserted", "nUpserted", "nMatched", "nModified", "nDeleted"), 0)
    batch = {"id": cursor, "firstBatch": list(told), "ns": "admin.$cmd.bulkWrite"}
    return {"ok": 1, "cursor": batch, **counted, **numbers}


def send(monitor: MongoMonitor, number: int, command: dict[str, Any], answer: dict[str, Any], took_ms: int = 1) -> None:
    name = next(iter(command))
    monitor.started(monitoring.CommandStartedEvent({**command, "$db": "admin"}, "admin", number, ADDRESS, number))
    took = timedelta(milliseconds=took_ms)
    monitor.succeeded(monitoring.CommandSucceededEvent(took, answer, name, number, ADDRESS, number))


def found(registry: Registry, ns: str) -> QueryShapeDocument:
    wanted = shape_of({"bulkWrite": 1}, ns).id
    return next(one for one in queries(registry).shapes if one.id == wanted)


def test_a_client_s_batch_is_one_command_on_its_collection() -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    send(monitor, 1, bulk("shop.items"), reply(nInserted=5, nUpserted=1, nMatched=7, nModified=6, nDeleted=2))
    send(monitor, 2, bulk("shop.items", "shop.items"), reply(nInserted=1))
    send(monitor, 3, bulk("shop.items", "shop.orders"), reply(nDeleted=4))
    send(monitor, 4, bulk("shop.items"), {"ok": 1})
    one, several = found(registry, "shop.items"), found(registry, "admin.$cmd.bulkWrite")
    assert (one.op, one.shape, one.count) == ("bulkwrite", "bulkWrite", 3)
    assert (one.matched, one.modified, one.returned, one.errors) == (9, 15, None, 0)
    assert (several.count, several.matched, several.modified) == (1, 4, 4)
    assert "SECRET" not in repr(queries(registry))
    assert [group.name for group in queries(registry).by_operation] == ["bulkwrite"]


def test_failed_statements_are_counted_in_every_batch_of_the_answer() -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)
    duplicate = {"ok": 0, "idx": 0, "code": 11000, "errmsg": "E11000"}
    send(monitor, 1, bulk("shop.items"), reply(9, {"ok": 1, "idx": 1, "n": 1}, duplicate, nErrors=3, nInserted=1))
    assert len(monitor.cursors) == 1
    rest = {"cursor": {"id": 0, "nextBatch": [duplicate, {**duplicate, "code": 121}]}, "ok": 1}
    send(monitor, 2, {"getMore": 9, "collection": "$cmd.bulkWrite"}, rest)
    one = found(registry, "shop.items")
    assert (one.count, one.get_mores, one.errors, one.modified) == (1, 1, 3, 1)
    assert one.error_codes == {"11000": 2, "121": 1}
    assert (len(monitor.cursors), len(monitor.running)) == (0, 0)


def test_a_slow_batch_is_told_without_a_plan() -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry, explain_with=lambda: (_ for _ in ()).throw(AssertionError("not asked")))
    send(monitor, 1, bulk("shop.items"), reply(nInserted=1), took_ms=500)
    assert monitor.explaining is not None
    assert monitor.explaining.wait(60)
    one = found(registry, "shop.items")
    assert one.slow == 1
    assert "cannot be explained" in next(iter(monitor.explaining.refused.values()))
