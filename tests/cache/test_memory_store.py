"""What a store in memory throws out, and when."""

from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from perftui import AsyncReadThrough, CacheMonitor, Invalidator, MemoryStore, Registry
from perftui.cache.entry import Entry
from perftui.cache.stores.memory_sizes import approximate_size
from perftui.instrument import build_document


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_the_least_recently_used_goes_first() -> None:
    registry = Registry()
    store = MemoryStore(3, monitor=CacheMonitor("m", registry))
    direct = store.direct
    direct.set_many({"a": 1, "b": 2, "c": 3})
    assert store.peek("a") is not None
    direct.get("b")
    direct.set("d", 4)
    assert direct.get_many("abcd") == {"a": 1, "b": 2, "d": 4}
    (cache,) = (build_document(registry).cache or {}).values()
    assert (cache.evictions, cache.evictions_by_reason, cache.keys, cache.capacity) == (1, {"capacity": 1}, 3, 3)


def test_the_least_often_used_goes_first_and_old_fame_fades() -> None:
    store = MemoryStore(3, policy="lfu").direct
    store.set_many({"famous": 1, "some": 2, "none": 3})
    for _ in range(8):
        store.get("famous")
    store.get("some")
    store.set("new", 4)
    assert store.get_many(["famous", "some", "none", "new"]) == {"famous": 1, "some": 2, "new": 4}
    for number in range(8):
        store.set(f"next{number}", 0)
        for _ in range(4):
            store.get(f"next{number}")
    assert store.get("famous") is None


def test_the_least_often_used_go_many_at_once_so_that_few_writes_have_to_look_for_them() -> None:
    registry = Registry()
    store = MemoryStore(6_400, policy="lfu", monitor=CacheMonitor("m", registry))
    direct = store.direct
    direct.set_many({f"k{number}": number for number in range(6_400)})
    for _ in range(64):
        direct.get("k5000")
    direct.set("one more", 1)
    assert direct.sizes().keys == 6_301
    for number in range(99):
        direct.set(f"n{number}", number)
    assert (direct.sizes().keys, store._entries["k5000"].uses) == (6_400, 32)
    for number in range(300):
        direct.set(f"m{number}", number)
    assert store._entries["k5000"].uses == 4
    (cache,) = (build_document(registry).cache or {}).values()
    assert cache.evictions == 400
    assert direct.get_many(["k0", "one more", "n98"]) == {"one more": 1, "n98": 98}


@pytest.mark.parametrize("policy", ["lru", "lfu"])
def test_bytes_are_a_limit_too(policy: str) -> None:
    registry = Registry()
    store = MemoryStore(100, 1000, policy, monitor=CacheMonitor("m", registry), size_of=len).direct  # type: ignore[arg-type]
    for number in range(20):
        store.set(f"k{number:02}", b"x" * 97)
    assert store.sizes().keys == 10
    assert store.sizes().bytes == 1000
    store.set("large", b"x" * 5000)
    assert store.sizes().keys == 0
    (cache,) = (build_document(registry).cache or {}).values()
    assert cache.evictions_by_reason == {"memory": 21}


def test_what_is_over_is_not_found_and_goes_when_others_come() -> None:
    registry, clock = Registry(), Clock()
    store = MemoryStore(monitor=CacheMonitor("m", registry), clock=clock)
    store.direct.set_many({"a": 1, "b": 2}, 10)
    store.direct.set("c", 3, 100)
    clock.now += 11
    assert store.peek("a") is None
    assert store.direct.get_many("abc") == {"c": 3}
    assert store.direct.delete("b") is False
    store.direct.set("d", 4)
    (cache,) = (build_document(registry).cache or {}).values()
    assert (cache.expirations, cache.keys) == (1, 2)


def test_sizes_of_nested_and_circular_values_end() -> None:
    circle: list[object] = [b"x" * 1000]
    circle.append(circle)
    assert 1_000 < approximate_size({"a": [b"x" * 1000]}) < 2_000
    assert approximate_size(circle) < 20_000


def test_nonsense_is_refused() -> None:
    for wrong in ({"max_keys": 0}, {"max_bytes": 0}, {"policy": "fifo"}):
        with pytest.raises(ValueError, match="policy"):
            MemoryStore(**wrong)


async def test_reading_through_counts_as_use_for_a_limit() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    pages = AsyncReadThrough(store, 600)

    async def load() -> int:
        return 1

    for key in "abc":
        await pages.get(key, load)
    clock.now += 5
    await pages.get("a", load)
    assert (await Invalidator(store).limit(1)).keys == 2
    assert await store.get_many("abc") == {"a": 1}


class ReadMeanwhile(OrderedDict[str, Entry]):
    """Another thread reads the oldest entry just when the oldest are looked at."""

    reads = 2

    def items(self) -> Any:
        return self._disturbed(iter(super().items()))

    def _disturbed(self, items: Iterator[tuple[str, Entry]]) -> Iterator[tuple[str, Entry]]:
        if self.reads and len(self) > 1:
            self.reads -= 1
            self.move_to_end(next(iter(self)))
        yield from items


@pytest.mark.parametrize("what", ["set", "evict", "scan"])
def test_a_read_meanwhile_lets_no_write_and_no_look_fail(what: str) -> None:
    store = MemoryStore(3 if what == "evict" else 10)
    for key in "abc":
        store.direct.set(key, key)
    store._entries = entries = ReadMeanwhile(store._entries)
    if what == "scan":
        assert sorted(key for page in store.direct.scan() for key in page) == ["a", "b", "c"]
    else:
        store.direct.set("d", "d")
        assert store.direct.get_many("d") == {"d": "d"}
    assert entries.reads == 0
    assert len(store._entries) == (4 if what == "set" else 3)


def test_many_threads_do_not_break_it() -> None:
    store = MemoryStore(50)
    direct = store.direct

    def work(seed: int) -> int:
        for number in range(2_000):
            key = f"k{(number * seed) % 80}"
            if number % 3 == 0:
                direct.set(key, number, 60, [f"t{number % 5}"])
            elif number % 50 == 1:
                Invalidator(store).direct.tags(f"t{number % 5}")
            else:
                store.peek(key)
        return seed

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(1, 9))) == list(range(1, 9))
    keys = [key for page in direct.scan() for key in page]
    assert len(keys) <= 50
    Invalidator(store).direct.tags(*(f"t{number}" for number in range(5)))
    assert direct.get_many(keys) == {}
