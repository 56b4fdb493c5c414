"""Every error that a server answers with is a sentence with what to do: provoked on a real server."""

from collections.abc import Iterator
from typing import Any

import pytest
from helpers.acting import TEST_COMMANDS, Client, carry_out, check_and_carry_out, fail_point, indexes, spec
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from perftui.actions.base import Action
from perftui.actions.create_index import CreateIndexes
from perftui.actions.drop_index import DropIndex
from perftui.actions.hide_index import HideIndex
from perftui.actions.index_spec import IndexSpec
from perftui.actions.profiling_settings import ProfilingSettings
from perftui.actions.server_errors import code_of, lost, words_of
from perftui.actions.set_profiling import SetProfiling
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

DATABASE = "server_errors"
NS = f"{DATABASE}.things"


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        connected.drop_database(DATABASE)
        things: Collection[dict[str, Any]] = connected[DATABASE].things
        things.insert_many([{"a": number, "b": [1], "c": [2], "same": "secret-value"} for number in range(10)])
        things.create_index([("a", 1)])
        things.create_index([("a", "text")], name="words")
        connected[DATABASE].command({"create": "view", "viewOn": "things", "pipeline": []})
        yield connected
        connected.drop_database(DATABASE)


ANSWERS: list[tuple[IndexSpec, str]] = [
    (spec(NS, {"a": 1}, "other"), "indexed already, under another name"),
    (spec(NS, {"b": 1}, "a_1"), "Another index has this name"),
    (spec(NS, {"c": "text"}), "one text index only"),
    (spec(NS, {"b": 1, "c": 1}), "one array only"),
    (spec(NS, {"same": 1}, unique=True), "hold the same value in same"),
    (spec(NS, {f"f{number}": 1 for number in range(33)}, "many"), "at most 32 fields"),
    (spec(NS, {"b": "nonsense"}), "Unknown index plugin"),
    (spec(NS, {"b": 1}, sparse=True, partialFilterExpression={"a": 1}), "cannot mix"),
    (spec(NS, {"b": 1}, partialFilterExpression={"a": {"$ne": 1}}), "Expression not supported in partial index"),
    (spec(NS, {"b": 1}, nonsense=1), "'nonsense' is not valid"),
    (spec(NS, {"b": 1}, collation={"locale": "zz"}), "Field 'locale' is invalid"),
    (spec(NS, {"b": 1}, expireAfterSeconds=-5), "expireAfterSeconds"),
    (spec(f"{DATABASE}.view", {"b": 1}), "is a view"),
    (spec(f"{DATABASE}.system.profile", {"b": 1}), "system collection"),
    (spec(NS, {"b": "2dsphere"}), "geo"),
    (spec(NS, {"b": "hashed"}), "hashed"),
]


@pytest.mark.parametrize(("wanted", "words"), ANSWERS, ids=[words for _, words in ANSWERS])
async def test_what_the_server_refuses_is_told_in_words(
    mongod: MongodProcess, client: Client, wanted: IndexSpec, words: str
) -> None:
    """Without the checks, which find most of it before."""
    connection = connect_to(mongod.uri)
    outcome = await CreateIndexes(connection, connection.target, [wanted]).run()
    assert outcome.state == "failed"
    assert words in outcome.message
    assert "full error" not in outcome.message
    assert "secret-value" not in outcome.message
    assert set(indexes(client, NS)) == {"_id_", "a_1", "words"}


async def test_sixty_four_is_the_most(mongod: MongodProcess, client: Client) -> None:
    client[DATABASE].command(
        {
            "createIndexes": "things",
            "indexes": [{"key": {f"f{number}": 1}, "name": f"f{number}"} for number in range(60)],
        }
    )
    connection = connect_to(mongod.uri)
    action = CreateIndexes(connection, connection.target, [spec(NS, {"b": 1})], watch_s=0)
    assert not any(problem.blocking for problem in await action.check())
    too_many = CreateIndexes(connection, connection.target, [spec(NS, {"b": 1}), spec(NS, {"c": 1})], watch_s=0)
    (problem,) = [problem for problem in await too_many.check() if problem.blocking]
    assert "63 indexes; a collection has at most 64" in problem.message
    outcome = await too_many.run()
    assert outcome.state == "failed"
    assert "drop an index first" in outcome.message
    assert len(indexes(client, NS)) == 63


INJECTED = {
    13: "grants it",
    24: "lock",
    26: "does not exist any more",
    50: "time limit",
    67: "cannot create this index",
    79: "commit quorum",
    112: "at the same time",
    262: "time limit",
    276: "build was aborted",
    278: "too few members",
    11601: "killed the operation",
    12586: "holds",
    12587: "under way",
    14031: "disk is nearly full",
    51108: "answered with error 51108",
    40415: "does not know a field",
}


@pytest.fixture(scope="module")
def faulty() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        server = servers.start_mongod(replica_set="rs0", arguments=TEST_COMMANDS)
        with server.client() as client:
            client[DATABASE].things.insert_one({"a": 1})
            client[DATABASE].things.create_index([("a", 1)])
        yield server


@pytest.mark.parametrize("code", INJECTED)
async def test_errors_that_a_server_meets_now_and_then(faulty: MongodProcess, code: int) -> None:
    connection = connect_to(faulty.uri)
    data = {"failCommands": ["createIndexes", "collMod", "dropIndexes", "profile"], "errorCode": code}
    actions: list[Action] = [
        CreateIndexes(connection, connection.target, [spec(NS, {"b": 1})]),
        HideIndex(connection, connection.target, NS, "a_1"),
        DropIndex(connection, connection.target, NS, "a_1"),
    ]
    for action in actions:
        with fail_point(faulty, "failCommand", data=data):
            outcome = await carry_out(action, typed="a_1")
        assert outcome.state == "failed"
        assert INJECTED[code] in outcome.message, outcome.message
        assert outcome.message.rstrip().endswith((".", "]", ")", "]'"))
    with faulty.client() as client:
        assert set(indexes(client, NS)) == {"_id_", "a_1"}
        assert "hidden" not in indexes(client, NS)["a_1"]


@pytest.mark.parametrize("code", [10107, 11600, 91, 189, 13435, 11602])
async def test_elections_and_shutdowns_of_short_commands_are_told(faulty: MongodProcess, code: int) -> None:
    connection = connect_to(faulty.uri)
    action = HideIndex(connection, connection.target, NS, "a_1")
    with fail_point(faulty, "failCommand", data={"failCommands": ["collMod"], "errorCode": code}):
        outcome = await carry_out(action)
    assert outcome.state == "failed"
    assert ("shutting down" if code in (91, 11600) else "stopped being the primary") in outcome.message
    assert lost(OperationFailure("", code))


async def test_a_wish_without_the_right_names_the_grant(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod(arguments=["--auth"])
    server.create_administrator("root", "root-pw")
    address = f"127.0.0.1:{server.port}/?authSource=admin"
    root: Client
    with MongoClient(f"mongodb://root:root-pw@{address}") as root:
        things: Collection[dict[str, Any]] = root[DATABASE].things
        things.insert_one({"a": 1})
        root[DATABASE].things.create_index([("a", 1)])
        roles = ["clusterMonitor", {"role": "read", "db": DATABASE}]
        root.admin.command("createUser", "reader", pwd="reader-pw", roles=roles)
        reader = connect_to(f"mongodb://reader@{address}", password="reader-pw")
        wanted: dict[str, Action] = {
            "readWrite": CreateIndexes(reader, reader.target, [spec(NS, {"b": 1})], watch_s=0),
            "dbAdmin": HideIndex(reader, reader.target, NS, "a_1"),
        }
        for role, action in wanted.items():
            outcome = await check_and_carry_out(action)
            assert outcome.state == "failed"
            assert f'grantRolesToUser("<user>", [{{role: "{role}", db: "{DATABASE}"}}])' in outcome.message
        profiled = await check_and_carry_out(
            SetProfiling(reader, reader.target, DATABASE, ProfilingSettings(level=1), seconds=None)
        )
        assert profiled.state in ("failed", "refused")
        assert '[{role: "dbAdmin"' in profiled.message
        nobody = connect_to(f"mongodb://127.0.0.1:{server.port}/")
        outcome = await check_and_carry_out(HideIndex(nobody, nobody.target, NS, "a_1"))
        assert outcome.state == "refused"
        assert "asks for a login" in outcome.message
        assert set(indexes(root, NS)) == {"_id_", "a_1"}


def test_a_code_inside_a_write_concern_error_counts() -> None:
    error = OperationFailure("no", None, {"writeConcernError": {"code": 11602}})
    assert code_of(error) == 11602
    assert lost(error)
    words = words_of(error, NS, "readWrite")
    assert words is not None
    assert "stopped being the primary" in words.message
    assert words_of(ValueError("no"), NS, "readWrite") is None
