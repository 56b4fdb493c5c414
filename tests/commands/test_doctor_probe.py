"""Where a silent target stops: found by a bare look at its port."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from perftui.commands.probe import as_failure, first_silent_step
from perftui.model.target import Target
from perftui.servers import RedisProcess


def target(address: str) -> Target:
    return Target(id=address, kind="redis", name="cache", address=address)


@asynccontextmanager
async def mute_server() -> AsyncIterator[int]:
    """Takes connections and says nothing."""
    ended = asyncio.Event()

    async def wait(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        ended.set()
        server.close()


async def test_the_step_is_the_first_that_is_not_done() -> None:
    async with mute_server() as port:
        mute = target(f"redis://127.0.0.1:{port}")
        assert await first_silent_step(mute, tls=False) == "answer"
        assert await first_silent_step(mute, tls=True) == "TLS"
    assert await first_silent_step(target("redis://127.0.0.1:1"), tls=False) == "port"
    assert await first_silent_step(target("unix:///run/redis.sock"), tls=False) is None


async def test_what_answers_in_plain_text_speaks_no_tls() -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"-ERR unknown command\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await first_silent_step(target(f"redis://127.0.0.1:{port}#2"), tls=True) == "TLS"


@pytest.mark.parametrize(("step", "kind"), [("port", "unreachable"), ("TLS", "tls")])
def test_the_words_name_the_place(step: Any, kind: str) -> None:
    failure = as_failure(step, target("redis://db1:6379"))
    assert failure is not None
    assert failure.kind == kind
    assert "db1:6379" in failure.message


def test_doctor_says_that_a_redis_without_tls_speaks_none(redis_server: RedisProcess) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "perftui", "doctor", "--json", f"rediss://127.0.0.1:{redis_server.port}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    found = json.loads(result.stdout)["targets"][0]
    assert result.returncode == 3
    assert found["steps"] == {"name": "ok", "port": "ok", "TLS": "failed"} | dict.fromkeys(
        ("answer", "login", "rights"), "unknown"
    )
    assert [failure["kind"] for failure in found["failures"]] == ["tls"]
