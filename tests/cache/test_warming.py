"""The warmer on a real Redis, and its bookkeeping."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from perftui.cache import CacheWarmer, RedisStore
from perftui.servers import RedisProcess


class Memory:
    def __init__(self) -> None:
        self.kept: dict[str, tuple[Any, int]] = {}

    async def set(self, key: str, value: Any, ttl_s: int) -> None:
        self.kept[key] = value, ttl_s


async def upper(key: str) -> bytes | None:
    return None if key == "gone" else key.upper().encode()


async def test_keys_are_found_in_redis_afterwards(redis_server: RedisProcess) -> None:
    async with Redis(port=redis_server.port, db=11) as redis:
        store = RedisStore(redis, prefix="library")
        report = await CacheWarmer(store).warm(["a", "b", "gone", "a"], upper, 60)
        assert (report.keys, report.stored, report.missing, report.failed) == (3, 2, ("gone",), {})
        assert await store.get("b") == b"B"
        assert 50 <= await redis.ttl("library:a") <= 60
        await redis.flushdb()


async def test_lifetimes_are_spread_and_may_depend_on_the_key() -> None:
    memory = Memory()
    keys = [f"{kind}{number}" for kind in "ab" for number in range(200)]
    await CacheWarmer(memory, jitter=0.2, seed=1).warm(keys, upper, lambda key: 100 if key[0] == "a" else 1000)
    short = [ttl for key, (_, ttl) in memory.kept.items() if key[0] == "a"]
    long = [ttl for key, (_, ttl) in memory.kept.items() if key[0] == "b"]
    assert 80 <= min(short) < 85 < 95 < max(short) <= 100
    assert 800 <= min(long) < max(long) <= 1000


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_at_most_so_many_load_at_a_time_in_the_order_given(concurrency: int) -> None:
    running, most, order = 0, 0, []

    async def load(key: str) -> str:
        nonlocal running, most
        order.append(key)
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return key

    keys = [str(number) for number in range(20)]
    await CacheWarmer(Memory()).warm(keys, load, 5, concurrency)
    assert most == concurrency
    assert order == keys


async def test_a_failure_is_tried_again_and_then_told_without_stopping_the_others() -> None:
    calls: dict[str, int] = {}

    async def load(key: str) -> str:
        calls[key] = calls.get(key, 0) + 1
        if key == "never" or (key == "second" and calls[key] == 1):
            raise OSError("the store is away")
        return key

    heard: list[tuple[int, int]] = []
    memory = Memory()
    report = await CacheWarmer(memory, retries=1).warm(
        ["never", "second", "good"], load, 5, progress=lambda done, of: heard.append((done, of))
    )
    assert set(memory.kept) == {"second", "good"}
    assert report.failed == {"never": "OSError: the store is away"}
    assert (report.retries, calls) == (2, {"never": 2, "second": 2, "good": 1})
    assert heard == [(1, 3), (2, 3), (3, 3)]


async def test_no_keys_are_no_work_and_nonsense_is_refused() -> None:
    assert (await CacheWarmer(Memory()).warm([], upper, 5)).keys == 0
    with pytest.raises(ValueError, match="concurrency"):
        await CacheWarmer(Memory()).warm(["a"], upper, 5, 0)
    with pytest.raises(ValueError, match="jitter"):
        CacheWarmer(Memory(), jitter=1)
