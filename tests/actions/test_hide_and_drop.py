"""Hiding, showing and dropping real indexes, and taking each back."""

from collections.abc import Iterator
from typing import Any

import pytest
from helpers.acting import Client, carry_out, check_and_carry_out, commands_run, indexes, spec
from pymongo import MongoClient
from pymongo.database import Database

from perftui.actions.create_index import CreateIndexes
from perftui.actions.drop_index import DropIndex
from perftui.actions.hide_index import HideIndex
from perftui.actions.index_spec import keep
from perftui.actions.journal import default_journal
from perftui.actions.pending import undoable
from perftui.actions.undo import UndoAction, last_undoable, undo_refused
from perftui.actions.undo_data import KeptIndex, UndoData
from perftui.servers import MongodProcess
from perftui.targets import connect_to

DATABASE = "hide_and_drop"
NS = f"{DATABASE}.orders"


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        connected.drop_database(DATABASE)
        database: Database[dict[str, Any]] = connected[DATABASE]
        database.orders.insert_many([{"a": number, "title": f"order {number}"} for number in range(100)])
        database.orders.create_index([("a", 1)])
        yield connected
        connected.drop_database(DATABASE)


def hide(mongod: MongodProcess, name: str = "a_1", *, hidden: bool = True) -> HideIndex:
    connection = connect_to(mongod.uri)
    return HideIndex(connection, connection.target, NS, name, hidden=hidden)


def drop(mongod: MongodProcess, name: str = "a_1") -> DropIndex:
    connection = connect_to(mongod.uri)
    return DropIndex(connection, connection.target, NS, name)


def undo(mongod: MongodProcess, entry: str = "") -> UndoAction:
    connection = connect_to(mongod.uri)
    record = last_undoable(default_journal(), connection, entry)
    assert record is not None
    return UndoAction(connection, connection.target, record)


def plan(client: Client) -> str:
    explained = client[DATABASE].orders.find({"a": 5}).explain()
    return str(explained["queryPlanner"]["winningPlan"])


async def test_a_hidden_index_is_not_used_until_it_is_shown_again(mongod: MongodProcess, client: Client) -> None:
    action = hide(mongod)
    assert await action.check() == ()
    assert '{collMod: "orders", index: {name: "a_1", hidden: true}, ' in action.describe().command
    assert (await carry_out(action)).state == "done"
    assert "COLLSCAN" in plan(client)
    again = await check_and_carry_out(hide(mongod))
    assert (again.state, "a_1 is hidden already" in again.message) == ("refused", True)
    back = undo(mongod)
    assert back.describe().title == f"Unhide index a_1 of {NS}"
    assert (await check_and_carry_out(back)).state == "done"
    assert "COLLSCAN" not in plan(client)
    assert undoable(default_journal()) == ()


async def test_showing_can_be_undone_too(mongod: MongodProcess, client: Client) -> None:
    await check_and_carry_out(hide(mongod))
    assert (await check_and_carry_out(hide(mongod, hidden=False))).state == "done"
    assert (await check_and_carry_out(undo(mongod))).state == "done"
    assert indexes(client, NS)["a_1"]["hidden"] is True


@pytest.mark.parametrize("name", ["_id_", "nowhere"])
async def test_what_cannot_be_hidden_or_dropped(mongod: MongodProcess, client: Client, name: str) -> None:
    before = commands_run(client, "collMod", "dropIndexes")
    for action in (hide(mongod, name), drop(mongod, name)):
        outcome = await check_and_carry_out(action, typed=name)
        assert outcome.state == "refused"
        assert ("_id" if name == "_id_" else "has no index nowhere") in outcome.message
    assert commands_run(client, "collMod", "dropIndexes") == before
    assert default_journal().read() == ()


async def test_a_drop_wants_the_name_unless_the_index_is_hidden(mongod: MongodProcess, client: Client) -> None:
    action = drop(mongod)
    assert any("Hide it first" in problem.message for problem in await action.check())
    assert action.describe().typed_confirmation == "a_1"
    for typed in (None, "a_2", ""):
        outcome = await carry_out(action, typed=typed)
        assert (outcome.state, outcome.message) == ("refused", "Nothing was done: type a_1 to confirm.")
    assert "a_1" in indexes(client, NS)
    await check_and_carry_out(hide(mongod))
    hidden = drop(mongod)
    assert await hidden.check() == ()
    assert hidden.describe().typed_confirmation is None
    assert (await carry_out(hidden)).state == "done"
    assert set(indexes(client, NS)) == {"_id_"}


async def test_shown_again_meanwhile_the_name_is_wanted_again(mongod: MongodProcess, client: Client) -> None:
    await check_and_carry_out(hide(mongod))
    action = drop(mongod)
    await action.check()
    await check_and_carry_out(hide(mongod, hidden=False))
    assert (await carry_out(action)).state == "refused"
    assert "a_1" in indexes(client, NS)


async def test_use_and_what_else_it_is_for_are_told(mongod: MongodProcess, client: Client) -> None:
    orders = client[DATABASE].orders
    orders.create_index([("at", 1)], unique=True, sparse=True, expireAfterSeconds=60, name="both")
    orders.find_one({"a": 5})
    words = " ".join(problem.message for problem in await drop(mongod, "both").check())
    assert "It is unique" in words
    assert "It is a TTL index" in words
    used = " ".join(problem.message for problem in await drop(mongod).check())
    assert f"It is in use on 127.0.0.1:{mongod.port}: 1 times since 20" in used


HARD: list[dict[str, Any]] = [
    {"key": {"title": "text", "a": 1}, "name": "words", "weights": {"title": 5}, "default_language": "french"},
    {"key": {"b": 1.0, "c": -1}, "name": "floats", "unique": True, "partialFilterExpression": {"b": {"$gt": 5.5}}},
    {"key": {"d": 1}, "name": "german", "collation": {"locale": "de", "strength": 2}, "sparse": True},
    {"key": {"$**": 1}, "name": "all", "wildcardProjection": {"a": 0}},
    {"key": {"place": "2dsphere"}, "name": "places"},
    {"key": {"e": "hashed"}, "name": "hash"},
    {"key": {"f": 1}, "name": "ttl", "expireAfterSeconds": 3600, "hidden": True},
]


@pytest.mark.parametrize("definition", HARD, ids=[one["name"] for one in HARD])
async def test_a_drop_is_undone_exactly(mongod: MongodProcess, client: Client, definition: dict[str, Any]) -> None:
    client[DATABASE].command({"createIndexes": "orders", "indexes": [definition]})
    name = definition["name"]
    before = indexes(client, NS)[name]
    assert (await check_and_carry_out(drop(mongod, name), typed=name)).state == "done"
    assert name not in indexes(client, NS)
    back = undo(mongod)
    outcome = await check_and_carry_out(back)
    assert outcome.state == "done", outcome
    after = indexes(client, NS)[name]
    assert after == before
    assert list(after["key"].items()) == list(before["key"].items())
    assert [type(way) for way in after["key"].values()] == [type(way) for way in before["key"].values()]


async def test_our_own_creation_is_undone_by_a_plain_yes(mongod: MongodProcess, client: Client) -> None:
    connection = connect_to(mongod.uri)
    made = CreateIndexes(connection, connection.target, [spec(NS, {"b": 1}), spec(NS, {"c": -1})], watch_s=0)
    await check_and_carry_out(made)
    back = undo(mongod)
    assert await back.check() == ()
    shown = back.describe()
    assert shown.typed_confirmation is None
    assert '{dropIndexes: "orders", index: ["b_1", "c_-1"], ' in shown.command
    assert (await carry_out(back)).state == "done"
    assert set(indexes(client, NS)) == {"_id_", "a_1"}
    assert last_undoable(default_journal(), connection) is None


async def test_another_index_under_our_name_is_left_alone(mongod: MongodProcess, client: Client) -> None:
    connection = connect_to(mongod.uri)
    await check_and_carry_out(CreateIndexes(connection, connection.target, [spec(NS, {"b": 1}, "ours")], watch_s=0))
    client[DATABASE].orders.drop_index("ours")
    client[DATABASE].orders.create_index([("b", 1)], name="ours", unique=True, sparse=True)
    outcome = await check_and_carry_out(undo(mongod))
    assert outcome.state == "refused"
    assert "another index than perftui created" in outcome.message
    assert "ours" in indexes(client, NS)


async def test_of_several_those_that_are_left_are_dropped(mongod: MongodProcess, client: Client) -> None:
    connection = connect_to(mongod.uri)
    made = CreateIndexes(connection, connection.target, [spec(NS, {"b": 1}), spec(NS, {"c": -1})], watch_s=0)
    await check_and_carry_out(made)
    client[DATABASE].orders.drop_index("b_1")
    back = undo(mongod)
    (problem,) = await back.check()
    assert (problem.blocking, problem.message) == (False, f"b_1 is not on {NS} any more.")
    assert '{dropIndexes: "orders", index: "c_-1", ' in back.describe().command
    outcome = await carry_out(back)
    assert (outcome.state, outcome.message) == ("done", f"c_-1 on {NS} is gone. b_1 on {NS} was gone before.")
    assert set(indexes(client, NS)) == {"_id_", "a_1"}
    again = default_journal().read()[-1].undo
    assert again is not None
    assert [one.name for one in again.indexes] == ["c_-1"]


async def test_what_is_gone_altogether_is_closed_and_older_ones_are_reached(
    mongod: MongodProcess, client: Client
) -> None:
    connection = connect_to(mongod.uri)
    await carry_out(hide(mongod))
    await check_and_carry_out(CreateIndexes(connection, connection.target, [spec(NS, {"b": 1})], watch_s=0))
    client[DATABASE].orders.drop_index("b_1")
    back = undo(mongod)
    (problem,) = await back.check()
    assert (problem.blocking, problem.help) == (False, "Somebody dropped it already.")
    assert back.describe().consequences[0].startswith("Nothing is dropped.")
    outcome = await carry_out(back)
    words = f"Nothing was dropped: b_1 on {NS} is not there any more."
    assert (outcome.state, outcome.message) == ("refused", words)
    older = last_undoable(default_journal(), connection)
    assert older is not None
    assert older.intent.action == "hide index"


async def test_what_goes_between_the_question_and_the_yes_is_looked_at_again(
    mongod: MongodProcess, client: Client
) -> None:
    connection = connect_to(mongod.uri)
    made = CreateIndexes(connection, connection.target, [spec(NS, {"b": 1}), spec(NS, {"c": -1})], watch_s=0)
    await check_and_carry_out(made)
    back = undo(mongod)
    assert await back.check() == ()
    client[DATABASE].orders.drop_index("b_1")
    outcome = await carry_out(back)
    assert (outcome.state, "came or went meanwhile" in outcome.message) == ("refused", True)
    assert "c_-1" in indexes(client, NS)


async def test_a_build_whose_end_nobody_saw_is_not_closed_for_being_away(mongod: MongodProcess, client: Client) -> None:
    connection = connect_to(mongod.uri)
    await check_and_carry_out(CreateIndexes(connection, connection.target, [spec(NS, {"b": 1})], watch_s=0))
    journal = default_journal()
    (record,) = journal.read()
    journal.conclude(record.intent, "unverified", "The connection was lost.", record.undo)
    client[DATABASE].orders.drop_index("b_1")
    (problem,) = await undo(mongod).check()
    assert (problem.blocking, "may still show up" in problem.help) == (True, True)


async def test_an_entry_of_another_target_is_not_taken_back_here(mongod: MongodProcess, client: Client) -> None:
    """A member of staging has the same names as one of production."""
    connection, staging = connect_to(mongod.uri), connect_to("mongodb://staging:27017")
    index = KeptIndex(ns=NS, name="a_1", definition=keep(indexes(client, NS)["a_1"]))
    made = UndoData(kind="drop indexes", ns=NS, connection=staging.target.id, member="staging:27017", indexes=(index,))
    journal = default_journal()
    journal.conclude(journal.intend("create index", staging.target, "createIndexes", made), "done", "It is built.")
    (record,) = journal.read()
    reason = undo_refused(journal, connection, record)
    assert reason is not None
    assert f"entry {record.intent.id[:8]} is of mongodb://staging:27017, not of {connection.target.name}" in reason
    assert undo_refused(journal, staging, record) is None


async def test_what_was_taken_back_is_not_taken_back_again(mongod: MongodProcess, client: Client) -> None:
    connection, journal = connect_to(mongod.uri), default_journal()
    await check_and_carry_out(CreateIndexes(connection, connection.target, [spec(NS, {"b": 1})], watch_s=0))
    (record,) = journal.read()
    assert undo_refused(journal, connection, record) is None
    assert (await check_and_carry_out(undo(mongod))).state == "done"
    client[DATABASE].orders.create_index([("b", 1)])
    assert "has been taken back already" in (undo_refused(journal, connection, record) or "")


async def test_kill_and_clear_have_no_undo(mongod: MongodProcess) -> None:
    connection = connect_to(mongod.uri)
    journal = default_journal()
    entry = journal.intend("kill operation", connection.target, "db.killOp(1)")
    journal.conclude(entry, "done", "Operation 1 is gone.")
    assert last_undoable(journal, connection) is None
    outcome = await check_and_carry_out(undo(mongod, entry.id[:8]))
    assert outcome.state == "refused"
    assert "a killed operation cannot be taken back" in outcome.message
