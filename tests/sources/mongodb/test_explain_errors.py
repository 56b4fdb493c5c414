"""What the server refuses, as sentences: rights with the grant that helps, and errors of the command."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from helpers.mongodb import Client

from perftui.model.plan import Plan
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.client import open_client
from perftui.sources.mongodb.explain import Explainable, NotExplained, Refusal, explain, explainable
from perftui.targets import connect_to

PASSWORD = "viewer-word"
FIND = {"find": "orders", "filter": {"a": 1}}
UPDATE = {"q": {"a": 1}, "u": {"$set": {"b": 1}}}
OUT = {"aggregate": "orders", "pipeline": [{"$out": "made"}]}


async def answer(client: Any, command: dict[str, Any], ns: str = "shop.orders") -> Plan | Refusal:
    asked = explainable(command, ns)
    assert isinstance(asked, Explainable), asked
    try:
        return await explain(client, asked, max_time_ms=5_000)
    except NotExplained as error:
        return error.refusal


class Guarded:
    """A server that asks for a login."""

    def __init__(self, mongod: MongodProcess, root: Client) -> None:
        self.mongod, self.root = mongod, root
        self.count = 0

    def user(self, *roles: Any) -> str:
        """A new user with these roles."""
        self.count += 1
        name = f"user{self.count}"
        self.root.admin.command("createUser", name, pwd=PASSWORD, roles=list(roles))
        return name

    def role(self, *privileges: tuple[str, list[str]]) -> str:
        self.count += 1
        name = f"role{self.count}"
        found = [{"resource": {"db": "shop", "collection": of}, "actions": actions} for of, actions in privileges]
        self.root.admin.command("createRole", name, privileges=found, roles=[])
        return name

    async def answer(self, user: str, command: dict[str, Any]) -> Plan | Refusal:
        uri = f"mongodb://{user}:{PASSWORD}@127.0.0.1:{self.mongod.port}/?authSource=admin&directConnection=true"
        client = open_client(connect_to(uri))
        try:
            return await answer(client, command)
        finally:
            await client.close()

    def run(self, grant: str) -> None:
        """The grant as it was shown, by a driver instead of mongosh."""
        found = grant.partition('.grantRolesToUser("')[2]
        user, _, roles = found.partition('", [{role: "')
        role, _, of = roles.partition('", db: "')
        self.root.admin.command("grantRolesToUser", user, roles=[{"role": role, "db": of.partition('"')[0]}])


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod(replica_set="rs0", arguments=("--auth",))
        mongod.create_administrator("root", PASSWORD)
        with mongod.client(username="root", password=PASSWORD) as root:
            root.shop.orders.insert_many({"_id": n, "a": n} for n in range(10))
            root.shop.command("create", "plain", viewOn="orders", pipeline=[])
            yield Guarded(mongod, root)


@pytest.mark.parametrize(
    ("command", "before", "role"),
    [
        (FIND, "clusterMonitor", "read"),
        ({"count": "orders", "query": {"a": 1}}, "clusterMonitor", "read"),
        (UPDATE, "readAnyDatabase", "readWrite"),
        ({"q": {"a": 1}, "limit": 0}, "readAnyDatabase", "readWrite"),
        ({"findAndModify": "orders", "query": {"a": 1}, "remove": True}, "readAnyDatabase", "readWrite"),
        (OUT, "readAnyDatabase", "readWrite"),
    ],
)
async def test_a_missing_right_is_named_and_its_grant_helps(
    guarded: Guarded, command: dict[str, Any], before: str, role: str
) -> None:
    user = guarded.user(before)
    refused = await guarded.answer(user, command)
    assert isinstance(refused, Refusal)
    assert refused.code == 13
    assert "shop.orders" in refused.message
    grant = f'db.getSiblingDB("admin").grantRolesToUser("{user}", [{{role: "{role}", db: "shop"}}])'
    assert grant in refused.help
    guarded.run(grant)
    assert isinstance(await guarded.answer(user, command), Plan)


async def test_whoever_may_read_one_collection_only_gets_its_plan(guarded: Guarded) -> None:
    """listCollections is refused then, but for the names and kinds of one's own."""
    user = guarded.user({"role": guarded.role(("orders", ["find"])), "db": "admin"})
    assert isinstance(await guarded.answer(user, FIND), Plan)


async def test_a_view_that_cannot_be_looked_into_is_not_explained(guarded: Guarded) -> None:
    user = guarded.user({"role": guarded.role(("plain", ["find"])), "db": "admin"})
    refused = await guarded.answer(user, {"find": "plain"})
    assert isinstance(refused, Refusal)
    assert "may not look into" in refused.message


async def test_a_wrong_password_is_no_riddle(guarded: Guarded) -> None:
    uri = f"mongodb://nobody:secretword@127.0.0.1:{guarded.mongod.port}/?authSource=admin"
    client = open_client(connect_to(uri))
    try:
        refused = await answer(client, FIND)
    finally:
        await client.close()
    assert isinstance(refused, Refusal)
    assert refused.message == "The server refused the login."
    assert "secretword" not in refused.message + refused.help


@pytest.fixture
async def client(mongod: MongodProcess) -> AsyncIterator[Any]:
    with mongod.client() as writer:
        writer.explain_errors.orders.insert_one({"_id": 1, "a": 1})
        if "view" not in writer.explain_errors.list_collection_names():
            writer.explain_errors.command("create", "view", viewOn="orders", pipeline=[])
    found = open_client(connect_to(mongod.direct_uri))
    yield found
    await found.close()
    with mongod.client() as writer:
        writer.drop_database("explain_errors")


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ({"find": "orders", "filter": {"$text": {"$search": "x"}}}, 27, "has no text index"),
        ({"find": "orders", "filter": {"$foo": 1}}, 2, "does not accept this command: unknown top level operator"),
        ({"find": "orders", "filter": {}, "hint": "gone"}, 2, "an index that does not exist"),
        ({"aggregate": "orders", "pipeline": [{"$foo": 1}]}, 40324, "does not accept this command"),
        ({"find": ".a", "filter": {}}, 73, "takes explain_errors..a for no name"),
        ({"update": "view", "updates": [{"q": {}, "u": {"$set": {"a": 1}}}]}, 166, "is a view"),
        ({"find": "orders", "filter": {"a": {"$near": [1, 2]}}}, 291, "No plan is allowed"),
    ],
)  # fmt: skip
async def test_errors_of_the_server_are_sentences(client: Any, command: dict[str, Any], code: int, words: str) -> None:
    refused = await answer(client, command, "explain_errors.orders")
    assert isinstance(refused, Refusal)
    assert (refused.code, words in refused.message) == (code, True), refused.message
    assert refused.message.endswith(".")
    assert "full error" not in refused.message


async def test_what_bson_cannot_hold_is_no_crash(client: Any) -> None:
    for value in (2**70, object(), "\ud800", {"a\0b": 1}, "x" * 20_000_000):
        refused = await answer(client, {"find": "orders", "filter": {"a": value}}, "explain_errors.orders")
        assert isinstance(refused, Refusal)
        assert len(refused.message) < 500


async def test_a_server_that_is_gone_is_said_so() -> None:
    with PrivateServers() as servers:
        mongod = servers.start_mongod()
        uri = mongod.direct_uri
    client = open_client(connect_to(uri, timeout_s=1.0))
    try:
        refused = await answer(client, FIND)
    finally:
        await client.close()
    assert isinstance(refused, Refusal)
    assert refused.message.startswith("The server could not be asked")
