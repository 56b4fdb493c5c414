"""Locks, conflicts and write concerns that really happen on real servers get their verdict."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from helpers.drills import Client, Shop, shop, traffic
from helpers.watching import Watching, named, watching
from pymongo import MongoClient, WriteConcern
from pymongo.errors import PyMongoError

from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.servers import PrivateServers

pytestmark = pytest.mark.timeout(240)
USUAL_S = 12.0
"""How long all is well before the incident: what is usual needs a past."""
WAIT_S = 60.0


@pytest.fixture
def here() -> Iterator[Shop]:
    with shop() as found:
        yield found


def watching_it(*uris: str) -> Any:
    return watching(*uris, settings=Settings(interval_s=1.0), machine=False)


async def well(found: Watching) -> None:
    def is_well(snapshot: Snapshot) -> bool:
        verdict = snapshot.verdict
        return verdict is not None and verdict.status == "healthy" and snapshot.taken_at - verdict.since >= USUAL_S

    await found.until(is_well, WAIT_S)


@contextmanager
def meanwhile(*calls: Callable[[], object]) -> Iterator[None]:
    """In threads of their own; what they raise is part of the incident."""

    def run(call: Callable[[], object]) -> None:
        with suppress(PyMongoError):
            call()

    threads = [threading.Thread(target=run, args=(call,), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(60)


async def test_a_server_that_fsync_lock_holds(here: Shop) -> None:
    async with watching_it(here.mongod.uri) as found:
        await well(found)
        await asyncio.to_thread(here.client.admin.command, {"fsync": 1, "lock": True})
        try:
            problem = await named(found, WAIT_S, "lock-held")
        finally:
            await asyncio.to_thread(here.client.admin.command, "fsyncUnlock")
    assert problem.what == "db.fsyncLock() stops all writes"
    assert problem.subject == "the whole server"
    assert problem.command == "db.fsyncUnlock()"


def transact(here: Shop) -> None:
    """Writes one document, and goes on working for some seconds."""
    client: Client
    with (
        MongoClient(here.mongod.uri, appname="importer") as client,
        client.start_session() as session,
        session.start_transaction(),
    ):
        items: Any = client["shop"]["items"]
        items.update_one({"number": 1}, {"$set": {"held": 1}}, session=session)
        list(items.find({"$where": "sleep(12000) || false"}, session=session).max_time_ms(11_000))


async def test_a_transaction_at_work_whose_write_others_wait_for(here: Shop) -> None:
    async with watching_it(here.mongod.uri) as found:
        await well(found)
        with meanwhile(lambda: transact(here)):
            await found.until(lambda one: "importer" in {operation.app_name for operation in running(one)}, WAIT_S)
            with traffic(lambda: here.items.update_one({"number": 1}, {"$inc": {"sold": 1}}), 5, threads=3):
                problem = await named(found, WAIT_S, "lock-held")
    assert problem.what == "a running transaction of importer holds documents of shop.items"
    assert problem.command is not None
    assert "killSessions" in problem.command


async def test_a_transaction_at_work_that_a_collmod_waits_for(here: Shop) -> None:
    def change() -> None:
        client: Client
        with MongoClient(here.mongod.uri, appname="deploy") as client:
            client["shop"].command({"collMod": "items", "validator": {"number": {"$gte": 0}}})

    async with watching_it(here.mongod.uri) as found:
        await well(found)
        with meanwhile(lambda: transact(here)):
            await found.until(lambda one: "importer" in {operation.app_name for operation in running(one)}, WAIT_S)
            with meanwhile(change):
                problem = await named(found, WAIT_S, "lock-held")
    assert "a running transaction of importer locks collection shop.items" in problem.what
    assert problem.command is not None
    assert problem.command.startswith("db.killOp(")


def running(snapshot: Snapshot) -> Any:
    return [one for state in snapshot.targets if state.operations is not None for one in state.operations.operations]


async def test_writes_that_wait_for_a_majority_that_is_gone(private_servers: PrivateServers) -> None:
    """Two members with data and an arbiter: without the second, no majority has a write."""
    members = private_servers.start_replica_set("rs0", members=2, arbiters=1)
    client: Client
    with MongoClient(members[0].direct_uri, appname="shop", maxPoolSize=5) as client:
        items: Any = client["shop"].get_collection("items", write_concern=WriteConcern("majority", wtimeout=90_000))
        items.insert_one({"number": 1})
        async with watching_it(members[0].direct_uri) as found:
            await found.until(lambda one: one.verdict is not None and one.verdict.status == "healthy", WAIT_S)
            await asyncio.to_thread(members[1].kill)
            try:
                with traffic(lambda: items.update_one({"number": 1}, {"$inc": {"sold": 1}}), 3, threads=3):
                    problem = await named(found, WAIT_S, "write-concern")
                    await asyncio.to_thread(members[0].kill)
            finally:
                members[0].kill()
    assert problem.what == "writes wait for a majority of the members that cannot acknowledge them"
    assert problem.severity == "critical"
    assert f"127.0.0.1:{members[1].port} is down" in problem.cause


async def test_a_document_that_many_write_at_once(here: Shop) -> None:
    def hit() -> None:
        hot.update_one({"_id": 1}, {"$inc": {"hits": 1}})

    client: Client
    with MongoClient(here.mongod.uri, appname="counter") as client:
        hot: Any = client["shop"]["hot"]
        hot.insert_one({"_id": 1})
        async with watching_it(here.mongod.uri) as found:
            await well(found)
            with traffic(hit, 100_000, threads=40):
                problem = await named(found, WAIT_S, "write-conflicts")
    assert problem.subject == "documents"
    assert "conflicts in" in problem.cause
    assert problem.since_known
