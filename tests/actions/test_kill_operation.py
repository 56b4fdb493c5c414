"""Killing real operations of a real mongod."""

import asyncio
import gc
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from perftui.actions.base import Outcome
from perftui.actions.journal import default_journal
from perftui.actions.kill_operation import KillOperation
from perftui.actions.runner import perform
from perftui.model.operation import Operation
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

Client = MongoClient[dict[str, Any]]
INTERRUPTED = 11601
DATABASE = "kill_operation"


class Running(threading.Thread):
    """A client's query that sleeps in the server and finds nothing, so that it stays one operation until killed."""

    def __init__(self, uri: str, collection: str, start: Callable[[Any], object] | None = None) -> None:
        super().__init__()
        self.uri = uri
        self.collection = collection
        self.work = start or (lambda found: list(found.find({"$where": "sleep(20) && false"})))
        self.code: int | None = None

    def run(self) -> None:
        client: Client
        with MongoClient(self.uri) as client:
            try:
                self.work(client[DATABASE][self.collection])
            except OperationFailure as error:
                self.code = error.code


@pytest.fixture(autouse=True)
def no_sockets_of_the_driver() -> Iterator[None]:
    """PyMongo's monitor leaves a socket to the collector when its client is closed while it connects."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def fill(collection: Any) -> None:
    collection.insert_many([{"n": number} for number in range(20_000)])


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        for collection in ("slow", "neighbour"):
            connected[DATABASE][collection].drop()
            fill(connected[DATABASE][collection])
        yield connected
        entry: dict[str, Any]
        for entry in connected.admin.aggregate([{"$currentOp": {}}, {"$match": {"ns": {"$regex": f"^{DATABASE}"}}}]):
            connected.admin.command({"killOp": 1, "op": entry["opid"]})


def entries(client: Client, collection: str) -> list[dict[str, Any]]:
    wanted = {"ns": f"{DATABASE}.{collection}", "active": True}
    return list(client.admin.aggregate([{"$currentOp": {"allUsers": True}}, {"$match": wanted}]))


def seen(client: Client, collection: str, kind: str | None = None) -> Operation:
    """The operation as the monitor would list it, once it runs."""
    while not (found := [entry for entry in entries(client, collection) if kind in (None, entry["op"])]):
        time.sleep(0.01)
    entry = found[0]
    return Operation(
        opid=entry["opid"],
        op=entry["op"],
        ns=entry["ns"],
        client=entry["client"],
        running_s=entry["microsecs_running"] / 1e6,
        killable=True,
    )


def action_on(mongod: MongodProcess, operation: Operation) -> KillOperation:
    connection = connect_to(mongod.uri)
    return KillOperation(connection, connection.target, operation)


async def kill(action: KillOperation, *, read_only: bool = False) -> Outcome:
    command = action.describe().command
    return await perform(action, confirmed_command=command, read_only=read_only, journal=default_journal())


async def test_the_operation_ends_and_its_neighbour_lives(mongod: MongodProcess, client: Client) -> None:
    slow, neighbour = Running(mongod.uri, "slow"), Running(mongod.uri, "neighbour")
    slow.start()
    neighbour.start()
    operation, other = seen(client, "slow"), seen(client, "neighbour")
    action = action_on(mongod, operation)
    assert action.describe().command == f"db.adminCommand({{killOp: 1, op: {operation.opid}}})"
    assert await action.check() == ()
    assert action.describe().role == "PRIMARY"
    outcome = await kill(action)
    assert outcome == Outcome(state="done", message=f"Operation {operation.opid} is gone.")
    await asyncio.to_thread(slow.join)
    assert slow.code == INTERRUPTED
    assert [entry["opid"] for entry in entries(client, "neighbour")] == [other.opid]
    (record,) = default_journal().read()
    assert record.intent.command.endswith(f"op: {operation.opid}}})")
    assert await kill(action_on(mongod, other)) == Outcome(state="done", message=f"Operation {other.opid} is gone.")
    await asyncio.to_thread(neighbour.join)


async def test_what_ended_meanwhile_is_not_killed(mongod: MongodProcess, client: Client) -> None:
    slow = Running(mongod.uri, "slow")
    slow.start()
    operation = seen(client, "slow")
    client.admin.command({"killOp": 1, "op": operation.opid})
    await asyncio.to_thread(slow.join)
    outcome = await kill(action_on(mongod, operation))
    assert outcome == Outcome(state="refused", message="Nothing was done: the operation has ended by itself.")
    assert default_journal().read() == ()


@pytest.mark.parametrize(
    "change", [{"ns": "other.collection"}, {"op": "update"}, {"client": "10.1.2.3:4"}, {"running_s": 3600.0}]
)
async def test_another_operation_under_the_same_opid_lives(
    mongod: MongodProcess, client: Client, change: dict[str, Any]
) -> None:
    """As after a restart: the number is the same, the operation is not."""
    from msgspec.structs import replace

    slow = Running(mongod.uri, "slow")
    slow.start()
    operation = seen(client, "slow")
    outcome = await kill(action_on(mongod, replace(operation, **change)))
    assert outcome.state == "refused"
    assert "another operation by now" in outcome.message
    assert [entry["opid"] for entry in entries(client, "slow")] == [operation.opid]
    assert (await kill(action_on(mongod, operation))).state == "done"
    await asyncio.to_thread(slow.join)


async def test_read_only_kills_nothing(mongod: MongodProcess, client: Client) -> None:
    slow = Running(mongod.uri, "slow")
    slow.start()
    operation = seen(client, "slow")
    assert (await kill(action_on(mongod, operation), read_only=True)).state == "refused"
    assert [entry["opid"] for entry in entries(client, "slow")] == [operation.opid]
    assert (await kill(action_on(mongod, operation))).state == "done"
    await asyncio.to_thread(slow.join)


async def test_a_killed_update_is_said_to_stay_in_part(mongod: MongodProcess, client: Client) -> None:
    update = {"$set": {"touched": True}}
    slow = Running(mongod.uri, "slow", lambda found: found.update_many({"$where": "sleep(20) || true"}, update))
    slow.start()
    operation = seen(client, "slow", "update")
    action = action_on(mongod, operation)
    assert any("applied in part" in sentence for sentence in action.describe().consequences)
    outcome = await kill(action)
    assert outcome.state == "done"
    assert "stays changed" in outcome.message
    await asyncio.to_thread(slow.join)


@pytest.mark.parametrize(
    "operation",
    [
        Operation(opid=None, op="none"),
        Operation(opid=1, op="none", noise="internal", killable=True),
        Operation(opid=1, op="command", killable=False),
    ],
)
async def test_the_servers_own_work_is_never_killed(mongod: MongodProcess, operation: Operation) -> None:
    outcome = await kill(action_on(mongod, operation))
    assert outcome.state == "refused"
    assert default_journal().read() == ()


def test_an_opid_of_mongos_is_a_string(mongod: MongodProcess) -> None:
    action = action_on(mongod, Operation(opid="shard0:4711", op="query", killable=True))
    assert action.describe().command == 'db.adminCommand({killOp: 1, op: "shard0:4711"})'


async def test_without_the_right_the_grant_is_named(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod(arguments=["--auth"])
    anonymous: Client
    root: Client
    with MongoClient(server.uri) as anonymous:
        anonymous.admin.command("createUser", "root", pwd="root-pw", roles=["root"])
    address = f"127.0.0.1:{server.port}/?authSource=admin"
    with MongoClient(f"mongodb://root:root-pw@{address}") as root:
        root.admin.command("createUser", "watcher", pwd="watcher-pw", roles=["clusterMonitor"])
        fill(root[DATABASE].slow)
        slow = Running(f"mongodb://root:root-pw@{address}", "slow")
        slow.start()
        operation = seen(root, "slow")
        watcher = connect_to(f"mongodb://watcher@{address}", password="watcher-pw")
        outcome = await kill(KillOperation(watcher, watcher.target, operation))
        assert outcome.state == "failed"
        assert "hostManager" in outcome.message
        assert [entry["opid"] for entry in entries(root, "slow")] == [operation.opid]
        allowed = connect_to(f"mongodb://root@{address}", password="root-pw")
        assert (await kill(KillOperation(allowed, allowed.target, operation))).state == "done"
        await asyncio.to_thread(slow.join)
    assert "-pw" not in default_journal().path.read_text("utf-8")


async def test_a_dead_server_is_told(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod()
    server.kill()
    outcome = await kill(action_on(server, Operation(opid=1, op="query", killable=True)))
    assert outcome.state == "refused"
    assert "Nothing listens" in outcome.message
