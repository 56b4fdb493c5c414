"""Servers that have no SLOWLOG, and entries of one that come in while it is read: on real servers."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from helpers.waiting import wait_until
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from perftui.model.redis import RedisServer, RedisSlowLog
from perftui.model.sample import Failure, Sample
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.target import Connection, Target
from perftui.servers import PrivateServers
from perftui.servers.binaries import find_redis
from perftui.servers.ports import free_port
from perftui.sources.redis import RedisSystem, open_system


@pytest.fixture
def sentinel(private_servers: PrivateServers) -> Iterator[Redis]:
    """A client of one that watches nobody."""
    port = free_port()
    settings = private_servers.folder / f"sentinel-{port}.conf"
    settings.write_text(f"port {port}\nbind 127.0.0.1\ndir {private_servers.folder}\n", "utf-8")
    private_servers.start_process(f"sentinel-{port}", [str(find_redis()), str(settings), "--sentinel"])
    with Redis(port=port, protocol=2) as client:
        wait_until(lambda: answers(client), timeout_s=60)
        yield client


@pytest.fixture
def renamed(private_servers: PrivateServers) -> Iterator[Redis]:
    """A client of a server on which some commands are switched off, as hosting providers do."""
    off = [part for name in ("SLOWLOG", "CONFIG") for part in ("--rename-command", name, "")]
    process = private_servers.start_redis(arguments=off)
    with Redis.from_url(process.uri, protocol=2) as client:
        yield client


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisConnectionError:
        return False


@asynccontextmanager
async def system_of(client: Redis) -> AsyncIterator[RedisSystem]:
    uri = f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}"
    target = Target(id=uri, kind="redis", name="redis", address=uri)
    system = open_system(Connection(target=target, uri=Secret(uri), timeout_s=20.0), Settings())
    assert isinstance(system, RedisSystem)
    try:
        yield system
    finally:
        await system.close()


def failure_of(sample: Sample) -> Failure:
    assert sample.failure is not None
    return sample.failure


@pytest.mark.parametrize("name", ["sentinel", "renamed"])
async def test_a_server_without_a_slow_log_is_no_fault_of_ours_and_asked_once(
    name: str, request: pytest.FixtureRequest
) -> None:
    client: Redis = request.getfixturevalue(name)
    async with system_of(client) as system:
        server, slow_log = system.sources()
        failure = failure_of(await slow_log.poll())
        assert (failure.kind, slow_log.capabilities[0].state) == ("unsupported", "unsupported")
        assert slow_log.capabilities[0].grant is None
        before = errors(client)
        for _ in range(5):
            assert failure_of(await slow_log.poll()) == failure
        assert errors(client) == before
        assert isinstance((await server.poll()).payload, RedisServer)


async def test_it_is_asked_again_when_the_rights_are_looked_at_anew(renamed: Redis) -> None:
    async with system_of(renamed) as system:
        _, slow_log = system.sources()
        failure_of(await slow_log.poll())
        before = errors(renamed)
        slow_log.reconnect()
        failure_of(await slow_log.poll())
        assert errors(renamed) > before


def errors(client: Redis) -> int:
    """How many commands were answered by an error."""
    return int(client.info("stats")["total_error_replies"])


class Hurried(RedisSystem):
    """The system itself, between whose two questions for the slow log a client sends commands."""

    def __init__(self, connection: Connection, client: Redis) -> None:
        super().__init__(connection)
        self._client_beside = client
        self.commands = 0

    async def ask(self, *commands: tuple[str | int, ...]) -> list[Any]:
        if commands[0][:2] == ("SLOWLOG", "GET"):
            for number in range(self.commands):
                self._client_beside.set("meanwhile", number)
        return await super().ask(*commands)


@asynccontextmanager
async def hurried(servers: PrivateServers) -> AsyncIterator[tuple[Hurried, Redis]]:
    process = servers.start_redis(arguments=("--slowlog-log-slower-than", "0", "--slowlog-max-len", "1000"))
    target = Target(id=process.uri, kind="redis", name="redis", address=process.uri)
    with Redis.from_url(process.uri, protocol=2) as client:
        system = Hurried(Connection(target=target, uri=Secret(process.uri), timeout_s=20.0), client)
        yield system, client
        await system.close()


@pytest.mark.parametrize("meanwhile", [0, 20])
async def test_entries_that_come_while_it_is_read_cost_no_others(
    private_servers: PrivateServers, meanwhile: int
) -> None:
    async with hurried(private_servers) as (system, client):
        log = await after_ten(system, client, meanwhile)
    assert log.lost_entries == 0
    assert sum(entry.command.startswith("SET before") for entry in log.entries) == 10


async def test_what_a_flood_pushes_out_of_the_answer_is_counted_as_lost(private_servers: PrivateServers) -> None:
    async with hurried(private_servers) as (system, client):
        log = await after_ten(system, client, 300)
    assert log.lost_entries >= 100
    assert len(log.entries) <= 128


async def after_ten(system: Hurried, client: Redis, meanwhile: int) -> RedisSlowLog:
    """The log with ten commands more since the poll before, and so many again while it is read."""
    slow_log = system.sources()[1]
    log_of(await slow_log.poll())
    for number in range(10):
        client.set("before", number)
    system.commands = meanwhile
    return log_of(await slow_log.poll())


def log_of(sample: Sample) -> RedisSlowLog:
    assert sample.failure is None, sample.failure
    assert isinstance(sample.payload, RedisSlowLog)
    return sample.payload
