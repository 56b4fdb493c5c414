"""A real Redis that is saturated, refuses clients, or loses its primary gets its verdict, and none before that."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress

import pytest
import redis
from helpers.drills import traffic
from helpers.waiting import wait_until
from helpers.watching import Watching, healthy_for, watching

from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.model.verdict import Problem
from perftui.servers import PrivateServers, RedisProcess

pytestmark = pytest.mark.timeout(240)
_USUAL_S = 8.0
_WAIT_S = 60.0


@asynccontextmanager
async def watched(*servers: RedisProcess) -> AsyncIterator[Watching]:
    """Seen healthy for long enough that something is usual."""
    uris = [server.uri for server in servers]
    async with watching(*uris, settings=Settings(interval_s=0.5), machine=False) as found:
        await healthy_for(found, _USUAL_S)
        yield found


async def named(found: Watching, code: str) -> Problem:
    def says(snapshot: Snapshot) -> bool:
        verdict = snapshot.verdict
        return verdict is not None and verdict.problem is not None and verdict.problem.code == code

    verdict = (await found.until(says, _WAIT_S)).verdict
    assert verdict is not None
    assert verdict.problem is not None
    return verdict.problem


def told(snapshot: Snapshot, code: str) -> list[Problem]:
    verdict = snapshot.verdict
    if verdict is None or verdict.problem is None:
        return []
    return [one for one in (verdict.problem, *verdict.effects, *verdict.others) if one.code == code]


async def test_a_redis_that_refuses_clients(private_servers: PrivateServers) -> None:
    server = private_servers.start_redis(arguments=("--maxclients", "40"))
    async with watched(server) as found:
        with ExitStack() as stack, knocking(server):
            await asyncio.to_thread(fill, stack, server)
            problem = await named(found, "connection-storm")
            while problem.what != "Redis refuses clients":
                await found.ticks(1)
                problem = await named(found, "connection-storm")
    assert "of 40 that are allowed" in problem.cost
    assert "clients refused" in problem.cost
    assert problem.severity == "critical"


def fill(stack: ExitStack, server: RedisProcess) -> None:
    with suppress(redis.ConnectionError):
        for _ in range(60):
            stack.enter_context(redis.Redis(port=server.port, single_connection_client=True)).ping()


@contextmanager
def knocking(server: RedisProcess) -> Iterator[None]:
    """One that tries again and again."""
    over = threading.Event()

    def knock() -> None:
        while not over.wait(0.05):
            with suppress(redis.ConnectionError), redis.Redis(port=server.port) as client:
                client.ping()

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30)


def linked(servers: PrivateServers) -> tuple[RedisProcess, RedisProcess]:
    """A primary and its replica."""
    primary, replica = servers.start_redis(), servers.start_redis()
    with redis.Redis(port=replica.port) as client:
        client.replicaof("127.0.0.1", str(primary.port))
        assert wait_until(lambda: client.info("replication")["master_link_status"] == "up", timeout_s=60)
    return primary, replica


async def test_a_replica_whose_primary_is_gone(private_servers: PrivateServers) -> None:
    primary, replica = linked(private_servers)
    async with watched(replica) as found:
        await asyncio.to_thread(primary.stop)
        problem = await named(found, "redis-replica-down")
    assert f"127.0.0.1:{primary.port} is down" in problem.cause
    assert problem.since_known


async def test_writes_that_reach_a_replica(private_servers: PrivateServers) -> None:
    _, replica = linked(private_servers)
    with redis.Redis(port=replica.port) as client:

        def write() -> None:
            with suppress(redis.ReadOnlyError):
                client.set("a", 1)

        async with watched(replica) as found:
            with traffic(write, 20):
                problem = await named(found, "redis-refuses")
    assert problem.cause == "writes reach a replica"


async def test_a_primary_that_loses_its_replica(private_servers: PrivateServers) -> None:
    primary, replica = linked(private_servers)
    async with watched(primary) as found:
        await asyncio.to_thread(replica.stop)
        problem = await named(found, "redis-replica-down")
    assert (problem.what, problem.cost) == ("Redis lost a replica", "0 of 1 follow")


async def test_a_saturated_redis(private_servers: PrivateServers) -> None:
    """By scripts of some milliseconds each. Where the machine has other work they take long, and block it too."""
    server = private_servers.start_redis()
    with redis.Redis(port=server.port) as client:
        client.rpush("long", *range(20_000))
    async with watched(server) as found:
        with reading(server):
            verdict = (await found.until(lambda one: bool(told(one, "redis-busy")), _WAIT_S)).verdict
    assert verdict is not None
    assert verdict.problem is not None
    assert verdict.problem.code in ("redis-busy", "redis-blocked")


@contextmanager
def reading(server: RedisProcess) -> Iterator[None]:
    """Several at once, so that one is always waiting; the server works far more for each than its client."""
    over = threading.Event()

    def read() -> None:
        with redis.Redis(port=server.port) as client:
            while not over.is_set():
                client.eval("for _ = 1, 2 do redis.call('lrange', 'long', 0, -1) end", 0)

    threads = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(30)
