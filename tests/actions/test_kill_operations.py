"""Killing a whole group of real operations: only those that were listed, in batches, until it is stopped."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.acting import carry_out, check_and_carry_out
from helpers.mongodb import good, sources
from helpers.waiting import wait_until
from msgspec.structs import replace
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from perftui.actions.base import ActionProgress
from perftui.actions.journal import default_journal
from perftui.actions.kill_operations import KillOperations
from perftui.advice.contention.groups import group_operations
from perftui.model.operation import Operation, OperationList
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.client import APP_NAME
from perftui.targets import connect_to

Client = MongoClient[dict[str, Any]]
INTERRUPTED = 11601
ENOUGH = [{"n": number} for number in range(20_000)]
"""Documents that keep a query for minutes, at 20 ms each."""


class Pile:
    """Clients that each run one query that sleeps in the server until it is killed."""

    def __init__(self, uri: str, ns: str, number: int, app_name: str = "pile") -> None:
        self.uri, self.ns, self.app_name = uri, ns, app_name
        self.codes: list[int | None] = []
        self.threads = [threading.Thread(target=self._run, args=(place,)) for place in range(number)]

    def _run(self, place: int) -> None:
        database, _, collection = self.ns.partition(".")
        client: Client
        with MongoClient(self.uri, appname=self.app_name) as client:
            try:
                list(client[database][collection].find({"$where": f"sleep(20) && {place} < 0"}))
            except OperationFailure as error:
                self.codes.append(error.code)

    def __enter__(self) -> "Pile":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        with MongoClient[dict[str, Any]](self.uri) as client:
            while any(thread.is_alive() for thread in self.threads):
                for entry in running(client, self.ns):
                    client.admin.command("killOp", op=entry["opid"])
                time.sleep(0.05)
        for thread in self.threads:
            thread.join()


def running(client: Client, ns: str) -> list[dict[str, Any]]:
    stages: list[dict[str, Any]] = [{"$currentOp": {"allUsers": True}}, {"$match": {"ns": ns, "active": True}}]
    return list(client.admin.aggregate(stages))


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod(replica_set="rs0")
        with mongod.client() as client:
            for name in ("piled", "neighbour"):
                client["kills"][name].insert_many(ENOUGH)
        yield mongod


async def listed(server: MongodProcess, ns: str, number: int) -> tuple[Operation, ...]:
    """The operations on `ns` as the monitor lists them, once there are so many."""
    with server.client() as client:
        await asyncio.to_thread(wait_until, lambda: len(running(client, ns)) == number)
    async with sources(server.uri) as found:
        payload = (await good(found["mongodb.operations"])).payload
    assert isinstance(payload, OperationList)
    return tuple(one for one in payload.operations if one.ns == ns)


def action_on(server: MongodProcess, operations: tuple[Operation, ...]) -> KillOperations:
    connection = connect_to(server.uri)
    (group,) = group_operations(operations, "shape")
    return KillOperations(connection, connection.target, group.name, group.operations)


async def test_the_whole_group_goes_and_its_neighbours_live(server: MongodProcess) -> None:
    with Pile(server.uri, "kills.neighbour", 2) as others, Pile(server.uri, "kills.piled", 45) as pile:
        bystanders = {one.opid for one in await listed(server, "kills.neighbour", 2)}
        action = action_on(server, await listed(server, "kills.piled", 45))
        assert await action.check() == ()
        description = action.describe()
        assert "[" + ", ".join(str(one.opid) for one in action.operations) + "]" in description.command
        assert len(description.items) == 45
        assert description.role == "PRIMARY"
        told: list[ActionProgress] = []
        action.report_to(told.append)
        outcome = await carry_out(action)
        assert (outcome.state, outcome.message) == ("done", "45 of 45 operations are killed and gone.")
        assert [one.done for one in told if one.phase == "killing"] == [20, 40, 45]
        wait_until(lambda: len(pile.codes) == 45)
        assert set(pile.codes) == {INTERRUPTED}
        assert {one.opid for one in await listed(server, "kills.neighbour", 2)} == bystanders
        assert not others.codes
    (record,) = default_journal().read()
    assert record.intent.command == description.command
    assert record.outcome is not None
    assert record.outcome.state == "done"


async def test_what_ended_or_changed_since_is_counted_and_left(server: MongodProcess) -> None:
    with Pile(server.uri, "kills.piled", 5):
        operations = await listed(server, "kills.piled", 5)
        action = action_on(server, operations)
        await action.check()
        first, second, *rest = action.operations
        with server.client() as client:
            client.admin.command("killOp", op=first.opid)
            await asyncio.to_thread(wait_until, lambda: len(running(client, "kills.piled")) == 4)
        # As if the second had ended, and its number were another client's by now.
        action.operations = [first, replace(second, client="10.9.8.7:1"), *rest]
        outcome = await carry_out(action)
        assert outcome.state == "done"
        assert outcome.message == (
            "3 of 5 operations are killed and gone; 1 had ended by themselves, "
            "1 were refused, for they are other operations by now."
        )
        assert [one.opid for one in await listed(server, "kills.piled", 1)] == [second.opid]


@pytest.mark.parametrize("change", [{"shape_id": "another"}, {"running_s": 3_600.0}, {"ns": "kills.neighbour"}])
async def test_one_of_another_shape_or_age_lives(server: MongodProcess, change: dict[str, Any]) -> None:
    with Pile(server.uri, "kills.piled", 2):
        one, other = await listed(server, "kills.piled", 2)
        connection = connect_to(server.uri)
        action = KillOperations(connection, connection.target, "two", [one, replace(other, **change)])
        assert (await carry_out(action)).message == "1 of 1 operations are killed and gone."
        assert [left.opid for left in await listed(server, "kills.piled", 1)] == [other.opid]


async def test_it_stops_between_two_batches(server: MongodProcess) -> None:
    with Pile(server.uri, "kills.piled", 30):
        action = action_on(server, await listed(server, "kills.piled", 30))
        await action.check()
        action.report_to(lambda _progress: action.stop())
        outcome = await carry_out(action)
        assert outcome.message == "20 of 30 operations are killed and gone; 10 were left: you stopped it."
        assert len(await listed(server, "kills.piled", 10)) == 10


async def test_all_that_ended_is_no_kill(server: MongodProcess) -> None:
    with Pile(server.uri, "kills.piled", 2):
        action = action_on(server, await listed(server, "kills.piled", 2))
    outcome = await carry_out(action)
    assert outcome.state == "refused"
    assert "have ended by themselves" in outcome.message
    assert default_journal().read() == ()


async def test_our_own_and_the_servers_are_never_among_them(server: MongodProcess) -> None:
    """Even where a list names one of perftui's own operations as a client's."""
    with Pile(server.uri, "kills.piled", 1, APP_NAME):
        with server.client() as client:
            await asyncio.to_thread(wait_until, lambda: len(running(client, "kills.piled")) == 1)
            (entry,) = running(client, "kills.piled")
        ours = Operation(
            opid=entry["opid"], op="query", ns="kills.piled", client=entry["client"], running_s=0.0, killable=True
        )
        connection = connect_to(server.uri)
        internal = (
            Operation(opid=1, op="none", noise="internal", killable=True),
            Operation(opid=2, op="command", ns="local.oplog.rs"),
            Operation(opid=None, op="none"),
        )
        action = KillOperations(connection, connection.target, "ours", [ours, *internal])
        assert [one.opid for one in action.operations] == [ours.opid]
        assert "3 of the group are left out" in " ".join(action.describe().consequences)
        outcome = await carry_out(action)
        assert outcome.state == "refused"
        assert outcome.message.startswith("Nothing was killed: 1 were refused")
        with server.client() as client:
            assert [one["opid"] for one in running(client, "kills.piled")] == [ours.opid]


async def test_read_only_kills_nothing(server: MongodProcess) -> None:
    with Pile(server.uri, "kills.piled", 2):
        action = action_on(server, await listed(server, "kills.piled", 2))
        await action.check()
        assert (await carry_out(action, read_only=True)).state == "refused"
        assert len(await listed(server, "kills.piled", 2)) == 2
        assert (await check_and_carry_out(action)).state == "done"


async def test_without_the_right_the_grant_is_named(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod(arguments=["--auth"])
    with MongoClient[dict[str, Any]](server.uri) as anonymous:
        anonymous.admin.command("createUser", "root", pwd="root-pw", roles=["root"])
    address = f"127.0.0.1:{server.port}/?authSource=admin"
    with MongoClient[dict[str, Any]](f"mongodb://root:root-pw@{address}") as root:
        root.admin.command("createUser", "watcher", pwd="watcher-pw", roles=["clusterMonitor"])
        root["kills"].piled.insert_many(ENOUGH)
        with Pile(f"mongodb://root:root-pw@{address}", "kills.piled", 2):
            wait_until(lambda: len(running(root, "kills.piled")) == 2)
            watcher = connect_to(f"mongodb://watcher@{address}", password="watcher-pw")
            seen = [
                Operation(opid=entry["opid"], op="query", ns="kills.piled", client=entry["client"], killable=True)
                for entry in running(root, "kills.piled")
            ]
            outcome = await carry_out(KillOperations(watcher, watcher.target, "two", seen))
            assert outcome.state == "failed"
            assert "hostManager" in outcome.message
            assert len(running(root, "kills.piled")) == 2
    assert "-pw" not in default_journal().path.read_text("utf-8")
