"""The application's caches, on perftui's own tools: pages in Redis, results of queries in memory."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from perftui.cache import AsyncQueryCache, MemoryStore
from perftui.demo.documents import Document
from perftui.demo.library import Library, Search
from perftui.demo.page_cache import PageCache, page_store
from perftui.demo.page_warming import PageWarming
from perftui.demo.pages import FAVORITES_TAG, Pages, key_kind, page_key
from perftui.demo.switches import CachesState, Switches, switched
from perftui.instrument import CacheMonitor, Registry

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase
    from redis.asyncio import Redis

RESPONSES, QUERIES = "responses", "queries"
"""The caches' names in the metrics."""
_QUERY_TTL_S = 30.0
_QUERY_BYTES = 32 * 1024 * 1024


class Caches:
    """`async with Caches(...) as caches`: what the endpoints read through. Each part is switched while it runs."""

    def __init__(
        self,
        database: "AsyncDatabase[Document]",
        redis: "Redis",
        registry: Registry,
        *,
        search: Search = "regex",
        ttl_s: int | None = None,
        switches: Switches | None = None,
        related: bool = False,
    ) -> None:
        """`ttl_s` keeps every page that long; `switches` are those to start with; `related` prompts are shown too."""
        self.switches = switches or Switches()
        results = MemoryStore(max_bytes=_QUERY_BYTES, monitor=CacheMonitor(QUERIES, registry, template=_shape_only))
        self._queries = AsyncQueryCache(database["prompts"], results, _QUERY_TTL_S)
        self._plain = Library(database, search, related=related)
        self._cached = Library(database, search, self._queries, related=related)
        self._plain_pages, self._cached_pages = Pages(self._plain, ttl_s), Pages(self._cached, ttl_s)
        monitor = CacheMonitor(RESPONSES, registry, template=key_kind, keep_keys=True)
        store = page_store(redis, monitor)
        self._pages = PageCache(store, self._plain_pages)
        self._warming = PageWarming(store, monitor, self._plain_pages)
        self._switching = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._apply(self.switches)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._warming.stop()
        await self._queries.stop()

    def library(self, *, reload: bool = False) -> Library:
        """The queries, through their cache where that is on; with `reload` past it."""
        return self._cached if self.switches.query_cache and not reload else self._plain

    async def page(self, key: str, *, reload: bool = False) -> bytes | None:
        """The kept body or a new one; with `reload` a new one from the database. `None`: there is nothing."""
        load = self._plain_pages.body if reload else self._load
        if not self.switches.read_through:
            return await load(key)
        return await (self._pages.renew if reload else self._pages.get)(key, load)

    async def favorite_added(self, slug: str) -> None:
        """End what shows the prompt's favorites. The query cache first: a page that is loaded anew reads through it,
        and the change stream tells of the write only a moment later."""
        if self.switches.invalidation:
            await self._queries.invalidate()
            await self._pages.end(page_key("prompt", slug), FAVORITES_TAG)

    async def switch(self, changes: Mapping[str, bool]) -> CachesState:
        """Turn parts on or off, by their names; raises `ValueError` for a name that is none."""
        async with self._switching:
            before, after = self.switches, switched(self.switches, changes)
            await self._apply(after)
            if after.query_cache and not before.query_cache:
                await self._queries.invalidate()
            if after.invalidation and not before.invalidation:
                await self._end_all()  # nobody ended what was written to meanwhile
        return self.state()

    def state(self) -> CachesState:
        """What is on now, and what ends the query cache's results."""
        on = self.switches
        if not on.query_cache:
            return CachesState(switches=on, pages_warmed=self._warming.pages_warmed)
        why = self._queries.why if on.invalidation else "invalidation is off"
        return CachesState(
            switches=on,
            query_results_end_by=self._queries.invalidation,
            why=why,
            pages_warmed=self._warming.pages_warmed,
        )

    async def _apply(self, after: Switches) -> None:
        self.switches = after
        if after.query_cache and after.invalidation:
            await self._queries.start()
        else:
            await self._queries.stop()
        if after.warming:
            self._warming.start(self._load)
        else:
            await self._warming.stop()

    async def _end_all(self) -> None:
        await self._queries.invalidate()
        await self._pages.end_all()

    async def _load(self, key: str) -> bytes | None:
        return await (self._cached_pages if self.switches.query_cache else self._plain_pages).body(key)


def _shape_only(key: str) -> str:
    """`query:library.prompts:<shape>:<values>` without the values."""
    return key.rpartition(":")[0] + ":*"
