"""Incidents of a real replica set of three: a build that hangs for a dead voter, a step-down, a lag, no primary."""

import asyncio
from typing import Any

import pytest
from helpers.builds import hanging_build
from helpers.drills import traffic
from helpers.watching import Watching, named, watching
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from perftui.model.settings import Settings
from perftui.servers import MongodProcess, PrivateServers

pytestmark = pytest.mark.long
Members = list[MongodProcess]
WAIT_S = 60.0


@pytest.fixture
def members(private_servers: PrivateServers) -> Members:
    started = private_servers.start_replica_set("rs0")
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri(started)) as client:
        orders: Any = client.shop.orders
        orders.insert_many([{"a": number} for number in range(2_000)])
    return started


def uri(members: Members) -> str:
    return f"mongodb://{','.join(f'127.0.0.1:{member.port}' for member in members)}/?replicaSet=rs0"


def watching_set(members: Members) -> Any:
    return watching(uri(members), settings=Settings(interval_s=1.0), machine=False)


async def healthy(found: Watching) -> None:
    await found.until(lambda one: one.verdict is not None and one.verdict.status == "healthy", WAIT_S)


async def test_a_build_that_hangs_for_a_dead_voter(members: Members) -> None:
    async with watching_set(members) as found:
        await healthy(found)
        hanging = hanging_build(members)
        await asyncio.to_thread(hanging.__enter__)
        try:
            problem = await named(found, "index-build-hung", "which is down")
        finally:
            await asyncio.to_thread(hanging.__exit__, None, None, None)
    assert problem.severity == "critical"
    assert problem.action == "drop"


async def test_a_primary_that_steps_down(members: Members) -> None:
    def step_down() -> None:
        client: MongoClient[dict[str, Any]]
        with MongoClient(uri(members)) as client:
            try:
                client.admin.command({"replSetStepDown": 60, "secondaryCatchUpPeriodSecs": 10})
            except PyMongoError as error:  # it closes the connection
                print(error)

    async with watching_set(members) as found:
        await healthy(found)
        await asyncio.to_thread(step_down)
        problem = await named(found, "stepped-down")
    assert problem.since_known
    assert "primary" in problem.cause


async def test_a_set_without_a_primary(members: Members) -> None:
    async with watching_set(members) as found:
        await healthy(found)
        members[1].kill()
        members[2].kill()
        problem = await named(found, "no-primary", "2 of 3 members")
    assert problem.cost == "nothing can be written"


async def test_a_member_that_lags_because_it_is_locked(members: Members) -> None:
    """As a backup leaves it whose script has ended too early."""
    writer: MongoClient[dict[str, Any]]
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri(members)) as writer, MongoClient(members[2].direct_uri) as client:
        orders: Any = writer.shop.orders
        async with watching_set(members) as found:
            await healthy(found)
            await asyncio.to_thread(client.admin.command, {"fsync": 1, "lock": True})
            try:
                with traffic(lambda: orders.insert_one({"a": 1}), 10):
                    problem = await named(found, "replication-lag", "db.fsyncLock() holds it, as for a backup")
            finally:
                await asyncio.to_thread(client.admin.command, "fsyncUnlock")
    assert problem.what.startswith(f"127.0.0.1:{members[2].port} lags behind")
    assert (problem.cause, problem.command) == ("db.fsyncLock() holds it, as for a backup", "db.fsyncUnlock()")
