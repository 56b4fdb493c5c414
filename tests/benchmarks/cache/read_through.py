"""What a hit costs by read-through, beside cashews, dogpile.cache and aiocache, in one run.

`.venv/bin/python -m tests.benchmarks.cache.read_through`. CPU time of this process, the best of rounds that are
interleaved. Ours counts every hit by a `CacheMonitor`; the others count nothing. Needs aiocache.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from cashews import Cache
from dogpile.cache import make_region
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from perftui import AsyncReadThrough, CacheMonitor, MemoryStore, ReadThrough, RedisStore, Registry
from perftui.servers import PrivateServers

HITS, ON_REDIS, ROUNDS, KEYS = 20_000, 1_000, 9, 50
Read = Callable[[int], Any]
AsyncRead = Callable[[int], Awaitable[Any]]
VALUE = "a value of some length, as a page's title has"


def main() -> None:
    """Print microseconds a hit."""
    verdicts = [_shown("sync, memory", _sync(_sync_memory(), HITS))]
    with PrivateServers() as servers:
        server = servers.start_redis()
        with Redis(port=server.port) as client:
            verdicts.append(_shown("sync, Redis", _sync(_sync_redis(client, server.port), ON_REDIS)))
        verdicts += asyncio.run(_async(server.port))
    print("all held" if all(verdicts) else "NOT ALL HELD")


def _sync_memory() -> dict[str, Read]:
    pages = ReadThrough(MemoryStore(monitor=CacheMonitor("sync", Registry())), 600)
    region = make_region().configure("dogpile.cache.memory", expiration_time=600)

    @pages.cached("page:{number}")
    def ours(number: int) -> str:
        return VALUE

    @region.cache_on_arguments()
    def dogpile(number: int) -> str:
        return VALUE

    return {
        "perftui get": lambda number: pages.get(f"page:{number}", lambda: VALUE),
        "perftui decorator": ours,
        "dogpile.cache get_or_create": lambda number: region.get_or_create(f"page:{number}", lambda: VALUE),
        "dogpile.cache decorator": dogpile,
    }


def _sync_redis(client: Redis, port: int) -> dict[str, Read]:
    pages = ReadThrough(RedisStore(client, monitor=CacheMonitor("sync-redis", Registry())), 600)
    arguments = {"url": f"redis://127.0.0.1:{port}/1"}
    region = make_region().configure("dogpile.cache.redis", expiration_time=600, arguments=arguments)
    return {
        "perftui get": lambda number: pages.get(f"page:{number}", lambda: VALUE),
        "dogpile.cache get_or_create": lambda number: region.get_or_create(f"page:{number}", lambda: VALUE),
    }


async def _async(port: int) -> list[bool]:
    verdicts = [_shown("async, memory", await _awaited(_async_memory(), HITS))]
    async with AsyncRedis(port=port, db=2) as client:
        cashews, aiocache = Cache(), import_module("aiocache")
        cashews.setup(f"redis://127.0.0.1:{port}/3", client_side=False)
        pages = AsyncReadThrough(RedisStore(client, monitor=CacheMonitor("async-redis", Registry())), 600)

        @pages.cached("page:{number}")
        async def ours(number: int) -> str:
            return VALUE

        @cashews(ttl=600, key="page:{number}")
        async def theirs(number: int) -> str:
            return VALUE

        @aiocache.cached(ttl=600, cache=aiocache.RedisCache, port=port, db=4, key_builder=_key_of)  # type: ignore[untyped-decorator]
        async def others(number: int) -> str:
            return VALUE

        reads = {"perftui decorator": ours, "cashews decorator": theirs, "aiocache decorator": others}
        verdicts.append(_shown("async, Redis", await _awaited(reads, ON_REDIS)))
        await others.cache.close()
    return verdicts


def _async_memory() -> dict[str, AsyncRead]:
    pages = AsyncReadThrough(MemoryStore(monitor=CacheMonitor("async", Registry())), 600)
    cashews, aiocache = Cache(), import_module("aiocache")
    cashews.setup("mem://", check_interval=0)

    @pages.cached("page:{number}")
    async def ours(number: int) -> str:
        return VALUE

    @cashews(ttl=600, key="page:{number}")
    async def theirs(number: int) -> str:
        return VALUE

    @aiocache.cached(ttl=600, key_builder=_key_of)  # type: ignore[untyped-decorator]
    async def others(number: int) -> str:
        return VALUE

    return {"perftui decorator": ours, "cashews decorator": theirs, "aiocache decorator": others}


def _key_of(_function: object, number: int) -> str:
    return f"page:{number}"


def _sync(reads: dict[str, Read], hits: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, read in reads.items():
            for number in range(KEYS):
                assert read(number) == VALUE
            started = time.process_time()
            for number in range(hits):
                read(number % KEYS)
            found[name] = min(found.get(name, 1e9), (time.process_time() - started) / hits * 1e6)
    return found


async def _awaited(reads: dict[str, AsyncRead], hits: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, read in reads.items():
            for number in range(KEYS):
                assert await read(number) == VALUE
            started = time.process_time()
            for number in range(hits):
                await read(number % KEYS)
            found[name] = min(found.get(name, 1e9), (time.process_time() - started) / hits * 1e6)
    return found


def _shown(title: str, rows: dict[str, float]) -> bool:
    """Whether each of ours is at most the cheapest of theirs of its kind."""
    print(title)
    for name, us in rows.items():
        print(f"  {name:30} {us:8.2f} µs")
    return all(
        ours <= min(us for name, us in rows.items() if not name.startswith("perftui") and _kind(name) == _kind(own))
        for own, ours in rows.items()
        if own.startswith("perftui")
    )


def _kind(name: str) -> str:
    return "decorator" if name.endswith("decorator") else "call"


if __name__ == "__main__":
    main()
