"""Ending the session of a transaction that was left open, on a real replica set."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from helpers.acting import carry_out, check_and_carry_out
from helpers.mongodb import good, sources
from msgspec.structs import replace
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from perftui.actions.journal import default_journal
from perftui.actions.kill_session import KillSession
from perftui.model.operation import OpenTransaction, OperationList
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

Client = MongoClient[dict[str, Any]]
NO_SUCH_TRANSACTION = 251


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod(replica_set="rs0")
        with mongod.client() as client:
            client["shop"].orders.insert_many([{"_id": number} for number in range(5)])
            client["shop"].items.insert_one({"_id": 1})
        yield mongod


@contextmanager
def left_open(server: MongodProcess, app_name: str = "leaky") -> Iterator[ClientSession]:
    """A client that has written in a transaction, and does nothing more."""
    with server.client(appname=app_name) as client, client.start_session() as session:
        session.start_transaction()
        client["shop"].orders.update_many({}, {"$set": {"paid": True}}, session=session)
        client["shop"].items.update_one({"_id": 1}, {"$set": {"sold": True}}, session=session)
        try:
            yield session
        finally:
            if session.in_transaction:
                session.abort_transaction()


async def seen(uri: str, app_name: str = "leaky") -> OpenTransaction:
    """As the monitor lists it."""
    async with sources(uri) as found:
        payload = (await good(found["mongodb.operations"])).payload
    assert isinstance(payload, OperationList)
    (one,) = [one for one in payload.transactions if one.app_name == app_name]
    return one


def action_on(server: MongodProcess, transaction: OpenTransaction) -> KillSession:
    connection = connect_to(server.uri)
    return KillSession(connection, connection.target, transaction)


async def test_it_is_rolled_back_and_its_neighbour_goes_on(server: MongodProcess) -> None:
    with server.client() as client, left_open(server) as session:
        with client.start_session() as other:
            other.start_transaction()
            client["shop"].orders.find_one({}, session=other)
            action = action_on(server, await seen(server.uri))
            assert await action.check() == ()
            said = action.describe()
            assert session.session_id is not None
            known = session.session_id["id"].as_uuid()
            assert f'killSessions: [{{id: UUID("{known}"), uid: HexData(0, ' in said.command
            words = " ".join(said.consequences)
            assert "locks on shop.items, shop.orders." in words
            assert re.search(r"to write [1-9]\d* times", words)
            assert "rolled back: open for" in words
            outcome = await carry_out(action)
            assert outcome.state == "done", outcome
            assert client["shop"].orders.count_documents({"paid": True}) == 0
            assert client["shop"].orders.find_one({}, session=other) is not None
            other.commit_transaction()
        with pytest.raises(OperationFailure) as raised:
            session.commit_transaction()
        assert raised.value.code == NO_SUCH_TRANSACTION
    (record,) = default_journal().read()
    assert record.intent.command == said.command


async def test_a_later_transaction_of_the_session_lives(server: MongodProcess) -> None:
    with left_open(server):
        listed = await seen(server.uri)
        assert listed.number is not None
        assert listed.started_at is not None
        untold = replace(listed, number=None, started_at=listed.started_at - 3_600.0)
        for other in (replace(listed, number=listed.number - 1), untold):
            outcome = await carry_out(action_on(server, other))
            assert outcome.state == "refused"
            assert "another transaction by now" in outcome.message
        assert (await seen(server.uri)).session == listed.session
    outcome = await carry_out(action_on(server, listed))
    assert (outcome.state, outcome.message) == ("refused", "Nothing was done: the transaction has ended by itself.")


@pytest.mark.parametrize("told", [True, False], ids=["its number is told", "only its beginning is known"])
async def test_a_later_one_that_is_open_for_longer_by_now_lives(server: MongodProcess, told: bool) -> None:
    """The question may stand for minutes: how long it is open says nothing without the time that passed."""
    with left_open(server) as session:
        listed = await seen(server.uri)
        session.abort_transaction()
        await asyncio.sleep(1.5)
        session.start_transaction()
        session.client["shop"].orders.update_many({}, {"$set": {"later": True}}, session=session)
        await asyncio.sleep((listed.open_s or 0.0) + 0.2)
        outcome = await carry_out(action_on(server, listed if told else replace(listed, number=None)))
        assert (outcome.state, "another transaction by now" in outcome.message) == ("refused", True)
        session.commit_transaction()


async def test_our_own_session_is_never_killed(server: MongodProcess) -> None:
    with left_open(server, "perftui"):
        async with sources(server.uri) as found:
            payload = (await good(found["mongodb.operations"])).payload
        assert isinstance(payload, OperationList)
        assert not payload.transactions, "it is listed"
    with left_open(server) as session:
        ours = replace(await seen(server.uri), app_name="perftui")
        assert session.in_transaction
    with pytest.raises(ValueError, match="did not tell"):
        action_on(server, replace(ours, session="nothing that is an id"))


async def test_a_member_that_may_not_is_told_what_to_grant(private_servers: PrivateServers) -> None:
    """The owner's digest in the id is what lets an administrator end another user's session."""
    server = private_servers.start_mongod(replica_set="rs0", arguments=["--auth"])
    address = f"127.0.0.1:{server.port}/?authSource=admin&directConnection=true"
    with server.client() as anonymous:
        anonymous.admin.command("createUser", "root", pwd="root-pw", roles=["root"])
    root_uri = f"mongodb://root:root-pw@{address}"
    users = {
        "app": ["readWriteAnyDatabase"],
        "watcher": ["clusterMonitor"],
        "killer": ["clusterMonitor", "hostManager"],
    }
    root: Client
    with MongoClient(root_uri) as root:
        orders: Collection[dict[str, Any]] = root["shop"].orders
        orders.insert_one({"_id": 1})
        for user, roles in users.items():
            root.admin.command("createUser", user, pwd=f"{user}-pw", roles=roles)
    app: Client
    with MongoClient(f"mongodb://app:app-pw@{address}", appname="leaky") as app, app.start_session() as session:
        session.start_transaction()
        app["shop"].orders.update_one({"_id": 1}, {"$set": {"paid": True}}, session=session)
        listed = await seen(root_uri)
        watcher = connect_to(f"mongodb://watcher@{address}", password="watcher-pw")
        refused = await check_and_carry_out(KillSession(watcher, watcher.target, listed))
        assert (refused.state, "hostManager" in refused.message) == ("failed", True)
        assert (await seen(root_uri)).session == listed.session
        killer = connect_to(f"mongodb://killer@{address}", password="killer-pw")
        outcome = await check_and_carry_out(KillSession(killer, killer.target, listed))
        assert outcome.state == "done", outcome
        with pytest.raises(OperationFailure):
            session.commit_transaction()
    assert "-pw" not in default_journal().path.read_text("utf-8")


async def test_read_only_kills_nothing(server: MongodProcess) -> None:
    with left_open(server):
        listed = await seen(server.uri)
        assert (await carry_out(action_on(server, listed), read_only=True)).state == "refused"
        assert (await seen(server.uri)).session == listed.session
