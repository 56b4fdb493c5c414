"""One interface over all stores: what holds for each of them, against real servers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from dogpile.cache import make_region
from helpers.cache_cases import DB, KINDS, Case, cases
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from perftui import CacheStore, CashewsStore, DogpileStore, RedisStore, Unsupported
from perftui.cache.stores.direct import run_now
from perftui.servers import RedisProcess


@pytest.fixture(params=KINDS)
async def case(request: pytest.FixtureRequest, redis_server: RedisProcess) -> AsyncIterator[Case]:
    async for one in cases(request.param, redis_server):
        yield one


async def keys_of(store: CacheStore, pattern: str = "*") -> set[str]:
    return {key async for page in store.scan(pattern) for key in page}


async def test_values_come_back_as_they_were_and_all_is_counted(case: Case) -> None:
    store, value = case.store, {"name": "Ada", "at": datetime(2026, 1, 2, tzinfo=UTC), "n": [1, 2.5, None, True]}
    await store.set("user:1", value, 60)
    await store.set_many({"user:2": "zwei ✓", "user:3": b"\x00\xff", "none": None}, 60)
    assert await store.get("user:1") == value
    assert await store.get_many(["user:2", "user:3", "user:4", "user:2"]) == {"user:2": "zwei ✓", "user:3": b"\x00\xff"}
    assert await store.get("none", "default") is None
    assert await store.get("nowhere", "default") == "default"
    assert (await store.delete("user:1"), await store.delete("user:1")) == (True, False)
    assert await store.delete_many(["user:2", "user:3", "other"]) == 2
    assert await keys_of(store) == {"none"}
    found = case.counted()
    assert (found.hits, found.misses, found.sets, found.deletes, found.errors) == (4, 2, 4, 3, 0)
    assert (found.get.count, found.set.count) == (4, 2)
    assert case.registry.faults == {}


async def test_a_pattern_means_the_same_everywhere(case: Case) -> None:
    store = case.store
    await store.set_many(dict.fromkeys(("a:1", "a:2", "b:1", "a:12", "a+b", "a[1]", "[x"), 1), 60)
    assert await keys_of(store, "a:*") == {"a:1", "a:2", "a:12"}
    assert await keys_of(store, "?:1") == {"a:1", "b:1"}
    assert await keys_of(store, "a:[^1]") == {"a:2"}
    assert await keys_of(store, "[a-b]:1") == {"a:1", "b:1"}
    assert await keys_of(store, "a+b") == {"a+b"}
    assert await keys_of(store, r"a\[1\]") == {"a[1]"}
    assert await keys_of(store, "none*") == set()


async def test_a_tag_takes_its_values_at_once_and_no_others(case: Case) -> None:
    store = case.store
    await store.set_many({"p:1": 1, "p:2": 2}, 60, ["products", "shop"])
    await store.set("u:1", 1, 60, ["users", "shop"])
    await store.set("free", 1, 60)
    assert await store.invalidate_tag("products", dry_run=True) == 2
    assert await store.get("p:1") == 1
    assert await store.invalidate_tag("products") == 2
    assert await store.get_many(["p:1", "p:2", "u:1", "free"]) == {"u:1": 1, "free": 1}
    assert await store.invalidate_tag("products") == 0
    assert await store.invalidate_tag("never heard of") == 0
    await store.set("p:3", 3, 60, ["products"])
    assert await store.get("p:3") == 3
    assert await store.invalidate_tag("shop") == 1
    assert await keys_of(store) == {"free", "p:3"}


async def test_a_value_made_before_its_tag_was_invalidated_is_not_served(case: Case) -> None:
    """A loader reads, the data changes and the tag with it, then the loader stores what it read."""
    store = case.store
    stamp = await store.stamp(["products"])
    await store.invalidate_tag("products")
    await store.set("p:1", "as it was", 60, stamp)
    assert await store.get("p:1") is None
    await store.set("p:1", "as it is", 60, await store.stamp(["products"]))
    assert await store.get("p:1") == "as it is"


async def test_a_value_stored_again_under_its_tag_stays_reachable(case: Case) -> None:
    for number in range(3):
        await case.store.set("only", number, 60, ["one"])
    assert await case.store.get("only") == 2
    assert await case.store.invalidate_tag("one", dry_run=True) == 1


async def test_ages_are_told(case: Case) -> None:
    await case.store.set("old", "x", 600)
    case.clock.now += 100
    await case.store.set("new", "x", 600)
    facts = {fact.key: fact for fact in await case.store.facts(["old", "new", "none"], "age")}
    assert {key: fact.age_s for key, fact in facts.items()} == {"old": pytest.approx(100), "new": pytest.approx(0)}


async def test_a_lock_is_given_once_until_it_is_given_back(case: Case) -> None:
    token = await case.store.acquire("a", 60)
    assert token is not None
    if isinstance(case.store, DogpileStore):  # whose own locks are within get_or_create: it is given to everybody
        assert await case.store.acquire("a", 60) is not None
        return
    assert await case.store.acquire("a", 60) is None
    if not isinstance(case.store, CashewsStore):  # whose memory asks for no token
        await case.store.release("a", "of somebody else")
        assert await case.store.acquire("a", 60) is None
    await case.store.release("a", token)
    assert await case.store.acquire("a", 60) is not None


async def test_a_time_to_live_must_be_some(case: Case) -> None:
    for ttl_s in (0, -1):
        with pytest.raises(ValueError, match="ttl_s"):
            await case.store.set("a", 1, ttl_s)
        with pytest.raises(ValueError, match="ttl_s"):
            await case.store.set_many({}, ttl_s)
        token = (await case.store.begin_loads(["a"]))["a"]
        with pytest.raises(ValueError, match="ttl_s"):
            await case.store.set_loaded("a", 1, token, ttl_s)
        assert await case.store.get("a") is None
    await case.store.set_many({}, 60)
    assert await case.store.get_many([]) == {}


async def test_a_value_without_an_end_stays_where_one_with_an_end_was(case: Case) -> None:
    await case.store.set("a", 1, 0.05)
    await case.store.set("a", 2)
    await asyncio.sleep(0.06)
    case.clock.now += 1_000_000
    assert await case.store.get("a") == 2


async def test_sizes_are_told_to_the_monitor_too(case: Case) -> None:
    await case.store.set_many({"a": "x" * 100, "b": "y" * 50}, 60)
    sizes = await case.store.sizes()
    assert sizes.keys == 2
    assert sizes.bytes is not None
    assert 150 <= sizes.bytes < 1_000
    assert case.counted().keys == 2


async def test_dogpile_says_what_it_cannot_list() -> None:
    plain = DogpileStore(make_region(key_mangler=str.upper).configure("dogpile.cache.memory"))
    await plain.set("a", 1, 60, ["t"])
    with pytest.raises(Unsupported, match="key_mangler"):
        await keys_of(plain)
    assert await plain.invalidate_tag("t") is None
    assert await plain.get("a") is None


def test_what_waits_is_not_used_without_await(redis_server: RedisProcess) -> None:
    with pytest.raises(TypeError, match="await"):
        _ = RedisStore(AsyncRedis(port=redis_server.port)).direct
    with pytest.raises(TypeError, match="await"):
        run_now(_sleep())


async def _sleep() -> None:
    await asyncio.sleep(0)


def test_without_await_it_is_the_same(redis_server: RedisProcess) -> None:
    with Redis(port=redis_server.port, db=DB) as client:
        store = RedisStore(client, "direct").direct
        store.set_many({"a": 1, "b": 2}, 60, ["t"])
        store.set("c", 3, 60)
        assert store.get_many("abc") == {"a": 1, "b": 2, "c": 3}
        assert sorted(key for page in store.scan() for key in page) == ["a", "b", "c"]
        assert (store.delete("c"), store.delete_many("ab"), store.get("a", 0)) == (True, 2, 0)
        assert store.sizes().keys == 0
        assert store.find("a") is None
        client.flushdb()
