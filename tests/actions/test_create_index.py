"""Creating real indexes: what is shown is what is sent, and what is refused changes nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from helpers.acting import Client, carry_out, check_and_carry_out, commands_run, indexes, spec
from pymongo import MongoClient
from pymongo.database import Database

from perftui.actions.base import ActionProgress
from perftui.actions.create_index import CreateIndexes
from perftui.actions.index_spec import IndexSpec
from perftui.actions.journal import default_journal
from perftui.servers import MongodProcess
from perftui.targets import connect_to

DATABASE = "create_index"
NS = f"{DATABASE}.orders"


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        connected.drop_database(DATABASE)
        orders: list[dict[str, Any]] = [
            {"customer": number % 50, "at": number, "tags": ["a"], "parts": [1], "title": f"order {number}"}
            for number in range(500)
        ]
        database: Database[dict[str, Any]] = connected[DATABASE]
        database.orders.insert_many(orders)
        database.users.insert_one({"email": "ann@example.org"})
        connected[DATABASE].command({"create": "view", "viewOn": "orders", "pipeline": []})
        yield connected
        connected.drop_database(DATABASE)


def create(mongod: MongodProcess, *specs: IndexSpec, **options: Any) -> CreateIndexes:
    connection = connect_to(mongod.uri)
    return CreateIndexes(connection, connection.target, specs, watch_s=0, **options)


async def test_what_is_shown_is_what_is_sent(mongod: MongodProcess, client: Client) -> None:
    action = create(mongod, spec(NS, {"customer": 1, "at": -1}, partialFilterExpression={"at": {"$gt": 5}}))
    assert await action.check() == ()
    shown = action.describe()
    assert shown.command == (
        f'db.getSiblingDB("{DATABASE}").runCommand({{createIndexes: "orders", '
        'indexes: [{key: {customer: 1, at: -1}, name: "customer_1_at_-1", partialFilterExpression: {at: {$gt: 5}}}]})'
    )
    assert shown.role == "PRIMARY"
    assert any("500 documents" in sentence for sentence in shown.consequences)
    assert any("does not stop the build" in sentence for sentence in shown.consequences)
    outcome = await carry_out(action)
    assert (outcome.state, outcome.message) == ("done", f"customer_1_at_-1 on {NS} is ready.")
    made = indexes(client, NS)["customer_1_at_-1"]
    assert list(made["key"].items()) == [("customer", 1), ("at", -1)]
    assert made["partialFilterExpression"] == {"at": {"$gt": 5}}


async def test_the_journal_holds_who_where_what_and_the_definition(mongod: MongodProcess, client: Client) -> None:
    assert (await check_and_carry_out(create(mongod, spec(NS, {"at": 1})))).state == "done"
    (record,) = default_journal().read()
    assert record.outcome is not None
    assert record.intent.undo is not None
    assert record.intent.undo.indexes[0].name == "at_1"
    undo = record.undo
    assert undo is not None
    assert (undo.kind, undo.ns, undo.member) == ("drop indexes", NS, f"127.0.0.1:{mongod.port}")
    assert undo.indexes[0].definition == (
        '{"v": {"$numberInt": "2"}, "key": {"at": {"$numberInt": "1"}}, "name": "at_1"}'
    )


async def test_several_are_built_in_one_command_for_each_collection(mongod: MongodProcess, client: Client) -> None:
    before = commands_run(client, "createIndexes")
    told: list[ActionProgress] = []
    users = f"{DATABASE}.users"
    action = create(mongod, spec(NS, {"customer": 1}), spec(users, {"email": 1}, unique=True), spec(NS, {"at": 1}))
    action.report_to(told.append)
    await action.check()
    assert len(action.describe().command.splitlines()) == 2
    outcome = await carry_out(action)
    assert outcome.state == "done"
    assert commands_run(client, "createIndexes") - before == 2
    assert set(indexes(client, NS)) == {"_id_", "customer_1", "at_1"}
    assert indexes(client, users)["email_1"]["unique"] is True
    assert {progress.phase for progress in told} >= {"starting", "verifying"}


async def test_a_part_that_fails_is_told_and_the_rest_is_kept(mongod: MongodProcess, client: Client) -> None:
    client[DATABASE].users.insert_one({"email": "ann@example.org"})
    action = create(mongod, spec(f"{DATABASE}.users", {"email": 1}, unique=True), spec(NS, {"at": 1}))
    outcome = await action.run()
    assert outcome.state == "failed"
    assert outcome.message.startswith("1 of 2 collections have their indexes.")
    assert "hold the same value in email" in outcome.message
    assert "ann@example.org" not in outcome.message
    assert [kept.name for kept in action.undo_data().indexes] == ["at_1"]
    assert "at_1" in indexes(client, NS)


REFUSED: list[tuple[IndexSpec, str]] = [
    (spec(f"{DATABASE}.nowhere", {"a": 1}), "does not exist"),
    (spec("nowhere.at_all", {"a": 1}), "does not exist"),
    (spec(f"{DATABASE}.view", {"a": 1}), "is a view"),
    (spec(f"{DATABASE}.system.profile", {"a": 1}), "system collection"),
    (spec("admin.system.users", {"a": 1}), "system collection"),
    (spec(NS, {f"f{number}": 1 for number in range(33)}, "many"), "at most 32"),
    (spec(NS, {"tags": 1, "parts": 1}), "arrays in two of the fields"),
    (spec(NS, {"customer": 1}, unique=True), "50 values of customer occur more than once, in 500 documents"),
    (spec(NS, {"_id": 1}, "_id_"), "the same index is there already"),
]


@pytest.mark.parametrize(("wanted", "words"), REFUSED, ids=[words for _, words in REFUSED])
async def test_what_cannot_be_right_is_refused_and_nothing_is_sent(
    mongod: MongodProcess, client: Client, wanted: IndexSpec, words: str
) -> None:
    before = commands_run(client, "createIndexes", "create", "dropIndexes")
    databases = client.list_database_names()
    outcome = await check_and_carry_out(create(mongod, wanted))
    assert outcome.state == "refused"
    assert words in outcome.message
    assert commands_run(client, "createIndexes", "create", "dropIndexes") == before
    assert client.list_database_names() == databases
    assert set(indexes(client, NS)) == {"_id_"}
    assert default_journal().read() == ()


async def test_what_is_there_is_compared_by_keys_name_and_options(mongod: MongodProcess, client: Client) -> None:
    orders = client[DATABASE].orders
    orders.create_index([("customer", 1), ("at", -1)], name="one")
    orders.create_index([("title", "text")], name="words")
    orders.create_index([("parts", 1)], name="hidden", hidden=True)
    expected = {
        "the same index is there already: one": spec(NS, {"customer": 1, "at": -1}, "two"),
        "another index is called one: {customer: 1, at: -1}": spec(NS, {"at": 1}, "one"),
        "words is a text index already": spec(NS, {"tags": "text"}),
        "the same index is there already: words": spec(NS, {"title": "text"}, "again"),
        "the same index is there and hidden: hidden": spec(NS, {"parts": 1}),
    }
    for words, wanted in expected.items():
        (first, *_) = await create(mongod, wanted).check()
        assert first.blocking
        assert words in first.message


async def test_a_prefix_is_told_and_does_not_stop_it(mongod: MongodProcess, client: Client) -> None:
    client[DATABASE].orders.create_index([("customer", 1), ("at", -1)])
    (longer,) = await create(mongod, spec(NS, {"customer": -1})).check()
    assert (longer.blocking, "begins with the same fields" in longer.message) == (False, True)
    (shorter,) = await create(mongod, spec(NS, {"customer": 1, "at": -1, "title": 1})).check()
    assert (shorter.blocking, "becomes unnecessary" in shorter.message) == (False, True)
    assert await create(mongod, spec(NS, {"customerId": 1})).check() == ()


async def test_read_only_changes_nothing(mongod: MongodProcess, client: Client) -> None:
    outcome = await carry_out(create(mongod, spec(NS, {"at": 1})), read_only=True)
    assert outcome.state == "refused"
    assert set(indexes(client, NS)) == {"_id_"}


def test_what_makes_no_sense_is_no_action(mongod: MongodProcess) -> None:
    with pytest.raises(ValueError, match="name an index"):
        create(mongod)
    with pytest.raises(ValueError, match="named twice"):
        create(mongod, spec(NS, {"a": 1}), spec(NS, {"a": 1}))
    with pytest.raises(ValueError, match="extended JSON"):
        create(mongod, spec(NS, {"a": 1}, partialFilterExpression={"a": {"$date": "never"}}))
