"""A key that is removed while its value is being loaded: what was read before that is given out, and not kept."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from helpers.cache_cases import DB, KINDS, Case, cases
from helpers.waiting import wait_until, wait_until_async
from redis import Redis

from perftui import (
    AsyncReadThrough,
    CacheStore,
    CacheWarmer,
    DependencyGraph,
    Invalidator,
    MemoryStore,
    ReadThrough,
    RedisStore,
)
from perftui.cache.stores.direct import run_now
from perftui.servers import RedisProcess

Removal = Callable[[CacheStore], Awaitable[object]]
REMOVALS: dict[str, Removal] = {
    "delete": lambda store: store.delete("product:7"),
    "keys": lambda store: Invalidator(store).keys("product:7"),
    "pattern": lambda store: Invalidator(store).pattern("product:[5-9]"),
    "changed": lambda store: Invalidator(store, _graph()).changed("row:7"),
    "changed by pattern": lambda store: Invalidator(store, _graph()).changed("table"),
}


def _graph() -> DependencyGraph:
    graph = DependencyGraph()
    graph.add("product:7", "row:7")
    graph.add("product:*", "table")
    return graph


@pytest.fixture(params=KINDS)
async def case(request: pytest.FixtureRequest, redis_server: RedisProcess) -> AsyncIterator[Case]:
    async for one in cases(request.param, redis_server):
        yield one


async def test_a_loader_is_not_outrun_by_the_next(case: Case) -> None:
    first = await case.store.acquire("slow", 60)
    assert first is not None
    assert (await case.store.begin_loads(["slow"]))["slow"] == first
    assert await case.store.set_loaded("slow", "first", first, 60)
    assert await case.store.get("slow") == "first"


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_nor_is_one_that_is_slower_than_its_lock(kind: str, redis_server: RedisProcess) -> None:
    async for case in cases(kind, redis_server):
        first = await case.store.acquire("slow", 0.05)
        assert first is not None
        case.clock.now += 1
        await asyncio.sleep(0.1)
        assert await case.store.acquire("slow", 60) is not None
        assert await case.store.acquire("slow", 60) is None
        assert await case.store.set_loaded("slow", "first", first, 60)
        await case.store.release("slow", first)
        assert await case.store.acquire("slow", 60) is not None


@pytest.mark.parametrize("removal", REMOVALS.values(), ids=REMOVALS)
async def test_what_was_read_before_the_removal_is_not_kept(removal: Removal, case: Case) -> None:
    pages, row = AsyncReadThrough(case.store, 60), ["old"]

    async def load() -> str:
        value = row[0]
        if value == "old":
            row[0] = "new"
            await removal(case.store)
        return value

    assert await pages.get("product:7", load, tags=["products"]) == "old"
    assert await pages.get("product:7", load, tags=["products"]) == "new"
    assert await case.store.get("product:7") == "new"
    assert case.counted().errors == 0


async def test_what_a_refresh_read_before_the_removal_is_not_kept(case: Case) -> None:
    pages, row, reading, go = AsyncReadThrough(case.store, 60, 600), ["first"], asyncio.Event(), asyncio.Event()

    async def load() -> str:
        value = row[0]
        if value == "old":
            reading.set()
            await go.wait()
        return value

    await pages.get("product:7", load)
    case.clock.now += 61
    row[0] = "old"
    assert await pages.get("product:7", load) == "first"
    await reading.wait()
    row[0] = "new"
    assert await case.store.delete("product:7")
    go.set()
    await wait_until_async(lambda: "product:7" not in pages._refreshing)
    assert await case.store.get("product:7") is None
    assert await pages.get("product:7", load) == "new"


async def test_what_was_removed_while_it_was_warmed_is_not_warm(case: Case) -> None:
    async def load(keys: list[str]) -> dict[str, str]:
        await case.store.delete("product:7")
        return {key: "old" for key in keys if key != "product:9"}

    for warmer in (CacheWarmer(case.store), CacheWarmer(case.store, tags=lambda _key: ["products"])):
        report = await warmer.warm_batches(["product:7", "product:8", "product:9"], load, 60)
        assert (report.missing, report.failed) == (("product:9",), {})
        assert await case.store.get_many(["product:7", "product:8", "product:9"]) == {"product:8": "old"}


async def test_a_value_whose_load_took_longer_than_the_lock_is_kept(case: Case) -> None:
    pages = AsyncReadThrough(case.store, 60, load_timeout_s=0.05)

    async def load() -> str:
        case.clock.now += 1
        await asyncio.sleep(0.1)
        return "slow"

    assert await pages.get("product:7", load) == "slow"
    assert await case.store.get("product:7") == "slow"


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_threads_keep_nothing_that_was_removed_meanwhile(kind: str, redis_server: RedisProcess) -> None:
    with Redis(port=redis_server.port, db=DB) as client:
        client.flushdb()
        store = MemoryStore() if kind == "memory" else RedisStore(client)
        elsewhere = store if kind == "memory" else RedisStore(client)
        pages, row, reading, go = ReadThrough(store, 60), ["old"], threading.Event(), threading.Event()

        def load() -> str:
            value = row[0]
            reading.set()
            assert go.wait(20)
            return value

        found: list[str] = []
        thread = threading.Thread(target=lambda: found.append(pages.get("product:7", load)))
        thread.start()
        assert reading.wait(20)
        row[0] = "new"
        assert Invalidator(elsewhere).direct.keys("product:7").keys == 0
        # Another process need not wait for a load that brings nothing.
        assert run_now(elsewhere.acquire("product:7", 0.01)) is not None
        go.set()
        thread.join(20)
        assert (found, store.direct.get("product:7")) == (["old"], None)
        wait_until(lambda: pages.get("product:7", load) == "new" and store.direct.get("product:7") == "new")
        client.flushdb()


def test_loads_leave_nothing_behind_in_redis(redis_server: RedisProcess) -> None:
    with Redis(port=redis_server.port, db=DB) as client:
        client.flushdb()
        pages = ReadThrough(RedisStore(client), 60)

        def fail() -> str:
            raise LookupError

        assert pages.get("a", lambda: "made") == "made"
        assert pages.get("nothing", lambda: None) is None
        with pytest.raises(LookupError):
            pages.get("b", fail)
        assert client.keys() == [b"cache:a"]
        run_now(pages.store.begin_loads(["left by a process that died"]))
        assert 0 < client.pttl("cache#claims") <= 3_600_000
        client.flushdb()


def test_loads_leave_nothing_behind_in_memory() -> None:
    store = MemoryStore()
    pages = ReadThrough(store, 60)
    assert [pages.get(f"k{number}", lambda: None) for number in range(3)] == [None] * 3
    assert (store._claims._loads, store._claims._locks) == ({}, {})
