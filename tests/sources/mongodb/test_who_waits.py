"""Who waits for whom on a real server: a drop behind an idle transaction, and a writer behind the drop."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from helpers.acting import check_and_carry_out
from helpers.mongodb import good, sources
from helpers.waiting import wait_until
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from perftui.actions.kill_operations import KillOperations
from perftui.advice.contention.groups import group_operations
from perftui.advice.contention.waits import find_waits
from perftui.model.mongodb import MongoServer
from perftui.model.operation import OperationList
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

Client = MongoClient[dict[str, Any]]


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        yield servers.start_mongod(replica_set="rs0")


@contextmanager
def left_open(server: MongodProcess) -> Iterator[ClientSession]:
    with server.client(appname="leaky") as client:
        client["waits"].orders.insert_many([{"n": number} for number in range(3)])
        with client.start_session() as session:
            session.start_transaction()
            client["waits"].orders.update_many({}, {"$set": {"paid": True}}, session=session)
            yield session


@contextmanager
def meanwhile(server: MongodProcess, app_name: str, work: Callable[[Any], object]) -> Iterator[None]:
    def run() -> None:
        with server.client(appname=app_name) as client, suppress(PyMongoError):
            work(client["waits"].orders)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()


async def listed(server: MongodProcess, waiting: dict[str, Any], number: int) -> OperationList:
    """The source's reading once so many operations are as asked."""

    def there(client: Client) -> bool:
        found = client.admin.aggregate(
            [{"$currentOp": {"allUsers": True}}, {"$match": {"ns": "waits.orders", **waiting}}]
        )
        return len(list(found)) == number

    with server.client() as client:
        await asyncio.to_thread(wait_until, lambda: there(client))
    async with sources(server.uri) as found:
        payload = (await good(found["mongodb.operations"])).payload
    assert isinstance(payload, OperationList)
    return payload


async def test_a_drop_waits_for_an_idle_transaction_and_a_writer_behind_it(server: MongodProcess) -> None:
    with left_open(server) as session, meanwhile(server, "ddl", lambda orders: orders.drop()):
        try:
            await listed(server, {"waitingForLock": True}, 1)
            with meanwhile(server, "writer", lambda orders: orders.update_one({"n": 99}, {"$set": {"a": 1}})):
                try:
                    seen = await listed(server, {"waitingForLock": True}, 2)
                finally:
                    session.abort_transaction()
        finally:
            if session.in_transaction:
                session.abort_transaction()
    (wait,) = [one for one in find_waits(seen, None, None) if one.kind == "lock"]
    assert wait.resource == "collection waits.orders"
    assert [one.app_name for one in wait.waiters] == ["ddl", "writer"]
    assert (wait.mode, wait.behind) == ("alone (W)", 1)
    (holder,) = wait.holders
    assert (holder.sure, holder.transaction and holder.transaction.app_name) == (True, "leaky")
    assert (wait.longest_s or 0) > 0


async def test_a_writer_runs_into_an_uncommitted_write(server: MongodProcess) -> None:
    with (
        left_open(server) as session,
        meanwhile(server, "late", lambda orders: orders.update_one({"n": 1}, {"$set": {"late": True}})),
    ):
        try:
            seen = await listed(server, {"writeConflicts": {"$gt": 0}, "microsecs_running": {"$gt": 1_100_000}}, 1)
        finally:
            session.abort_transaction()
    (wait,) = find_waits(seen, None, None)
    assert (wait.kind, wait.resource) == ("write conflict", "documents of waits.orders")
    assert [one.app_name for one in wait.waiters] == ["late"]
    assert wait.holders[0].transaction is not None
    assert wait.sure


async def test_locks_are_told_only_while_somebody_waits(server: MongodProcess) -> None:
    with server.client() as client:
        client["waits"].orders.insert_many([{"n": number} for number in range(10)])
        with meanwhile(server, "slow", lambda orders: list(orders.find({"$where": "sleep(600000) || true"}))):
            try:
                # Until it is planned it is for a moment one on system.js, whose functions it loads.
                seen = await listed(server, {"op": "query", "planSummary": "COLLSCAN"}, 1)
            finally:
                for entry in client.admin.aggregate([{"$currentOp": {}}, {"$match": {"ns": "waits.orders"}}]):
                    client.admin.command("killOp", op=entry["opid"])
    assert [one.locks for one in seen.operations if one.ns == "waits.orders"] == [{}]


async def test_those_at_the_ticket_are_told_from_those_that_hold_one(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=["--setParameter", "wiredTigerConcurrentReadTransactions=5"])
    with mongod.client() as client, ExitStack() as stack:
        client["waits"].orders.insert_many([{"n": number} for number in range(20)])
        sleeping: dict[str, Any] = {"$where": "sleep(100000) && false"}
        for _ in range(8):
            stack.enter_context(meanwhile(mongod, "pile", lambda orders: list(orders.find(sleeping))))
        try:
            asked: dict[str, Any] = {"command.find": "orders", "microsecs_running": {"$gt": 100_000}}
            stages: list[dict[str, Any]] = [{"$currentOp": {}}, {"$match": asked}]
            await asyncio.to_thread(wait_until, lambda: len(list(client.admin.aggregate(stages))) == 8)
            async with sources(mongod.uri) as found:
                server = (await good(found["mongodb.server"])).payload
                listed = (await good(found["mongodb.operations"])).payload
            assert isinstance(server, MongoServer)
            assert isinstance(listed, OperationList)
            connection = connect_to(mongod.uri)
            (group,) = group_operations(listed.operations, "shape")
            action = KillOperations(connection, connection.target, "the pile", group.operations)
            outcome = await check_and_carry_out(action)
        finally:
            for entry in client.admin.aggregate([{"$currentOp": {}}, {"$match": {"command.find": "orders"}}]):
                client.admin.command("killOp", op=entry["opid"])
    (wait,) = [one for one in find_waits(listed, server, None) if one.kind == "ticket"]
    assert (wait.resource, wait.count) == ("read tickets, 5 of 5 in use", 3)
    assert (len(wait.holders), len(group.operations)) == (5, 8)
    assert outcome.message == "8 of 8 operations are killed and gone.", "those that began meanwhile are still the same"
