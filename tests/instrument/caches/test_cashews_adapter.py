"""Real cashews, in memory and on a real Redis."""

from typing import Any

import pytest
from cashews import Cache

from perftui.instrument import CacheMonitor, Registry, build_document
from perftui.model.metrics import CacheDocument
from perftui.servers import RedisProcess

# cashews 7.6 closes its client by a name that redis-py has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")


def cache_of(registry: Registry) -> CacheDocument:
    assert registry.faults == {}
    return (build_document(registry, sections=("cache",)).cache or {})["pages"]


def url_of(kind: str, redis_server: RedisProcess) -> str:
    return "mem://" if kind == "memory" else redis_server.uri


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_commands_are_counted(kind: str, redis_server: RedisProcess) -> None:
    registry = Registry()
    cache = Cache()
    cache.setup(url_of(kind, redis_server), middlewares=(CacheMonitor("pages", registry).cashews(),))
    try:
        await cache.set("cashews:1", "a", expire=60)
        assert await cache.get("cashews:1") == "a"
        assert await cache.get("cashews:none") is None
        assert await cache.get("cashews:none", default=0) == 0
        await cache.set_many({"cashews:2": "b", "cashews:3": "c"})
        assert await cache.get_many("cashews:2", "cashews:none") == ("b", None)
        await cache.delete_many("cashews:1", "cashews:2")
        assert await cache.delete("cashews:3") is True
        assert await cache.ping() == b"PONG"
    finally:
        await cache.close()
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets, found.deletes) == (2, 3, 3, 3)
    assert (found.get.count, found.set.count) == (4, 2)
    assert [(key.key, key.count) for key in found.top_keys] == [("cashews:*", 5)]


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_the_decorator_is_counted(kind: str, redis_server: RedisProcess) -> None:
    registry = Registry()
    cache = Cache()
    CacheMonitor("pages", registry).wrap(cache)
    cache.setup(url_of(kind, redis_server))
    calls = []

    @cache(ttl="1m", key=f"decorated-{kind}:{{number}}")
    async def page(number: int) -> str:
        calls.append(number)
        return f"page {number}"

    try:
        assert [await page(1), await page(1), await page(2)] == ["page 1", "page 1", "page 2"]
        await cache.delete(f"decorated-{kind}:1")
        await cache.delete(f"decorated-{kind}:2")
    finally:
        await cache.close()
    assert calls == [1, 2]
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets, found.deletes) == (1, 2, 2, 2)


async def test_evictions_and_size_of_the_memory_backend() -> None:
    registry = Registry()
    cache = Cache()
    cache.setup("mem://?size=3", middlewares=(CacheMonitor("pages", registry).cashews(),))
    try:
        for number in range(5):
            await cache.set(f"evicted:{number}", number)
        await cache.set("evicted:4", "again")
        found = cache_of(registry)
    finally:
        await cache.close()
    assert (found.evictions, found.evictions_by_reason) == (2, {"capacity": 2})
    assert (found.keys, found.capacity) == (3, 3)


async def test_errors_are_counted_and_stay_what_they_are() -> None:
    registry = Registry()
    cache = Cache()
    backend: Any = cache.setup("mem://", middlewares=(CacheMonitor("pages", registry).cashews(),))

    async def broken(**_named: Any) -> None:
        raise LookupError("the store is gone")

    backend.get = broken
    try:
        with pytest.raises(LookupError, match="gone"):
            await cache.get("a:1")
    finally:
        await cache.close()
    assert (cache_of(registry).errors, cache_of(registry).misses) == (1, 0)
