"""A real Redis that is saturated, full or cut off, refuses clients or cannot save gets its verdict, and none before."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import redis
from helpers.drills import traffic
from helpers.waiting import wait_until
from helpers.watching import Watching, healthy_for, named, watching

from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.model.verdict import Problem
from perftui.servers import PrivateServers, RedisProcess

pytestmark = pytest.mark.long
_USUAL_S = 8.0
_WAIT_S = 60.0


@asynccontextmanager
async def watched(*servers: RedisProcess) -> AsyncIterator[Watching]:
    """Seen healthy for long enough that something is usual."""
    uris = [server.uri for server in servers]
    async with watching(*uris, settings=Settings(interval_s=0.5), machine=False) as found:
        await healthy_for(found, _USUAL_S)
        yield found


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
            words = ("Redis refuses clients", "of 40 that are allowed", "clients refused")
            problem = await named(found, "connection-storm", *words)
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


async def test_a_redis_that_is_full(private_servers: PrivateServers) -> None:
    server = private_servers.start_redis(arguments=("--maxmemory", "4mb", "--maxmemory-policy", "noeviction"))
    with redis.Redis(port=server.port) as client:
        numbers = itertools.count()
        async with watched(server) as found:
            with traffic(lambda: client.set(f"page:{next(numbers)}", "x" * 50_000), 40):
                await named(found, "redis-full", "commands refused", "policy noeviction")


async def test_a_redis_that_cannot_save(private_servers: PrivateServers, tmp_path: Path) -> None:
    """Its folder is gone, as where a volume was lost."""
    folder = tmp_path / "volume"
    folder.mkdir()
    server = private_servers.start_redis(arguments=("--dir", str(folder), "--save", "3600 1"))
    with redis.Redis(port=server.port) as client:
        async with watched(server) as found:
            folder.rmdir()
            client.bgsave()
            problem = await named(found, "redis-save-failed", "the last save failed")
        with pytest.raises(redis.ResponseError, match="MISCONF"):
            client.set("a", 1)
    assert (problem.severity, problem.cause) == ("critical", "the last save failed")


async def test_a_redis_that_runs_out_of_file_descriptors(private_servers: PrivateServers) -> None:
    server = private_servers.start_redis()
    process = psutil.Process(server.pid)
    with ExitStack() as stack:
        fill(stack, server)
        open_files = process.num_fds()
        process.rlimit(psutil.RLIMIT_NOFILE, (open_files + 5, open_files + 5))
        async with watching(server.uri, settings=Settings(interval_s=0.5)) as found:
            snapshot = await found.until(lambda one: bool(told(one, "open-files")), _WAIT_S)
    (problem,) = told(snapshot, "open-files")
    assert f"(pid {server.pid}) runs out of file descriptors" in problem.what
    assert f"of {open_files + 5} are open" in problem.cost
    assert problem.command == f"prlimit --pid {server.pid} --nofile"


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
        problem = await named(found, "redis-replica-down", f"127.0.0.1:{primary.port} is down")
    assert problem.since_known


async def test_writes_that_reach_a_replica(private_servers: PrivateServers) -> None:
    _, replica = linked(private_servers)
    with redis.Redis(port=replica.port) as client:

        def write() -> None:
            with suppress(redis.ReadOnlyError):
                client.set("a", 1)

        async with watched(replica) as found:
            with traffic(write, 20):
                problem = await named(found, "redis-refuses", "writes reach a replica")
    assert problem.cause == "writes reach a replica"


async def test_a_primary_that_loses_its_replica(private_servers: PrivateServers) -> None:
    primary, replica = linked(private_servers)
    async with watched(primary) as found:
        await asyncio.to_thread(replica.stop)
        problem = await named(found, "redis-replica-down", "0 of 1 follow")
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
