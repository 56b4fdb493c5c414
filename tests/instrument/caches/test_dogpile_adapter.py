"""Real dogpile.cache regions, in memory and on a real Redis."""

from typing import Any

import pytest
from dogpile.cache import make_region
from dogpile.cache.api import NO_VALUE

from perftui.instrument import CacheMonitor, Registry, build_document
from perftui.model.metrics import CacheDocument
from perftui.servers import RedisProcess

BACKENDS = ["memory", "redis"]


def cache_of(registry: Registry) -> CacheDocument:
    assert registry.faults == {}
    return (build_document(registry, sections=("cache",)).cache or {})["pages"]


def region_of(kind: str, redis_server: RedisProcess, registry: Registry) -> Any:
    wrap = [CacheMonitor("pages", registry).dogpile()]
    if kind == "memory":
        return make_region().configure("dogpile.cache.memory", expiration_time=60, wrap=wrap)
    arguments = {"url": redis_server.uri, "distributed_lock": False, "thread_local_lock": False}
    return make_region().configure("dogpile.cache.redis", expiration_time=60, arguments=arguments, wrap=wrap)


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_region_is_counted(kind: str, redis_server: RedisProcess) -> None:
    registry = Registry()
    region = region_of(kind, redis_server, registry)
    region.set("dogpile:1", "a")
    assert region.get("dogpile:1") == "a"
    assert region.get("dogpile:none") is NO_VALUE
    assert region.get("dogpile:none") is NO_VALUE
    region.set_multi({"dogpile:2": "b", "dogpile:3": "c"})
    assert region.get_multi(["dogpile:2", "dogpile:none"]) == ["b", NO_VALUE]
    region.delete("dogpile:1")
    region.delete_multi(["dogpile:2", "dogpile:3"])
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets, found.deletes) == (2, 3, 3, 3)
    assert (found.get.count, found.set.count) == (4, 2)
    assert [(key.key, key.count) for key in found.top_keys] == [("dogpile:*", 5)]


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_value_that_is_created_was_missed_once(kind: str, redis_server: RedisProcess) -> None:
    registry = Registry()
    region = region_of(kind, redis_server, registry)
    key = f"created:{kind}"
    for _ in range(3):
        assert region.get_or_create(key, lambda: "made") == "made"
    assert region.get(f"{key}:none") is NO_VALUE
    region.delete(key)
    for _ in range(2):
        assert region.get(key) is NO_VALUE
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets) == (2, 4, 1)


def test_the_decorator_and_many_values_created_at_once(redis_server: RedisProcess) -> None:
    registry = Registry()
    region = region_of("memory", redis_server, registry)

    def plain(number: int) -> str:
        return f"page {number}"

    page = region.cache_on_arguments()(plain)
    assert [page(1), page(1), page(2)] == ["page 1", "page 1", "page 2"]
    assert page.__name__ == "plain"
    assert region.get_or_create_multi(["a", "b"], lambda *keys: [key.upper() for key in keys]) == ["A", "B"]
    assert region.get_or_create_multi(["a", "b"], lambda *keys: []) == ["A", "B"]
    found = cache_of(registry)
    assert (found.hits, found.misses, found.sets) == (3, 4, 4)


def test_a_region_that_is_configured_already_is_wrapped() -> None:
    registry = Registry()
    region = make_region().configure("dogpile.cache.memory")
    assert CacheMonitor("pages", registry).wrap(region) is region
    region.get("a:1")
    assert cache_of(registry).misses == 1


def test_errors_are_counted_and_stay_what_they_are() -> None:
    registry = Registry()

    class Broken(dict[str, Any]):
        def get(self, *_arguments: Any) -> Any:
            raise LookupError("the store is gone")

    region = make_region().configure("dogpile.cache.memory", arguments={"cache_dict": Broken()})
    CacheMonitor("pages", registry).wrap(region)
    with pytest.raises(LookupError, match="gone"):
        region.get("a:1")
    assert cache_of(registry).errors == 1
