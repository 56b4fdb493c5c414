"""Pages kept in Redis: read through, renewed, ended."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from perftui.cache import AsyncReadThrough, Invalidator, RedisStore
from perftui.cache.loading import attempt
from perftui.demo.pages import Lifetime, Pages, page_tags

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from perftui.instrument import CacheMonitor

_PREFIX = "library"
Load = Callable[[str], Awaitable[bytes | None]]


def page_store(redis: "Redis", monitor: "CacheMonitor | None" = None) -> RedisStore:
    """Where the pages are, for the application and for whoever warms them."""
    return RedisStore(redis, _PREFIX, monitor=monitor)


class PageCache:
    """Bodies by key. A Redis that is down or full is a miss, never an error."""

    def __init__(self, store: RedisStore, pages: Pages) -> None:
        """`pages` knows the lifetimes."""
        self._store, self._pages = store, pages
        self._invalidator = Invalidator(store)
        self._reads: dict[Lifetime, AsyncReadThrough] = {}

    async def get(self, key: str, load: Load) -> bytes | None:
        """The kept body, or what `load` gives; whoever asks meanwhile waits for the same load."""
        lifetime = self._pages.lifetime(key)
        reads = self._reads.get(lifetime)
        if reads is None:
            reads = self._reads[lifetime] = AsyncReadThrough(self._store, lifetime.fresh_s, lifetime.stale_s)
        return await reads.get(key, lambda: load(key), tags=page_tags(key))

    async def renew(self, key: str, load: Load) -> bytes | None:
        """A new body, which is kept."""
        stamp = await attempt(self._store.stamp(page_tags(key)), None)
        body = await load(key)
        if body is not None and stamp is not None:
            lifetime = self._pages.lifetime(key)
            keep = self._store.set_many({key: body}, sum(lifetime), stamp, fresh_s=lifetime.fresh_s)
            await attempt(keep, None)
        return body

    async def end(self, *tags: str) -> None:
        """What stands under these tags is read anew."""
        await attempt(self._invalidator.tags(*tags), None)

    async def end_all(self) -> None:
        await attempt(self._invalidator.pattern("*"), None)
