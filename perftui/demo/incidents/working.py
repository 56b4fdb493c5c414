"""What the workers of the incidents have in common: processes of their own, so that the monitor's stays free."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from perftui.demo import MONGODB_VARIABLE, REDIS_VARIABLE

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient
    from redis.asyncio import Redis

    from perftui.demo.documents import Document

AT_WORK = b"at work"
_PAUSE_AFTER_ERROR_S = 0.2


def say_at_work() -> None:
    """From now on the incident is there."""
    sys.stdout.write(AT_WORK.decode() + "\n")
    sys.stdout.flush()


def when_told() -> asyncio.Event:
    """Set as soon as the drill tells this worker to go on: for what is there before, and begins all at once."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told.set)
    return told


def redis_client(name: str, database: int) -> "Redis":
    """A client of this name in one of Redis' numbered databases, with all patience."""
    from redis.asyncio import Redis

    # A database in the URI would win over the argument.
    uri = f"{os.environ[REDIS_VARIABLE].rpartition('/')[0]}/{database}"
    return Redis.from_url(uri, client_name=name, socket_timeout=60)


def mongodb(name: str, connections: int, *, filled: bool = False) -> "AsyncMongoClient[Document]":
    """A client of this name with so many connections at most, opened when asked for or, `filled`, by itself."""
    from pymongo import AsyncMongoClient

    return AsyncMongoClient(
        os.environ[MONGODB_VARIABLE],
        appname=name,
        maxPoolSize=connections,
        minPoolSize=connections if filled else 0,
        maxConnecting=50,
    )


def count_argument(default: int) -> int:
    """`--count N`, how many of whatever the worker does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=default)
    count: int = parser.parse_args().count
    return count


async def without_end(call: Callable[[], Awaitable[object]], pause_s: float = 0.0) -> None:
    """Call it again and again; an error is what happens in an incident."""
    from pymongo.errors import PyMongoError

    while True:
        with suppress(PyMongoError):
            await call()
            await asyncio.sleep(pause_s)
            continue
        await asyncio.sleep(_PAUSE_AFTER_ERROR_S)
