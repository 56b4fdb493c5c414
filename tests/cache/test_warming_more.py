"""Warming in batches, again after failures, by the most used keys, and on a schedule."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from helpers.virtual_time import run_virtual
from redis.asyncio import Redis

from perftui import CacheMonitor, CacheWarmer, MemoryStore, RedisStore, Registry, WarmReport, build_document, most_used
from perftui.servers import RedisProcess


async def upper(key: str) -> str:
    return key.upper()


async def test_batches_are_loaded_together_and_what_they_leave_out_is_missing() -> None:
    asked: list[list[str]] = []

    async def load(keys: list[str]) -> dict[str, str]:
        asked.append(keys)
        return {key: key.upper() for key in keys if key != "k4"}

    store, heard = MemoryStore(), []
    keys = [f"k{number}" for number in range(7)]
    report = await CacheWarmer(store).warm_batches(
        keys, load, 60, batch=3, progress=lambda done, of: heard.append((done, of))
    )
    assert [len(batch) for batch in asked] == [3, 3, 1]
    assert (report.stored, report.missing, report.failed, report.retries) == (6, ("k4",), {}, 0)
    assert heard == [(number + 1, 7) for number in range(7)]
    assert await store.get("k5") == "K5"
    for batch, concurrency in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="concurrency and batch"):
            await CacheWarmer(store).warm_batches(keys, load, 60, batch, concurrency)


def test_one_key_does_not_take_its_batch_with_it() -> None:
    asked: list[list[str]] = []

    async def load(keys: list[str]) -> dict[str, str]:
        asked.append(keys)
        if "bad" in keys:
            raise OSError("broken")
        return {key: key.upper() for key in keys}

    report = run_virtual(CacheWarmer(MemoryStore(), retries=1).warm_batches(["a", "bad", "c"], load, 60, batch=3))
    assert (report.stored, report.failed, report.retries) == (2, {"bad": "OSError: broken"}, 1)
    assert asked == [["a", "bad", "c"], ["a", "bad", "c"], ["a"], ["bad"], ["c"]]


def test_pauses_between_tries_grow() -> None:
    times: list[float] = []

    async def load(key: str) -> str:
        times.append(asyncio.get_running_loop().time())
        raise OSError

    run_virtual(CacheWarmer(MemoryStore(), retries=3).warm(["a"], load, 60))
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == pytest.approx([0.05, 0.1, 0.2])


async def test_failures_are_kept_until_they_are_warmed() -> None:
    down = True

    async def load(key: str) -> str:
        if down and key != "a":
            raise OSError("down")
        return key

    store = MemoryStore()
    warmer = CacheWarmer(store, retries=0)
    await warmer.warm("abc", load, 60)
    assert warmer.failed == {"b": "OSError: down", "c": "OSError: down"}
    down = False
    assert (await warmer.warm_failed(load, 60)).stored == 2
    assert warmer.failed == {}
    assert await store.get_many("abc") == {"a": "a", "b": "b", "c": "c"}


async def test_what_is_used_most_is_warmed(redis_server: RedisProcess) -> None:
    monitor = CacheMonitor("one", Registry(), keep_keys=True)
    async with Redis(port=redis_server.port, db=10) as client:
        store = RedisStore(client, monitor=monitor)
        for number in range(20):
            for _ in range(number):
                await store.get(f"page:{number}")
        report = await CacheWarmer(store).warm_top(monitor, 3, upper, 60)
        assert (report.keys, report.stored) == (3, 3)
        assert await store.get_many([f"page:{number}" for number in range(15, 20)]) == {
            f"page:{number}": f"PAGE:{number}" for number in (17, 18, 19)
        }
        await client.flushdb()
    with pytest.raises(ValueError, match="keep_keys=True"):
        most_used(CacheMonitor("other", Registry()), 3)


def on_schedule(
    refresh: bool, load: Callable[[str], Awaitable[str]], interval: float, until: float
) -> tuple[CacheWarmer, list[WarmReport]]:
    reports: list[WarmReport] = []

    async def main() -> CacheWarmer:
        loop = asyncio.get_running_loop()
        warmer = CacheWarmer(MemoryStore(clock=loop.time), retries=0, jitter=0)
        async with warmer.schedule(
            interval, lambda: ["a", "b"], load, 25, refresh=refresh, report=reports.append
        ) as schedule:
            await asyncio.sleep(until)
            assert schedule.runs == len(reports)
            assert schedule.last == reports[-1]
        await asyncio.sleep(100)
        return warmer

    return run_virtual(main()), reports


def test_a_schedule_with_refresh_loads_all_anew_each_time() -> None:
    _, reports = on_schedule(True, upper, 10, 35)
    assert [report.stored for report in reports] == [2, 2, 2, 2]


def test_a_schedule_without_refresh_loads_what_is_no_longer_held() -> None:
    _, reports = on_schedule(False, upper, 10, 65)
    assert [report.stored for report in reports] == [2, 0, 0, 2, 0, 0, 2]


def test_a_schedule_tries_again_what_failed() -> None:
    calls: list[str] = []

    async def load(key: str) -> str:
        calls.append(key)
        if key == "b" and len(calls) < 4:
            raise OSError
        return key

    warmer, reports = on_schedule(True, load, 10, 15)
    assert calls == ["a", "b", "b", "a"]
    assert [report.stored for report in reports] == [1, 1]
    assert set(warmer.failed) == {"b"}


def test_a_run_longer_than_the_interval_is_followed_at_once_and_an_error_ends_nothing() -> None:
    async def slow(key: str) -> str:
        await asyncio.sleep(15)
        return key

    _, reports = on_schedule(True, slow, 10, 50)
    assert len(reports) == 3

    async def main() -> None:
        asked: list[int] = []

        def keys() -> list[str]:
            asked.append(1)
            if len(asked) == 1:
                raise OSError("no keys")
            return ["a"]

        async with CacheWarmer(MemoryStore()).schedule(10, keys, upper, 60) as schedule:
            await schedule.ran(2)
            assert (schedule.runs, schedule.errors, str(schedule.last_error)) == (1, 1, "no keys")
        with pytest.raises(ValueError, match="interval"):
            CacheWarmer(MemoryStore()).schedule(0, keys, upper, 60)

    run_virtual(main())


async def test_warmed_values_are_under_their_tags_on_redis_too(redis_server: RedisProcess) -> None:
    async with Redis(port=redis_server.port, db=12) as client:
        await client.flushdb()
        for store in (MemoryStore(), RedisStore(client, prefix="warm")):
            warmer = CacheWarmer(store, tags=lambda key: [key[0], "all"])
            report = await warmer.warm(["a1", "a2", "b1"], upper, 60)
            assert report.stored == 3
            assert await store.invalidate_tag("a") == 2
            assert await store.get_many(["a1", "a2", "b1"]) == {"b1": "B1"}
            await store.invalidate_tag("all")
            assert await store.get("b1") is None
        await client.flushdb()


async def test_what_is_invalidated_while_it_is_loaded_is_not_warm() -> None:
    store = MemoryStore()

    async def load(key: str) -> str:
        await store.invalidate_tag("pages")
        return key

    await CacheWarmer(store, tags=lambda _key: ["pages"]).warm(["a"], load, 60)
    assert await store.get("a") is None


def test_tags_need_a_store_that_has_them() -> None:
    class Plain:
        async def set(self, key: str, value: str, ttl_s: int) -> None: ...

    with pytest.raises(TypeError, match="Plain keeps no tags"):
        CacheWarmer(Plain(), tags=lambda _key: ["pages"])


async def test_what_is_held_is_asked_for_together_and_not_counted(redis_server: RedisProcess) -> None:
    async with Redis(port=redis_server.port, db=12) as client:
        await client.flushdb()
        registry = Registry()
        store = RedisStore(client, prefix="warm", monitor=CacheMonitor("warm", registry))
        keys = [f"k{number}" for number in range(600)]
        await store.set_many(dict.fromkeys(keys[:400], "x"), 60, ["all"])
        assert await store.held(keys) == set(keys[:400])
        asked = (await client.info("commandstats"))["cmdstat_mget"]["calls"]
        reports: list[WarmReport] = []
        async with CacheWarmer(store).schedule(60, keys, upper, 60, refresh=False, report=reports.append) as schedule:
            await schedule.ran(1)
        assert [report.stored for report in reports] == [200]
        assert (await client.info("commandstats"))["cmdstat_mget"]["calls"] - asked == 3
        await store.invalidate_tag("all")
        assert await store.held(keys) == set(keys[400:])
        registry.tick(0.0)
        cache = (build_document(registry).cache or {})["warm"]
        assert (cache.hits, cache.misses) == (0, 0)
        await client.flushdb()
