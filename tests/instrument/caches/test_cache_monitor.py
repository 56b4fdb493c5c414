"""What a monitor counts, in this process and over workers, and what it must never do."""

import gc
import os
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from perftui.instrument import CacheMonitor, Registry, build_document
from perftui.instrument.caches.efficiency import efficiency
from perftui.instrument.caches.kinds import MAX_CACHES
from perftui.instrument.endpoints.current import CURRENT, RequestInProgress
from perftui.model.metrics import CacheDocument


def caches(registry: Registry, minutes: int = 5) -> dict[str, CacheDocument]:
    return build_document(registry, sections=("cache",), minutes=minutes).cache or {}


def test_everything_that_is_told_is_counted() -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry)
    for _ in range(3):
        monitor.hit("page:1", 0.002)
    monitor.miss("page:2", 0.004)
    monitor.set(0.001, 2)
    monitor.delete(3)
    monitor.evict(4, "capacity")
    monitor.evict(1, "moon phase")
    monitor.expire(6)
    monitor.error()
    monitor.hold(10, 2000, capacity=50)
    cache = caches(registry)["pages"]
    assert (cache.hits, cache.misses, cache.sets, cache.deletes) == (3, 1, 2, 3)
    assert (cache.evictions, cache.evictions_by_reason) == (5, {"capacity": 4})
    assert (cache.expirations, cache.errors) == (6, 1)
    assert (cache.keys, cache.bytes, cache.capacity) == (10, 2000, 50)
    assert (cache.hit_rate, cache.get.count, cache.set.count) == (0.75, 4, 1)
    assert cache.get.max_s == pytest.approx(0.004)
    assert cache.get.min_s == pytest.approx(0.002)
    assert [(key.key, key.count) for key in cache.top_keys] == [("page:*", 4)]
    assert [(key.key, key.count) for key in cache.missed_keys] == [("page:*", 1)]
    assert registry.faults == {}


def test_unknown_is_null() -> None:
    registry = Registry()
    CacheMonitor("new", registry).set()
    cache = caches(registry)["new"]
    assert (cache.hit_rate, cache.keys, cache.bytes, cache.capacity) == (None, None, None, None)
    assert (cache.efficiency.score, cache.efficiency.inputs["gets"]) == (None, 0)
    assert (cache.value_bytes.count, cache.value_bytes.p50) == (0, None)


def test_efficiency_needs_enough_gets_and_names_its_inputs() -> None:
    assert efficiency(0.9, 19, 1.0) is None
    assert efficiency(None, 100, 1.0) is None
    assert efficiency(0.8, 20, 10.0) == pytest.approx(85)
    assert efficiency(1.0, 20, 500.0) == pytest.approx(50)
    registry = Registry()
    monitor = CacheMonitor("pages", registry)
    for number in range(20):
        (monitor.miss if number % 5 == 0 else monitor.hit)("a:b", 0.01)
    found = caches(registry)["pages"].efficiency
    assert found.inputs == {"hit_rate": 0.8, "gets": 20, "get_ms": pytest.approx(10)}
    assert found.score == pytest.approx(85)


def test_sizes_of_values_are_sampled() -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry)
    for _ in range(160):
        monitor.value(b"x" * 1000)
    monitor.value(object())
    sizes = caches(registry)["pages"].value_bytes
    assert (sizes.count, sizes.sum, sizes.min, sizes.max) == (10, 10_000, 1000, 1000)
    measured = CacheMonitor("objects", registry, size_of=lambda value: len(value))
    measured.value([1, 2, 3])
    assert caches(registry)["objects"].value_bytes.max == 3


def test_monitors_of_one_name_count_together_and_after_they_are_gone() -> None:
    registry = Registry()
    for _ in range(5):
        CacheMonitor("pages", registry).hit("page:1")
    cache = caches(registry)["pages"]
    assert (cache.hits, cache.top_keys[0].count) == (5, 5)


def test_no_count_and_no_key_is_lost_between_threads() -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry, keep_keys=True)

    def work() -> None:
        for number in range(5000):
            monitor.hit(f"page:{number % 3}")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache = caches(registry)["pages"]
    assert (cache.hits, cache.top_keys[0].count) == (20_000, 20_000)
    assert sum(use.count for use in monitor.top_keys(10)) == 20_000


def test_a_clear_begins_windows_and_keys_anew_but_not_the_totals() -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry, keep_keys=True)
    monitor.hit("page:1")
    caches(registry)
    registry.clear("cache")
    assert caches(registry)["pages"].top_keys == ()
    for _ in range(6):  # the workers look for a clear every few seconds
        registry.read()
    monitor.miss("file:1")
    cache = caches(registry)["pages"]
    assert (cache.hits, cache.misses) == (0, 1)
    assert (cache.hits_total, cache.misses_total) == (1, 1)
    assert [key.key for key in cache.top_keys] == ["file:*"]
    assert [use.key for use in monitor.top_keys(9)] == ["file:1"]
    (series,) = registry.read().series("cache")
    assert series.total.counter("hits") == 1


def test_keys_leave_only_where_that_was_asked_for_twice() -> None:
    registry = Registry()
    CacheMonitor("pages", registry).hit("session:SECRET")
    CacheMonitor("warmed", registry, keep_keys=True).hit("session:SECRET")
    CacheMonitor("shown", registry, show_keys=True).hit("session:known")
    registry.tick(0.0)
    document = build_document(registry)
    assert b"SECRET" not in document.to_json()
    assert b"known" not in document.to_json()
    reading = registry.read()
    assert "SECRET" not in repr(reading.side("caches"))
    from perftui.instrument.caches.reading import cache_documents

    shown = cache_documents(reading, reading.since_minute(5), show_keys=True)
    assert [key.key for key in shown["shown"].top_keys] == ["session:known"]
    assert [key.key for key in shown["warmed"].top_keys] == ["session:*"]


def test_raw_keys_for_the_warmer_keep_their_types() -> None:
    monitor = CacheMonitor("pages", Registry(), keep_keys=True)
    for key in ("a:1", b"b", 7, ("f", 1)):
        monitor.miss(key)
    monitor.hit("a:1")
    monitor.hit("x" * 1000)
    monitor.hit(object())
    assert monitor.top_keys(1)[0].key == "a:1"
    assert {use.key for use in monitor.top_keys(100)} == {"a:1", b"b", 7, ("f", 1)}
    assert {use.key for use in monitor.missed_keys(100)} == {"a:1", b"b", 7, ("f", 1)}
    assert CacheMonitor("none", Registry()).top_keys(5) == []


def test_a_request_in_progress_is_told_its_time_in_the_cache() -> None:
    registry, request = Registry(), RequestInProgress("GET")
    monitor = CacheMonitor("pages", registry)
    token = CURRENT.set(request)
    try:
        monitor.hit("a:1")
        monitor.hit("a:1", 0.25)
        monitor.set(0.5)
    finally:
        CURRENT.reset(token)
    monitor.hit("a:1", 1.0)
    assert (request.cache_s, request.gets) == (0.75, 2)


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__

    def __hash__(self) -> int:
        raise RuntimeError("no")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")


class HostileText(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no")

    def __len__(self) -> int:
        raise RuntimeError("no")

    def __hash__(self) -> int:
        raise RuntimeError("no")

    def __getitem__(self, _key: Any) -> str:
        raise RuntimeError("no")


class HostileTuple(tuple[Any, ...]):
    __slots__ = ()

    def __len__(self) -> int:
        raise RuntimeError("no")

    def __hash__(self) -> int:
        raise RuntimeError("no")


@pytest.mark.parametrize("options", [{}, {"keep_keys": True, "show_keys": True}], ids=["default", "kept"])
def test_hostile_keys_raise_nothing(options: Any) -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry, **options)
    keys: list[Any] = [
        Hostile(), HostileText("text"), HostileTuple((1, Hostile())), [1], {}, b"\xff", 10**5000, float("nan"),
        "\ud800", "a\nb:c", "", "\x1b[2J:1", "x" * 10**6, (1,) * 10**5, ((), ((),)), memoryview(b"ab"), True,
    ]  # fmt: skip
    for key in keys:
        monitor.hit(key)
        monitor.miss(key)
    cache = caches(registry)["pages"]
    assert (cache.hits, cache.misses) == (len(keys), len(keys))
    assert sum(key.count for key in cache.top_keys) == 2 * len(keys)
    assert registry.faults == {}


@pytest.mark.parametrize("name", ["", "\ud800", "a" * 10_000, 'odd"\\\nname', Hostile(), None, 7, b"x"])
def test_hostile_names_raise_nothing(name: Any) -> None:
    registry = Registry()
    CacheMonitor(name, registry).hit("a:b")
    ((shown, cache),) = caches(registry).items()
    assert (cache.hits, len(shown) <= 100) == (1, True)
    assert registry.faults == {}


def test_a_failing_template_is_no_template() -> None:
    registry = Registry()
    CacheMonitor("pages", registry, template=lambda key: 1 / 0).hit("a:b")  # type: ignore[arg-type,return-value]
    assert [key.key for key in caches(registry)["pages"].top_keys] == ["*"]


def test_memory_does_not_grow_with_keys_and_names() -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry, keep_keys=True, show_keys=True)

    def load(start: int) -> None:
        for number in range(start, start + 30_000):
            monitor.hit(f"user:{number}:{'x' * (number % 40)}")
            monitor.miss(("user", number))
            if number % 10 == 0:
                CacheMonitor(f"cache {number}", registry).hit(number)

    load(0)
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        load(30_000)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    found = caches(registry)
    assert len(found) <= MAX_CACHES + 1
    assert sum(cache.hits for cache in found.values()) == 66_000
    assert found["(other)"].hits > 5_000
    assert grown < 5_000_000  # to hold them all would take 9 MB more; tables that refill take 2


def test_workers_that_share_a_folder_are_added_up(tmp_path: Path) -> None:
    one, other = Registry("shop", shared=tmp_path / "figures"), Registry("shop", shared=tmp_path / "figures")
    for registry, number in ((one, 30), (other, 12)):
        monitor = CacheMonitor("pages", registry)
        for _ in range(number):
            monitor.hit("page:1", 0.001)
        monitor.miss(f"file:{number}")
        monitor.hold(number)
        CacheMonitor("redis", registry).hold(number, 1000, shared=True)
        registry.tick(1e12)
    for registry in (one, other):
        found = caches(registry)
        assert (found["pages"].hits, found["pages"].misses, found["pages"].keys) == (42, 2, 42)
        assert {key.key: key.count for key in found["pages"].top_keys} == {"page:*": 42, "file:*": 2}
        assert found["pages"].get.count == 42
        assert found["redis"].bytes == 1000
    one.clear("cache")
    assert caches(other)["pages"].top_keys == ()


def test_what_another_worker_publishes_is_not_trusted(tmp_path: Path) -> None:
    one, other = Registry("shop", shared=tmp_path / "figures"), Registry("shop", shared=tmp_path / "figures")
    CacheMonitor("pages", one).hit("a:b")
    other.publish("caches", lambda: [{"name": 1, "since": "never"}])
    other.tick(1e12)
    assert caches(one)["pages"].hits == 1


def test_a_child_counts_for_itself_after_a_fork() -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry, keep_keys=True)
    for _ in range(5):
        monitor.hit("page:1", 0.001)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            monitor.hit("file:2", 0.001)
            monitor.miss("file:2")
            cache = caches(registry)["pages"]
            shown, kept = [key.key for key in cache.top_keys], [use.key for use in monitor.top_keys(5)]
            os.write(writer, repr((cache.hits, cache.misses, shown, kept)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as opened:
        told = opened.read().decode()
    os.waitpid(child, 0)
    assert told == repr((1, 1, ["file:*"], ["file:2"]))
    cache = caches(registry)["pages"]
    assert (cache.hits, cache.top_keys[0].count) == (5, 5)
