"""Functions and stores of any kind, sync and async: counted, and otherwise as they were."""

import asyncio
import copy
import inspect
from collections.abc import Awaitable
from importlib import import_module
from typing import Any

import pytest

from perftui.instrument import CacheMonitor, Registry, build_document
from perftui.model.metrics import CacheDocument


def cache_of(registry: Registry) -> CacheDocument:
    assert registry.faults == {}
    return (build_document(registry, sections=("cache",)).cache or {})["pages"]


def new() -> tuple[Registry, CacheMonitor]:
    registry = Registry()
    return registry, CacheMonitor("pages", registry)


def test_a_decorated_function_keeps_its_name_signature_and_results() -> None:
    registry, monitor = new()
    stored = {"page:1": "one"}

    @monitor.measured
    def read(key: str, default: str | None = None) -> str | None:
        """Reads."""
        return stored.get(key, default)

    @monitor.measured(operation="set")
    def write(key: str, value: str) -> None:
        stored[key] = value

    @monitor.measured(operation="delete")
    def remove(key: str) -> bool:
        return stored.pop(key, None) is not None

    assert (read.__name__, read.__doc__) == ("read", "Reads.")
    assert list(inspect.signature(read).parameters) == ["key", "default"]
    assert [read("page:1"), read("page:2"), read(key="page:3")] == ["one", None, None]
    write("page:2", "two")
    assert [remove("page:2"), remove("page:2")] == [True, False]
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets, found.deletes) == (1, 2, 1, 1)
    assert (found.get.count, found.set.count) == (3, 1)
    assert [(key.key, key.count) for key in found.top_keys] == [("page:*", 3)]


async def test_coroutines_are_awaited_in_the_time() -> None:
    registry, monitor = new()
    begun, ends = asyncio.Event(), asyncio.Event()

    @monitor.measured
    async def read(key: str) -> str:
        begun.set()
        await ends.wait()
        return key

    assert inspect.iscoroutinefunction(read)
    waiting = asyncio.create_task(read("page:1"))
    await begun.wait()
    monitor.set()
    assert cache_of(registry).hits == 0
    ends.set()
    assert await waiting == "page:1"
    assert (cache_of(registry).hits, cache_of(registry).get.count) == (1, 1)


async def test_functions_that_give_awaitables_and_futures() -> None:
    registry, monitor = new()

    async def later(key: str) -> str:
        return key

    def begins(key: str) -> Awaitable[str]:
        return later(key)

    def promises(key: str) -> "asyncio.Future[str]":
        return asyncio.ensure_future(later(key))

    assert await monitor.wrap_function(begins)("a:1") == "a:1"
    promised = monitor.wrap_function(promises)("a:2")
    assert isinstance(promised, asyncio.Future)
    assert await promised == "a:2"
    await asyncio.sleep(0)
    assert cache_of(registry).hits == 2


def test_methods_keys_and_what_is_found_can_be_named() -> None:
    registry, monitor = new()

    class Store:
        @monitor.measured(found=lambda result: result != "")
        def read(self, key: str) -> str:
            return "" if key == "page:0" else key

        @monitor.measured(key=lambda self, group, number: f"{group}:{number}")
        def pick(self, group: str, number: int) -> int:
            return number

    store = Store()
    store.read("page:0")
    store.read("page:1")
    store.pick("group", 5)
    found = cache_of(registry)
    assert (found.hits, found.misses) == (2, 1)
    assert {key.key: key.count for key in found.top_keys} == {"page:*": 2, "group:*": 1}


def test_a_mistake_in_the_decorator_is_told_at_once() -> None:
    _, monitor = new()
    with pytest.raises(ValueError, match="operation must be"):
        monitor.measured(operation="look")(len)  # type: ignore[call-overload]


def test_errors_of_the_function_stay_and_ours_do_not_show() -> None:
    registry, monitor = new()

    @monitor.measured
    def breaks(key: str) -> str:
        raise LookupError(key)

    @monitor.measured(key=lambda _key: 1 / 0)
    def works(key: str) -> str:
        return key

    with pytest.raises(LookupError, match="page:1"):
        breaks("page:1")
    assert cache_of(registry).errors == 1
    assert works("page:1") == "page:1"
    assert registry.faults == {"cache ZeroDivisionError": 1}


async def test_errors_of_coroutines_and_cancelling_stay() -> None:
    registry, monitor = new()

    @monitor.measured
    async def breaks(key: str) -> str:
        raise LookupError(key)

    @monitor.measured
    async def waits(_key: str) -> None:
        await asyncio.Event().wait()

    with pytest.raises(LookupError):
        await breaks("page:1")
    waiting = asyncio.create_task(waits("page:1"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert cache_of(registry).errors == 1


class Memcached:
    """As pymemcache and Django's caches are: many keys give a dict of those that were found."""

    timeout = 3

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    def get_many(self, keys: list[str]) -> dict[str, Any]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def set(self, key: str, value: Any, expire: int = 0) -> bool:
        self.kept[key] = value
        return True

    def add(self, key: str, value: Any) -> bool:
        return key not in self.kept and self.set(key, value)

    def set_many(self, values: dict[str, Any]) -> list[str]:
        self.kept.update(values)
        return []

    def delete(self, key: str) -> bool:
        return self.kept.pop(key, None) is not None

    def delete_many(self, keys: list[str]) -> None:
        for key in keys:
            self.kept.pop(key, None)

    def __contains__(self, key: str) -> bool:
        return key in self.kept


def test_any_store_with_get_set_and_delete() -> None:
    registry, monitor = new()
    plain = Memcached()
    store = monitor.wrap(plain)
    assert isinstance(store, Memcached)
    assert store.set("a:1", "x", expire=5) is True
    assert store.add("a:1", "y") is False
    assert [store.get("a:1"), store.get("a:2"), store.get("a:2", default=7)] == ["x", None, 7]
    assert store.set_many({"a:2": "y", "a:3": "z"}) == []
    assert store.get_many(["a:2", "a:9"]) == {"a:2": "y"}
    assert [store.delete("a:1"), store.delete("a:1")] == [True, False]
    store.delete_many(["a:2", "a:3"])
    store.timeout = 9
    assert (plain.timeout, "a:1" in store, list(inspect.signature(store.get).parameters)) == (
        9,
        False,
        ["key", "default"],
    )
    with pytest.raises(AttributeError, match="'Memcached' object has no attribute 'nothing'"):
        store.nothing  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        store.get()  # type: ignore[call-arg]
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets, found.deletes) == (2, 3, 3, 3)
    assert found.errors == 1


class AsyncStore:
    """As aiocache's are: many keys give a list, with `None` for those that were not found."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    async def multi_get(self, keys: list[str]) -> list[Any]:
        return [self.kept.get(key) for key in keys]

    async def set(self, key: str, value: Any, ttl: int | None = None) -> bool:
        self.kept[key] = value
        return True

    async def delete(self, key: str) -> int:
        return 1 if self.kept.pop(key, None) else 0

    async def __aenter__(self) -> "AsyncStore":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kept.clear()


async def test_any_async_store() -> None:
    registry, monitor = new()
    async with monitor.wrap(AsyncStore()) as entered:
        assert type(entered) is AsyncStore
    store = monitor.wrap(AsyncStore())
    assert await store.set("a:1", "x", ttl=3) is True
    assert [await store.get("a:1"), await store.get("a:2")] == ["x", None]
    assert await store.multi_get(["a:1", "a:2"]) == ["x", None]
    assert await store.delete("a:1") == 1
    assert await store.delete("a:1") == 0
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets, found.deletes, found.get.count) == (2, 2, 1, 1, 3)


def test_a_mapping() -> None:
    registry, monitor = new()
    plain: dict[str, int] = {}
    store = monitor.wrap(plain)
    store["a:1"] = 1
    assert (store["a:1"], len(store), list(store), store == {"a:1": 1}, "a:1" in store) == (1, 1, ["a:1"], True, True)
    with pytest.raises(KeyError, match="a:2"):
        store["a:2"]
    assert store.pop("a:1") == 1
    assert store.pop("a:1", 5) == 5
    store["a:3"] = 3
    del store["a:3"]
    assert (repr(store), bool(store), plain) == ("{}", False, {})
    with pytest.raises(TypeError, match="unhashable"):
        hash(store)
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets, found.deletes, found.errors) == (2, 2, 2, 2, 0)


def test_a_copy_of_a_wrapped_store_is_a_plain_one() -> None:
    _, monitor = new()
    store = monitor.wrap(Memcached())
    store.set("a:1", "x")
    assert type(copy.deepcopy(store)) is Memcached
    assert copy.deepcopy(store).get("a:1") == "x"


def test_a_cache_of_django() -> None:
    LocMemCache: Any = import_module("django.core.cache.backends.locmem").LocMemCache  # noqa: N806
    registry, monitor = new()
    cache = monitor.wrap(LocMemCache("wrapped", {}))
    assert isinstance(cache, LocMemCache)
    cache.set("a:1", "x", timeout=60)
    assert [cache.get("a:1"), cache.get("a:2"), cache.get("a:2", "none")] == ["x", None, "none"]
    assert cache.set_many({"a:3": 3, "a:4": 4}) == []
    assert cache.get_many(["a:3", "a:9"]) == {"a:3": 3}
    assert cache.delete("a:3") is True
    cache.delete_many(["a:1", "a:4"])
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets, found.deletes) == (2, 3, 3, 3)
