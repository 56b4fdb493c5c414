"""The caches of the demo's application on real servers; what is asserted are commands and gets, not times."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

import pytest
from helpers.waiting import wait_until_async
from pymongo import AsyncMongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from redis.asyncio import Redis

from perftui.demo.caches import QUERIES, RESPONSES, Caches
from perftui.demo.documents import Document, prompts, slug
from perftui.demo.pages import page_key
from perftui.demo.switches import NAMES, Switches, parse_switch, switched
from perftui.instrument import Registry, build_document
from perftui.model.metrics import CacheDocument
from perftui.servers import MongodProcess, PrivateServers, RedisProcess

NOW = datetime(2026, 1, 2, tzinfo=UTC)
POPULAR = page_key("popular")
PAGE = page_key("prompt", slug(3))


class Finds(CommandListener):
    """Counts what asks for prompts."""

    def __init__(self) -> None:
        self.number = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.number += event.command_name in ("find", "aggregate") and "$changeStream" not in str(event.command)

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


class Used:
    """Caches on a small collection."""

    def __init__(self, caches: Caches, finds: Finds, registry: Registry, client: AsyncMongoClient[Document]) -> None:
        self.caches, self.finds, self.registry, self.client = caches, finds, registry, client
        self.favorites = client.demo_caches.prompts

    async def finds_of(self, *keys: str, reload: bool = False) -> int:
        """How many commands these pages cost, one after the other."""
        before = self.finds.number
        for key in keys:
            assert await self.caches.page(key, reload=reload) is not None
        return self.finds.number - before

    async def add_favorite(self) -> None:
        await self.favorites.update_one({"slug": slug(3)}, {"$inc": {"favorites": 1_000_000}})

    def cache(self, name: str) -> CacheDocument:
        caches = build_document(self.registry).cache
        assert caches is not None
        return caches[name]


@asynccontextmanager
async def used(mongodb: str, redis_uri: str, switches: Switches) -> AsyncIterator[Used]:
    registry, finds = Registry("demo-caches"), Finds()
    async with (
        AsyncMongoClient[Document](mongodb, event_listeners=[finds]) as client,
        Redis.from_url(redis_uri) as redis,
    ):
        await client.demo_caches.prompts.insert_many(
            list(prompts(0, 300, seed=1, now=datetime(2026, 1, 2, tzinfo=UTC)))
        )
        try:
            caches = Caches(client.demo_caches, redis, registry, ttl_s=600, switches=switches)
            async with caches:
                yield Used(caches, finds, registry, client)
        finally:
            await client.drop_database("demo_caches")


Using = Callable[..., AbstractAsyncContextManager[Used]]


@pytest.fixture
async def using(mongod: MongodProcess, redis_server: RedisProcess) -> AsyncIterator[Using]:
    place = f"redis://127.0.0.1:{redis_server.port}/9"
    yield lambda **switches: used(mongod.uri, place, Switches(**switches))
    async with Redis.from_url(place) as redis:
        await redis.flushdb()


async def test_read_through_is_switched_while_it_runs(using: Using) -> None:
    async with using(read_through=False) as one:
        assert await one.finds_of(PAGE, PAGE, PAGE) == 3
        assert (
            one.cache(RESPONSES).hit_rate is None if RESPONSES in (build_document(one.registry).cache or {}) else True
        )
        await one.caches.switch({"read-through": True})
        assert await one.finds_of(PAGE, PAGE, PAGE, PAGE) == 1
        assert (one.cache(RESPONSES).hits, one.cache(RESPONSES).misses) == (3, 1)
        await one.caches.switch({"read-through": False})
        assert await one.finds_of(PAGE, PAGE) == 2
        assert one.cache(RESPONSES).hits == 3


async def test_a_page_is_loaded_once_for_all_who_miss_it(using: Using) -> None:
    async with using() as one:
        bodies = await asyncio.gather(*(one.caches.page(POPULAR) for _ in range(50)))
        assert len(set(bodies)) == 1
        assert one.finds.number == 1
        assert one.cache(RESPONSES).misses == 50


async def test_a_reload_goes_past_both_caches_and_is_kept(using: Using) -> None:
    async with using(query_cache=True) as one:
        assert await one.finds_of(PAGE) == 1
        await one.add_favorite()
        assert await one.finds_of(PAGE, PAGE, reload=True) == 2
        assert b"1000" in (await one.caches.page(PAGE) or b"")


async def test_a_write_ends_the_pages_that_show_it_where_invalidation_is_on(using: Using) -> None:
    async with using() as one:
        newest = page_key("newest")
        await one.finds_of(PAGE, POPULAR, newest)
        await one.caches.favorite_added(slug(3))
        assert await one.finds_of(newest) == 0
        assert await one.finds_of(PAGE, POPULAR) == 2
        assert one.cache(RESPONSES).evictions_by_reason == {"invalidated": 2}
        await one.caches.switch({"invalidation": False})
        await one.caches.favorite_added(slug(3))
        assert await one.finds_of(PAGE, POPULAR, newest) == 0
        await one.caches.switch({"invalidation": True})
        assert await one.finds_of(PAGE, POPULAR, newest) == 3


async def test_the_query_cache_answers_where_pages_are_not_kept(using: Using) -> None:
    async with using(read_through=False) as one:
        assert await one.finds_of(POPULAR, POPULAR) == 2
        state = await one.caches.switch({"query-cache": True})
        assert (state.query_results_end_by, state.why) == ("change stream", "")
        assert await one.finds_of(POPULAR, POPULAR, POPULAR) == 1
        assert (one.cache(QUERIES).hits, one.cache(QUERIES).misses) == (2, 1)
        await one.caches.switch({"query-cache": False})
        assert await one.finds_of(POPULAR, POPULAR) == 2


async def test_a_change_by_anybody_ends_results_by_the_change_stream(using: Using) -> None:
    async with using(read_through=False, query_cache=True) as one:
        before = await one.caches.page(POPULAR)
        await one.add_favorite()

        async def sees_it() -> bool:
            return await one.caches.page(POPULAR) != before

        await wait_until_async(sees_it)


async def test_without_invalidation_results_end_by_their_ttl(using: Using) -> None:
    async with using(read_through=False, query_cache=True, invalidation=False) as one:
        state = one.caches.state()
        assert (state.query_results_end_by, state.why) == ("ttl", "invalidation is off")
        before = await one.caches.page(POPULAR)
        await one.add_favorite()
        await one.caches.favorite_added(slug(3))
        assert await one.caches.page(POPULAR) == before
        assert (await one.caches.switch({"invalidation": True})).query_results_end_by == "change stream"
        assert await one.caches.page(POPULAR) != before


async def test_who_marks_a_favorite_reads_it_at_once_through_both_caches(using: Using) -> None:
    async with using(query_cache=True) as one:
        for number in range(5):
            await one.finds_of(POPULAR, PAGE)
            await one.add_favorite()
            await one.caches.favorite_added(slug(3))
            for key in (POPULAR, PAGE):
                assert str(number + 1).encode() + b"0000" in (await one.caches.page(key) or b"")


async def test_warming_loads_what_is_asked_for_before_it_is_missed(using: Using) -> None:
    async with using() as one:
        await one.finds_of(PAGE, POPULAR, PAGE, POPULAR)
        await one.caches.switch({"warming": True})
        loaded = one.finds.number
        await one.caches.favorite_added(slug(3))
        assert one.caches.state().switches.warming

        async def loaded_again() -> bool:
            return one.finds.number == loaded + 2 and one.caches.state().pages_warmed == 0

        await wait_until_async(loaded_again)
        missed = one.cache(RESPONSES).misses
        assert await one.finds_of(PAGE, POPULAR) == 0
        assert one.cache(RESPONSES).misses == missed
        assert (await one.caches.switch({"warming": False})).pages_warmed is None


async def test_a_server_without_change_streams_is_told(private_servers: PrivateServers) -> None:
    place = private_servers.start_redis().uri
    async with used(private_servers.start_mongod().uri, place, Switches(query_cache=True)) as one:
        state = one.caches.state()
        assert state.query_results_end_by == "ttl"
        assert "no replica set" in state.why
        await one.caches.favorite_added(slug(3))


async def test_a_dead_redis_is_a_miss(mongod: MongodProcess) -> None:
    async with used(mongod.uri, "redis://127.0.0.1:1", Switches(warming=True)) as one:
        assert await one.finds_of(PAGE, PAGE) == 2
        assert await one.finds_of(PAGE, reload=True) == 1
        await one.caches.favorite_added(slug(3))
        await one.caches.switch({"invalidation": False, "warming": False})
        await one.caches.switch({"invalidation": True})
        assert one.cache(RESPONSES).errors > 0


def test_switches_are_typed_by_name() -> None:
    assert NAMES == ("read-through", "invalidation", "warming", "query-cache")
    assert parse_switch("query-cache=on") == ("query-cache", True)
    assert switched(Switches(), {"warming": True}) == Switches(warming=True)
    for wrong in ("warming", "warming=maybe", "sauna=on", ""):
        with pytest.raises(ValueError, match="NAME=on or NAME=off; the names are read-through"):
            parse_switch(wrong)
    with pytest.raises(ValueError, match="the names are"):
        switched(Switches(), {"sauna": True})
