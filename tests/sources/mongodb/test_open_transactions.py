"""Who holds locks without doing anything, and who holds the connections, as a real server tells it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from helpers.mongodb import good, sources
from helpers.waiting import wait_until_async

from perftui.model.operation import ConnectionGroup, OpenTransaction, OperationList
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.base import Source
from perftui.sources.mongodb.connection_groups import ConnectionWatch, connection_groups, facet
from perftui.sources.mongodb.open_transactions import transactions


async def listed(source: Source) -> OperationList:
    payload = (await good(source)).payload
    assert isinstance(payload, OperationList)
    return payload


async def test_an_idle_transaction_is_seen_with_its_locks(mongod: MongodProcess) -> None:
    with mongod.client(appname="leaky") as client:
        client["open_transactions"]["things"].insert_one({"_id": 1})
        with client.start_session() as session:
            session.start_transaction()
            client["open_transactions"]["things"].update_one({"_id": 1}, {"$set": {"a": 1}}, session=session)
            async with sources(mongod.uri) as found:
                seen = await listed(found["mongodb.operations"])
            assert session.session_id is not None
            known = session.session_id["id"].hex()
            session.abort_transaction()
    (mine,) = [one for one in seen.transactions if one.app_name == "leaky"]
    assert mine.session == known
    assert (mine.locks, mine.active) == ("Collection w", False)
    assert (mine.lock_modes["Collection"], (mine.write_locks or 0) > 0) == ("w", True)
    assert len(mine.owner) == 64, "without it an administrator ends a session of its own instead"
    assert mine.client is not None
    assert 0 < (mine.idle_s or 0) <= (mine.open_s or 0)


async def test_a_retryable_write_that_waits_is_no_transaction(mongod: MongodProcess) -> None:
    with mongod.client(appname="leaky") as client, mongod.client(appname="writer") as writer, ExitStack() as stack:
        things = client["open_transactions"]["waited_for"]
        things.insert_one({"_id": 1})
        session = stack.enter_context(client.start_session())
        session.start_transaction()
        things.update_one({"_id": 1}, {"$set": {"a": 1}}, session=session)
        pool = stack.enter_context(ThreadPoolExecutor(1))
        waiting = pool.submit(writer["open_transactions"]["waited_for"].update_one, {"_id": 1}, {"$set": {"a": 2}})
        try:
            async with sources(mongod.uri) as found:

                async def with_writer() -> OperationList | None:
                    seen = await listed(found["mongodb.operations"])
                    return seen if any(one.app_name == "writer" for one in seen.operations) else None

                seen = await wait_until_async(with_writer)
        finally:
            session.abort_transaction()
        assert waiting.result().modified_count == 1
    assert [one.app_name for one in seen.transactions] == ["leaky"]


async def test_many_connections_are_counted_by_client_and_application(
    private_servers: PrivateServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perftui.sources.mongodb.connection_groups._EVERY_S", 600.0)  # the second may come late
    mongod = private_servers.start_mongod()
    with ExitStack() as stack:
        for _ in range(60):  # each has a monitoring connection too, and the pool's
            client = stack.enter_context(mongod.client(appname="storm"))
            client.admin.command("ping")
        async with sources(mongod.uri) as found:
            await good(found["mongodb.server"])
            seen = await listed(found["mongodb.operations"])
            again = await listed(found["mongodb.operations"])
    assert seen.connections[0].app_name == "storm"
    assert seen.connections[0].connections >= 120
    assert seen.connections[0].client == "127.0.0.1"
    assert again.connections == seen.connections, "asked too often, or forgotten"


def test_clients_are_told_apart_by_their_address_without_its_port(mongod: MongodProcess) -> None:
    clients = [*(f"[2001:db8::{number}]:{port}" for number in (1, 2) for port in (5001, 5002)), "10.0.0.7:5001"]
    with mongod.client() as client:
        entries = client["open_transactions"]["connections"]
        entries.insert_many([{"connectionId": 1, "client": one, "appName": "shop"} for one in clients])
        entries.insert_one({"connectionId": 1, "client_s": "10.0.0.7:5002", "appName": "shop"})
        found = connection_groups(entries.aggregate(facet()))
    assert {one.client: one.connections for one in found} == {"[2001:db8::1]": 2, "[2001:db8::2]": 2, "10.0.0.7": 2}


async def test_few_connections_are_not_listed(mongod: MongodProcess) -> None:
    async with sources(mongod.uri) as found:
        await good(found["mongodb.server"])
        assert (await listed(found["mongodb.operations"])).connections == ()


async def test_few_connections_are_listed_while_a_screen_shows_them(mongod: MongodProcess) -> None:
    with mongod.client(appname="shown") as client:
        client.admin.command("ping")
        async with sources(mongod.uri) as found:
            await good(found["mongodb.server"])
            source = found["mongodb.operations"]
            assert source.set_list_connections(True)
            assert not source.set_list_connections(True)
            assert "shown" in [one.app_name for one in (await listed(source)).connections]
            assert not source.set_list_connections(False)
            assert (await listed(source)).connections == ()


def test_it_is_asked_every_few_seconds_while_there_are_many() -> None:
    watch = ConnectionWatch()
    asked = [watch.wants(connections, now) for connections, now in ((None, 0), (20, 1), (500, 2), (500, 3), (500, 8))]
    assert asked == [False, False, True, False, True]


def test_what_no_server_says_is_borne() -> None:
    odd: list[dict[str, Any]] = [
        {"transaction": 3, "lsid": {"id": None}, "locks": []},
        {"transaction": {"timeOpenMicros": "x"}},
        {},
    ]
    assert transactions(odd, {}) == (OpenTransaction(session=""),) * 3
    assert connection_groups([{"_id": {"a": "x"}, "n": 3}, {"_id": None}]) == (
        ConnectionGroup(client="?", app_name="x", connections=3),
    )
