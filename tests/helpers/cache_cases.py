"""A store of each kind, over real servers, with a clock that is ours to move."""

import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any

from cashews import Cache
from dogpile.cache import make_region
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from perftui import CacheMonitor, CacheStore, CashewsStore, DogpileStore, MemoryStore, RedisStore, Registry
from perftui.instrument import build_document
from perftui.servers import RedisProcess

DB = 12
KINDS = ("memory", "cashews", "cashews on redis", "dogpile", "redis", "async redis")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Case:
    """A store, its monitor and its clock."""

    def __init__(self, make: Callable[[CacheMonitor, Clock], CacheStore]) -> None:
        self.registry, self.clock = Registry("stores"), Clock()
        self.monitor = CacheMonitor("one", self.registry)
        self.store = make(self.monitor, self.clock)

    def counted(self) -> Any:
        return (build_document(self.registry).cache or {})["one"]


async def cases(kind: str, server: RedisProcess) -> AsyncIterator[Case]:
    """One."""
    if kind == "memory":
        yield Case(lambda monitor, clock: MemoryStore(monitor=monitor, clock=clock))
    elif kind == "cashews":
        cache = Cache()
        cache.setup("mem://", check_interval=0)
        yield Case(lambda monitor, clock: CashewsStore(cache, monitor=monitor, clock=clock))
        await cache.close()
    elif kind == "dogpile":
        region = make_region().configure("dogpile.cache.memory")
        yield Case(lambda monitor, clock: DogpileStore(region, monitor=monitor, clock=clock))
    else:
        async for case in _on_redis(kind, server):
            yield case


async def _on_redis(kind: str, server: RedisProcess) -> AsyncIterator[Case]:
    prefix = f"stores-{kind.replace(' ', '-')}"
    with Redis(port=server.port, db=DB) as client:
        client.flushdb()
        if kind == "redis":
            yield Case(lambda monitor, clock: RedisStore(client, prefix, monitor=monitor, clock=clock))
        elif kind == "async redis":
            async with AsyncRedis(port=server.port, db=DB) as waiting:
                yield Case(lambda monitor, clock: RedisStore(waiting, prefix, monitor=monitor, clock=clock))
        else:
            cache = Cache()
            cache.setup(f"redis://127.0.0.1:{server.port}/{DB}", client_side=False, suppress=False)
            yield Case(lambda monitor, clock: CashewsStore(cache, monitor=monitor, clock=clock))
            with warnings.catch_warnings():  # cashews 7.6 closes its client by a name that redis-py has deprecated
                warnings.simplefilter("ignore", DeprecationWarning)
                await cache.close()
        client.flushdb()
