"""Invalidation by all its ways, on memory and on a real Redis."""

from collections.abc import AsyncIterator

import pytest
from cashews import Cache
from dogpile.cache import make_region
from helpers.cache_cases import Case, Clock
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from perftui import (
    CacheStore,
    CashewsStore,
    DependencyGraph,
    DogpileStore,
    Invalidator,
    MemoryStore,
    RedisStore,
    Unsupported,
)
from perftui.servers import PrivateServers, RedisProcess

DB = 13


def in_memory() -> Case:
    return Case(lambda monitor, clock: MemoryStore(monitor=monitor, clock=clock))


@pytest.fixture(params=["memory", "redis"])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    found = in_memory()
    if request.param == "memory":
        yield found
        return
    server: RedisProcess = request.getfixturevalue("redis_server")
    async with AsyncRedis(port=server.port, db=DB) as client:
        await client.flushdb()
        found.store = RedisStore(client, "inv", monitor=found.monitor, clock=found.clock)
        yield found
        await client.flushdb()


async def keys_of(store: CacheStore) -> set[str]:
    return {key async for page in store.scan() for key in page}


async def test_tags_patterns_and_keys_go_and_are_counted(case: Case) -> None:
    store, invalidator = case.store, Invalidator(case.store)
    await store.set_many({"a:1": 1, "a:2": 2}, 60, ["a", "all"])
    await store.set_many({"b:1": 1, "b:2": 2}, 60, ["all"])
    await store.set_many({"c:1": 1, "c:2": 2, "d": 3}, 60)
    for dry_run in (True, False):
        assert (await invalidator.tags("a", "unknown", dry_run=dry_run)).keys == 2
    assert await keys_of(store) == {"b:1", "b:2", "c:1", "c:2", "d"}
    for dry_run in (True, False):
        assert (await invalidator.pattern("[bc]:1", dry_run=dry_run)).keys == 2
    for dry_run in (True, False):
        assert (await invalidator.keys("d", "d", "nowhere", dry_run=dry_run)).keys == 1
    assert await keys_of(store) == {"b:2", "c:2"}
    found = case.counted()
    assert (found.evictions, found.evictions_by_reason, found.deletes) == (5, {"invalidated": 5}, 0)


async def test_a_change_reaches_all_that_depends_on_it_and_cycles_end(case: Case) -> None:
    graph = DependencyGraph()
    graph.add("page:7", "product:7")
    graph.add("page:home", "page:7", "#banners")
    graph.add("product:7", "page:home")  # a cycle
    graph.add("feed:*", "page:home")
    graph.add("#lists", "page:home")
    store, invalidator = case.store, Invalidator(case.store, graph)
    await store.set_many(dict.fromkeys(("page:7", "page:home", "product:7", "feed:a", "feed:b", "page:8"), 1), 60)
    await store.set("list", 1, 60, ["lists"])
    would = await invalidator.changed("#banners", dry_run=True)
    assert len(await keys_of(store)) == 7
    gone = await invalidator.changed("#banners")
    assert gone.keys == would.keys == 6
    assert gone.names == ("#banners", "#lists", "feed:*", "page:7", "page:home", "product:7")
    assert await keys_of(store) == {"page:8"}


def test_a_graph_forgets() -> None:
    graph = DependencyGraph()
    graph.add("a", "b")
    graph.add("c", "a")
    assert (graph.dependents("b"), len(graph)) == ({"a", "c"}, 2)
    graph.remove("a")
    graph.remove("a")
    assert (graph.dependents("b"), graph.dependents("a"), len(graph)) == (set(), {"c"}, 1)
    graph.add("self", "self")
    assert graph.dependents("self") == {"self"}


async def test_a_chain_of_ten_thousand_is_followed() -> None:
    graph = DependencyGraph()
    for number in range(10_000):
        graph.add(f"k{number + 1}", f"k{number}")
    assert len(graph.dependents("k0")) == 10_000


async def test_what_is_old_goes(case: Case) -> None:
    await case.store.set_many({"a:old": 1, "b:old": 1}, 10_000)
    case.clock.now += 500
    await case.store.set("a:new", 1, 10_000)
    invalidator = Invalidator(case.store)
    assert (await invalidator.older_than(400, dry_run=True)).keys == 2
    assert (await invalidator.older_than(400, "a:*")).keys == 1
    assert await keys_of(case.store) == {"a:new", "b:old"}


async def test_memory_keeps_under_a_limit_what_is_used() -> None:
    case = in_memory()
    await case.store.set_many(dict.fromkeys("abcde", b"x" * 100), 60)
    for key, uses in (("a", 5), ("b", 1), ("c", 3)):
        for _ in range(uses):
            case.clock.now += 1
            await case.store.get(key)
    invalidator = Invalidator(case.store)
    assert (await invalidator.limit(3, policy="lfu", dry_run=True)).keys == 2
    assert (await invalidator.limit(3, policy="lfu")).keys == 2
    assert await keys_of(case.store) == {"a", "b", "c"}
    assert (await invalidator.limit(2, policy="lru")).keys == 1
    assert await keys_of(case.store) == {"b", "c"}
    assert (await invalidator.limit(max_bytes=200)).keys == 1
    assert await keys_of(case.store) == {"c"}
    assert case.counted().evictions_by_reason == {"capacity": 3, "memory": 1}


def test_redis_keeps_under_a_limit_what_is_used(private_servers: PrivateServers) -> None:
    server = private_servers.start_redis(arguments=["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lfu"])
    with Redis(port=server.port) as client:
        store = RedisStore(client, "inv")
        store.direct.set_many(dict.fromkeys("abcde", b"x" * 100), 600)
        for _ in range(200):
            store.direct.get_many(["b", "d"])
        invalidator = Invalidator(store).direct
        assert invalidator.limit(3, policy="lfu").keys == 2
        assert {"b", "d"} < {key for page in store.direct.scan() for key in page}
        with pytest.raises(Unsupported, match="lru"):
            invalidator.limit(1, policy="lru")
        client.config_set("maxmemory-policy", "allkeys-lru")
        store.direct.set_many(dict.fromkeys("abcde", b"x" * 100), 600)
        assert invalidator.limit(max_bytes=300).keys == 3
        assert invalidator.limit(max_bytes=300).keys == 0
        with pytest.raises(Unsupported, match="lfu"):
            invalidator.limit(1, policy="lfu")


@pytest.mark.parametrize("kind", ["cashews", "dogpile"])
async def test_other_libraries_keep_under_a_limit_what_this_process_uses(kind: str) -> None:
    cache, clock = Cache(), Clock()
    cache.setup("mem://", check_interval=0)
    region = make_region().configure("dogpile.cache.memory")
    store = CashewsStore(cache, clock=clock) if kind == "cashews" else DogpileStore(region, clock=clock)
    await store.set_many(dict.fromkeys("abcde", b"x" * 1_000), 600)
    for key in "aaabcca":
        clock.now += 1
        await store.get(key)
    invalidator = Invalidator(store)
    assert (await invalidator.limit(3, policy="lfu")).keys == 2
    assert await keys_of(store) == {"a", "b", "c"}
    assert (await invalidator.limit(2, policy="lru")).keys == 1
    assert await keys_of(store) == {"a", "c"}
    assert (await invalidator.limit(max_bytes=1_500)).keys == 1
    assert (await invalidator.older_than(-1)).keys == 1
    await cache.close()


def test_without_await_it_is_the_same() -> None:
    store = MemoryStore()
    store.direct.set_many(dict.fromkeys("abcdef", 1), 60, ["t"])
    invalidator = Invalidator(store).direct
    assert invalidator.keys("a").keys == 1
    assert invalidator.pattern("b").keys == 1
    assert invalidator.changed("c").keys == 1
    assert invalidator.limit(2).keys == 1
    assert invalidator.older_than(1000).keys == 0
    assert invalidator.tags("t").keys == 2


def test_over_a_client_that_waits_it_is_refused(redis_server: RedisProcess) -> None:
    with pytest.raises(TypeError, match="await"):
        _ = Invalidator(RedisStore(AsyncRedis(port=redis_server.port))).direct
