"""Real cachetools caches: evictions, expiry, decorators, copies and pickles."""

import copy
import gc
import pickle
import threading
from typing import Any

import cachetools
import pytest
from cachetools import Cache, FIFOCache, LFUCache, LRUCache, RRCache, TLRUCache, TTLCache, cached, cachedmethod

from perftui.instrument import CacheMonitor, Registry, build_document
from perftui.model.metrics import CacheDocument


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def cache_of(registry: Registry) -> CacheDocument:
    assert registry.faults == {}
    return (build_document(registry, sections=("cache",)).cache or {})["pages"]


def every_kind() -> list[Any]:
    clock = Clock()
    return [
        Cache(3),
        FIFOCache(3),
        LFUCache(3),
        LRUCache(3),
        RRCache(3),
        TTLCache(3, ttl=60, timer=clock),
        TLRUCache(3, ttu=lambda _key, _value, now: now + 60, timer=clock),
    ]


@pytest.mark.parametrize("plain", every_kind(), ids=lambda cache: type(cache).__name__)
def test_every_kind_is_counted_and_stays_what_it_is(plain: Any) -> None:
    registry, kind = Registry(), type(plain)
    cache = CacheMonitor("pages", registry).wrap(plain)
    assert cache is plain
    assert isinstance(cache, kind)
    assert type(cache).__name__ == kind.__name__
    for number in range(5):
        cache[f"page:{number}"] = number
    kept = list(cache)
    assert cache[kept[0]] == cache.get(kept[0])
    with pytest.raises(KeyError, match="none"):
        cache["page:none"]
    assert cache.get("page:none", 7) == 7
    assert cache.pop(kept[0]) is not None
    del cache[kept[1]]
    assert len(cache) == 1
    found = cache_of(registry)
    assert (found.sets, found.evictions, found.evictions_by_reason) == (5, 2, {"capacity": 2})
    assert (found.hits, found.misses, found.deletes) == (3, 2, 2)
    assert (found.keys, found.capacity) == (1, 3)
    cache.clear()
    assert (cache_of(registry).deletes, len(cache)) == (3, 0)
    cache["page:1"] = 1
    assert cache.popitem() == ("page:1", 1)
    found = cache_of(registry)
    assert (found.deletes, found.evictions, found.hits) == (4, 2, 3)


def test_expired_items_are_counted_apart() -> None:
    registry, clock = Registry(), Clock()
    cache = CacheMonitor("pages", registry).wrap(TTLCache[str, int](10, ttl=5, timer=clock))
    cache["a:1"], cache["a:2"] = 1, 2
    clock.now = 10.0
    assert "a:1" not in cache
    with pytest.raises(KeyError):
        cache["a:1"]
    cache["a:3"] = 3
    found = cache_of(registry)
    assert (found.expirations, found.evictions, found.deletes, found.misses) == (2, 0, 0, 1)


def test_looking_at_its_size_from_our_thread_changes_nothing() -> None:
    registry, clock = Registry(), Clock()
    cache = CacheMonitor("pages", registry).wrap(TTLCache[str, int](10, ttl=5, timer=clock))
    cache["a:1"] = 1
    clock.now = 10.0
    assert cache_of(registry).keys == 1
    assert cache_of(registry).expirations == 0
    assert len(cache) == 0
    assert (cache_of(registry).keys, cache_of(registry).expirations) == (0, 1)


@pytest.mark.parametrize("lock", [None, threading.Lock()], ids=["bare", "locked"])
def test_the_decorator_is_counted(lock: Any) -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry, keep_keys=True)
    calls = []

    @cached(monitor.wrap(LRUCache[Any, str](2)), lock=lock)
    def page(number: int) -> str:
        calls.append(number)
        return f"page {number}"

    stored: Any = page.cache
    assert [page(number) for number in (1, 1, 2, 3, 1)] == ["page 1", "page 1", "page 2", "page 3", "page 1"]
    assert calls == [1, 2, 3, 1]
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets, found.evictions) == (1, 4, 4, 2)
    assert stored[monitor.top_keys(1)[0].key] == "page 1"


def test_the_method_s_decorator_is_counted() -> None:
    registry = Registry()

    class Pages:
        def __init__(self) -> None:
            self.cache = CacheMonitor("pages", registry).wrap(LRUCache[Any, str](2))

        @cachedmethod(lambda self: self.cache)
        def page(self, number: int) -> str:
            return f"page {number}"

    pages = Pages()
    assert [pages.page(1), pages.page(1)] == ["page 1", "page 1"]
    assert (cache_of(registry).hits, cache_of(registry).misses) == (1, 1)


def test_a_cache_that_makes_missing_values() -> None:
    class Squares(LRUCache[int, int]):
        def __missing__(self, key: int) -> int:
            self[key] = value = key * key
            return value

    registry = Registry()
    cache = CacheMonitor("pages", registry).wrap(Squares(10))
    assert [cache[3], cache[3]] == [9, 9]
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets) == (1, 1, 1)


@pytest.mark.parametrize("plain", every_kind()[1:6], ids=lambda cache: type(cache).__name__)
def test_copies_count_and_pickles_are_those_of_the_plain_cache(plain: Any) -> None:
    kind, registry = type(plain), Registry()
    if kind is TTLCache:
        plain = TTLCache(3, ttl=60)
    cache = CacheMonitor("pages", registry).wrap(plain)
    cache["a:1"] = 1
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(cache, protocol))
        assert type(again) is kind
        assert dict(again) == {"a:1": 1}
    assert type(copy.deepcopy(cache)) is kind
    twin = copy.copy(cache)
    hits = cache_of(registry).hits
    assert twin["a:1"] == 1
    assert cache_of(registry).hits == hits + 1


def test_what_does_not_fit_is_refused_as_before() -> None:
    registry = Registry()
    cache = CacheMonitor("pages", registry).wrap(LRUCache[str, str](10, getsizeof=len))
    with pytest.raises(ValueError, match="too large"):
        cache["a:1"] = "x" * 11
    cache["a:1"] = "x" * 10
    cache["a:2"] = "x" * 5
    found = cache_of(registry)
    assert (found.sets, found.evictions, list(cache)) == (2, 1, ["a:2"])
    assert cachetools.LRUCache is not type(cache)


def test_the_sizes_of_several_caches_are_added_up_while_they_live() -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry)
    first, second = (monitor.wrap(LRUCache[str, int](10)) for _ in range(2))
    first["a:1"] = second["a:1"] = second["a:2"] = 1
    assert (cache_of(registry).keys, cache_of(registry).capacity) == (3, 20)
    del second
    gc.collect()
    assert (cache_of(registry).keys, cache_of(registry).capacity) == (1, 10)
