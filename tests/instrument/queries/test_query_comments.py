"""The endpoint travels with every kind of command, and nothing else changes."""

from typing import Any

import pytest
from helpers.querying import Client, in_request, measured, queries
from helpers.waiting import wait_until
from pymongo import AsyncMongoClient, InsertOne, UpdateOne, WriteConcern

from perftui.advice.shapes.shape import shape_of
from perftui.instrument import MongoMonitor, Registry, current_comment
from perftui.instrument.queries import comments
from perftui.model.comment import endpoint_of
from perftui.servers import MongodProcess

DATABASE = "query_comments"
EXPECTED = {"find", "aggregate", "count", "distinct", "insert", "update", "delete", "findAndModify"}


@pytest.fixture
def profiled(mongod: MongodProcess) -> Any:
    with mongod.client() as client:
        database = client[DATABASE]
        database.command("profile", 0)
        database.system.profile.drop()
        database.things.drop()
        database.things.insert_many({"_id": number} for number in range(300))
        database.command("profile", 2)
        yield database.system.profile
        database.command("profile", 0)


def seen(profile: Any) -> dict[str, set[object]]:
    """Comments by command, as the server profiled them."""
    found: dict[str, set[object]] = {}
    for entry in profile.find({"ns": f"{DATABASE}.things"}):
        command = entry["command"]
        name = {"update": "update", "remove": "delete"}.get(entry["op"]) or next(iter(command))
        found.setdefault(name, set()).add(command.get("comment"))
    return found


def send_all(client: Client) -> None:
    things = client[DATABASE].things
    assert len(list(things.find({"_id": {"$gte": 0}}, batch_size=100))) == 300
    list(things.aggregate([{"$match": {"_id": 1}}]))
    things.estimated_document_count()
    things.distinct("_id", {"_id": 1})
    things.insert_one({"_id": "a"})
    things.bulk_write([InsertOne({"_id": "b"}), UpdateOne({"_id": 1}, {"$set": {"x": 1}})])
    things.update_many({"_id": 2}, {"$set": {"x": 1}})
    things.delete_one({"_id": 3})
    things.find_one_and_update({"_id": 4}, {"$set": {"x": 1}})


def test_every_command_carries_the_endpoint_of_its_request(mongod: MongodProcess, profiled: Any) -> None:
    registry = Registry("shop")
    with measured(mongod, MongoMonitor(registry, comment=True)) as client, in_request("GET", "/api/items/{id}"):
        assert current_comment() == "perftui:GET /api/items/{id}"
        send_all(client)
    found = seen(profiled)
    assert set(found) >= EXPECTED | {"getMore"}
    assert {name: comments for name, comments in found.items() if comments != {"perftui:GET /api/items/{id}"}} == {}
    assert endpoint_of(found["find"].pop()) == ("GET", "/api/items/{id}")
    assert queries(registry).errors == 0


async def test_async_commands_carry_it_too(mongod: MongodProcess, profiled: Any) -> None:
    monitor = MongoMonitor(Registry("shop"), comment=True)
    async with AsyncMongoClient[dict[str, Any]](mongod.uri, event_listeners=[monitor]) as client:
        things = client[DATABASE].things
        with in_request("POST", "/api/items"):
            await things.find({"_id": 1}).to_list()
            await (await things.aggregate([{"$match": {"_id": 1}}])).to_list()
            await things.estimated_document_count()
            await things.distinct("_id", {"_id": 1})
            await things.insert_one({"_id": "a"})
            await things.bulk_write([UpdateOne({"_id": 1}, {"$set": {"x": 1}})])
            await things.delete_one({"_id": 3})
            await things.find_one_and_update({"_id": 4}, {"$set": {"x": 1}})
    found = seen(profiled)
    assert set(found) >= EXPECTED
    assert set().union(*found.values()) == {"perftui:POST /api/items"}


def test_it_is_sent_only_where_it_was_asked_for(mongod: MongodProcess, profiled: Any) -> None:
    asking = MongoMonitor(Registry("asks"), comment=True)
    assert asking.sends_comments
    silent = MongoMonitor(Registry("silent"))
    assert not silent.sends_comments
    with measured(mongod, silent) as client, in_request("GET", "/"):
        client[DATABASE].things.find_one()
    with mongod.client() as client, in_request("GET", "/"):
        client[DATABASE].things.count_documents({})
    with measured(mongod, asking) as client:
        client[DATABASE].things.distinct("_id")
        with in_request("GET", None):
            client[DATABASE].things.delete_one({"_id": 5})
    assert set().union(*seen(profiled).values()) == {None}


def test_the_application_s_own_comment_stays(mongod: MongodProcess, profiled: Any) -> None:
    with measured(mongod, MongoMonitor(Registry("shop"), comment=True)) as client, in_request("GET", "/"):
        things = client[DATABASE].things
        list(things.find({"_id": 1}, comment="mine"))
        things.update_one({"_id": 1}, {"$set": {"x": 2}}, comment={"of": "mine"})
        things.with_options(write_concern=WriteConcern(w=0)).bulk_write([InsertOne({"_id": "w0"})], ordered=False)
        while things.find_one({"_id": "w0"}, comment="mine") is None:
            pass
    # What is found already may not be in the profile yet.
    wait_until(lambda: profiled.find_one({"ns": f"{DATABASE}.things", "op": "insert"}))
    entries = list(profiled.find({"ns": f"{DATABASE}.things"}))
    assert {entry["command"]["comment"] for entry in entries if "find" in entry["command"]} == {"mine"}
    assert [entry["command"]["comment"] for entry in entries if entry["op"] == "update"] == [{"of": "mine"}]
    assert [entry["command"]["comment"] for entry in entries if entry["op"] == "insert"] == ["perftui:GET /"]


def test_shapes_are_the_same_with_and_without_it(mongod: MongodProcess) -> None:
    plain, commented = Registry("plain"), Registry("commented")
    with measured(mongod, MongoMonitor(plain)) as client:
        client[DATABASE].things.drop()
        client[DATABASE].things.insert_many({"_id": number} for number in range(300))
        send_all(client)
    with measured(mongod, MongoMonitor(commented, comment=True)) as client, in_request("GET", "/a"):
        client[DATABASE].things.drop()
        client[DATABASE].things.insert_many({"_id": number} for number in range(300))
        send_all(client)
    assert {one.id for one in queries(plain).shapes} == {one.id for one in queries(commented).shapes}
    command = {"find": "things", "filter": {"_id": {"$gte": 0}}}
    assert shape_of({**command, "comment": "perftui:GET /a"}, "x.y").id == shape_of(command, "x.y").id


def test_this_pymongo_offers_the_place_for_it_and_without_one_nothing_breaks(
    mongod: MongodProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = comments._connection_classes()
    assert owners, "PyMongo changed: find another place for comments"
    monkeypatch.setattr(comments, "_CONNECTIONS", (("pymongo.nowhere", "Connection"), ("pymongo.pool", "Nothing")))
    monitor = MongoMonitor(Registry("shop"), comment=True)
    assert not monitor.sends_comments
    with measured(mongod, monitor) as client, in_request("GET", "/"):
        client[DATABASE].things.find_one()
    assert queries(monitor.registry).count == 1


def test_old_servers_are_sent_none_with_commands_that_do_not_take_one() -> None:
    class Connection:
        max_wire_version = 8

        class listeners:  # noqa: N801 - as PyMongo names it
            @staticmethod
            def event_listeners() -> list[object]:
                return [monitor]

    monitor = MongoMonitor(Registry("shop"), comment=True)
    insert: dict[str, Any] = {"insert": "things"}
    find: dict[str, Any] = {"find": "things"}
    with in_request("GET", "/"):
        comments._add_comment(Connection, insert)
        comments._add_comment(Connection, find)
    assert "comment" not in insert
    assert find["comment"] == "perftui:GET /"
