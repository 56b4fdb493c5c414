"""The Redis sources against real servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from perftui.model.redis import RedisServer, RedisSlowLog
from perftui.model.sample import Sample
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.target import Connection, Target
from perftui.servers import PrivateServers
from perftui.sources.base import Source
from perftui.sources.redis import open_system


@asynccontextmanager
async def sources_of(uri: str, timeout_s: float = 20.0) -> AsyncIterator[tuple[Source, Source]]:
    target = Target(id=uri.split("@")[-1], kind="redis", name="redis", address=uri.split("@")[-1])
    system = open_system(Connection(target=target, uri=Secret(uri), timeout_s=timeout_s), Settings())
    try:
        server, slow_log = system.sources()
        yield server, slow_log
    finally:
        await system.close()


@asynccontextmanager
async def client_of(uri: str) -> AsyncIterator[Any]:
    client = Redis.from_url(uri, protocol=2)
    try:
        yield client
    finally:
        await client.aclose()


def server_of(sample: Sample) -> RedisServer:
    assert sample.failure is None, sample.failure
    assert isinstance(sample.payload, RedisServer)
    return sample.payload


def log_of(sample: Sample) -> RedisSlowLog:
    assert sample.failure is None, sample.failure
    assert isinstance(sample.payload, RedisSlowLog)
    return sample.payload


async def test_commands_and_hits_are_counted_exactly(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis()
    async with sources_of(process.uri) as (server, _), client_of(process.uri) as client:
        await client.set("here", "1")
        first = server_of(await server.poll())
        for _ in range(30):
            await client.get("here")
        for _ in range(10):
            await client.get("gone")
        second = server_of(await server.poll())
    assert first.pid == process.pid
    assert second.hit_rate == 0.75
    calls = {command.command: command.calls for command in second.commands}
    assert calls["get"] == 40


async def test_one_poll_is_one_command(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis()
    async with sources_of(process.uri) as (server, _), client_of(process.uri) as client:
        await server.poll()
        before = (await client.info("commandstats"))["cmdstat_info"]["calls"]
        for _ in range(5):
            await server.poll()
        after = (await client.info("commandstats"))["cmdstat_info"]["calls"]
    assert after - before == 6


async def test_slow_log_entries_come_once_and_ours_never(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis(arguments=("--slowlog-log-slower-than", "0"))
    async with sources_of(process.uri) as (_, slow_log), client_of(process.uri) as client:
        await client.set("before", "x")
        backlog = log_of(await slow_log.poll())
        await client.set("after", "secret")
        log = log_of(await slow_log.poll())
    assert any(entry.command == "SET before ?" for entry in backlog.entries)
    assert [entry.command for entry in log.entries].count("SET after ?") == 1
    assert len({entry.id for entry in log.entries}) == len(log.entries)
    assert all(entry.client_name != "perftui" for entry in log.entries)
    assert log.threshold_us == 0
    assert "secret" not in repr(log)


async def test_overwritten_entries_are_counted_as_lost(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis(arguments=("--slowlog-log-slower-than", "0", "--slowlog-max-len", "10"))
    async with sources_of(process.uri) as (_, slow_log), client_of(process.uri) as client:
        await slow_log.poll()
        for number in range(100):
            await client.set("k", number)
        log = log_of(await slow_log.poll())
    assert log.lost_entries >= 85


async def test_a_wrong_password_and_no_password_are_told_apart(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis()
    async with client_of(process.uri) as admin:
        await admin.config_set("requirepass", "right-horse")
    for uri, words in ((process.uri, "asks for a password"), (with_user(process.uri, ":wrong-horse"), "refused")):
        async with sources_of(uri) as (server, _):
            failure = (await server.poll()).failure
            assert failure is not None
            assert failure.kind == "login"
            assert words in failure.message
            assert "horse" not in repr(failure)
    async with sources_of(with_user(process.uri, ":right-horse")) as (server, _):
        server_of(await server.poll())


async def test_refused_commands_are_named_and_not_sent_again(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis()
    async with client_of(process.uri) as admin:
        await admin.execute_command("ACL", "SETUSER", "watcher", "on", ">pw", "+info")
        async with sources_of(with_user(process.uri, "watcher:pw")) as (server, slow_log):
            for _ in range(5):
                server_of(await server.poll())
                failure = (await slow_log.poll()).failure
                assert failure is not None
                assert failure.kind == "rights"
                assert "+slowlog|get" in failure.help
            stats = await admin.info("commandstats")
    rejected = {name: values["rejected_calls"] for name, values in stats.items() if values["rejected_calls"]}
    assert set(rejected) <= {
        "cmdstat_client|setname",
        "cmdstat_config|get",
        "cmdstat_slowlog|len",
        "cmdstat_slowlog|get",
    }
    assert all(count == 1 for count in rejected.values()), rejected
    assert slow_log.capabilities[0].state == "missing"


async def test_the_grant_that_is_named_gives_the_rights_once_they_are_looked_at_again(
    private_servers: PrivateServers,
) -> None:
    process = private_servers.start_redis()
    async with client_of(process.uri) as admin:
        await admin.execute_command("ACL", "SETUSER", "watcher", "on", ">pw")
        async with sources_of(with_user(process.uri, "watcher:pw")) as (server, slow_log):
            assert (await server.poll()).failure is not None
            assert (await slow_log.poll()).failure is not None
            command = server.capabilities[0].grant
            assert command is not None
            assert slow_log.capabilities[0].grant == command
            await admin.execute_command(*command.split())
            assert (await server.poll()).failure is not None
            server.reconnect()
            slow_log.reconnect()
            server_of(await server.poll())
            log_of(await slow_log.poll())


async def test_a_killed_server_is_lost_and_found_again(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis()
    async with sources_of(process.uri) as (server, slow_log):
        server_of(await server.poll())
        process.kill()
        assert (await server.poll()).failure is not None
        failure = (await slow_log.poll()).failure or (await slow_log.poll()).failure
        assert failure is not None
        process.restart()
        again = server_of(await server.poll())
        assert again.commands_per_s is None
        log_of(await slow_log.poll())


async def test_a_suspended_server_times_out_in_words(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis()
    async with sources_of(process.uri, timeout_s=3.0) as (server, _):
        server_of(await server.poll())
        process.suspend()
        failure = (await server.poll()).failure
        process.resume()
        assert failure is not None
        assert failure.kind == "timeout"
        assert (await server.poll()).failure is None or (await server.poll()).failure is None


async def test_a_full_redis_is_still_read(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis(arguments=("--maxmemory", "3mb", "--maxmemory-policy", "noeviction"))
    async with sources_of(process.uri) as (server, _), client_of(process.uri) as client:
        with pytest.raises(OutOfMemoryError):
            await fill(client)
        memory = server_of(await server.poll()).memory
    assert memory.used_bytes is not None
    assert memory.maximum_bytes == 3 * 2**20
    assert memory.policy == "noeviction"


async def fill(client: Any) -> None:
    for number in range(1000):
        await client.set(f"k{number}", b"x" * 10_000)


async def test_too_many_clients_are_said(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis()
    async with client_of(process.uri) as admin:
        await admin.config_set("maxclients", 1)
        async with sources_of(process.uri) as (server, _):
            failure = (await server.poll()).failure
    assert failure is not None
    assert "maximum number of clients" in failure.message


@pytest.mark.parametrize("database", ["/3", "/?db=3"])
async def test_a_cluster_has_no_other_database_and_that_is_said(private_servers: PrivateServers, database: str) -> None:
    address = f"127.0.0.1:{private_servers.start_redis(arguments=['--cluster-enabled', 'yes']).port}"
    async with sources_of(f"redis://{address}{database}") as both:
        for source in both:
            failure = (await source.poll()).failure
            assert failure is not None
            assert failure.kind == "unsupported"
            assert failure.message == f"{address} belongs to a Redis cluster, which has only database 0."
            assert "Drop the database number" in failure.help
            assert [one.state for one in source.capabilities] == ["unknown"], "it was not even asked for"
    async with sources_of(f"redis://{address}/") as (server, _):
        assert server_of(await server.poll()).mode == "cluster"


async def test_a_database_that_there_is_not_is_no_fault_of_ours(private_servers: PrivateServers) -> None:
    process = private_servers.start_redis()
    async with sources_of(f"redis://127.0.0.1:{process.port}/99") as (server, _):
        failure = (await server.poll()).failure
    assert failure is not None
    assert failure.message == f"127.0.0.1:{process.port} has no database of this number."


async def test_a_server_of_another_kind_is_no_redis(mongod: Any) -> None:
    async with sources_of(f"redis://127.0.0.1:{mongod.port}", timeout_s=3.0) as (server, _):
        failure = (await server.poll()).failure
    assert failure is not None
    assert failure.kind in ("protocol", "unreachable", "timeout")


def with_user(uri: str, user: str) -> str:
    return uri.replace("redis://", f"redis://{user}@")
