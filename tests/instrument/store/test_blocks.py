"""Blocks lose no count between threads, and their windows, clears and totals come from one record."""

import sys
import threading
import time
from collections.abc import Iterator

import pytest

from perftui.instrument.registry import Registry
from perftui.instrument.store.block import Block
from perftui.instrument.store.bounds import OVERFLOW
from perftui.instrument.store.kinds import Kind
from perftui.instrument.store.reading import SeriesReading
from perftui.instrument.store.table import BlockTable

KIND = Kind("endpoint", "api", ("method", "route"), True, ("errors", "bytes"), ("active",))
COUNTED = Kind("cache", "cache", ("name",), counters=("hits", "misses"))
MINUTE = 60.0


@pytest.fixture
def registry() -> Registry:
    return Registry("shop")


@pytest.fixture
def often_switched() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def series_of(registry: Registry, *labels: str) -> SeriesReading:
    found = registry.read().one(KIND.name, *labels)
    assert found is not None
    return found


@pytest.mark.usefixtures("often_switched")
def test_no_count_is_lost_between_threads(registry: Registry) -> None:
    block = registry.block(KIND, "GET", "/a")
    begun = time.monotonic()

    def count() -> None:
        for number in range(5_000):
            block.record(begun + number % 3 * MINUTE, 0.001 * (number % 7), 4, 1)
            block.add(0)
            block.add(1, 6)
            block.shift(0, 1)
            block.shift(0, -1)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    series = series_of(registry, "GET", "/a")
    assert series.total.count == 40_000
    assert series.total.counters == {"errors": 40_000, "bytes": 400_000}
    assert series.total.sum_us == pytest.approx(8 * sum(number % 7 for number in range(5_000)) * 1000)
    assert series.gauges == {"active": 0}
    assert series.window(int(begun // MINUTE) - 1).count == 40_000


def test_a_window_holds_its_minutes_only(registry: Registry) -> None:
    block, begun = registry.block(KIND, "GET", "/a"), time.monotonic()
    for minute, seconds in enumerate((0.010, 0.020, 0.030)):
        block.record(begun + minute * MINUTE, seconds)
        block.add(1, 100 * (minute + 1))
    first, series = int(begun // MINUTE), series_of(registry, "GET", "/a")
    assert [series.window(first + minute).count for minute in range(4)] == [3, 2, 1, 0]
    last_two = series.window(first + 1)
    assert (last_two.min_us, last_two.max_us, last_two.counter("bytes")) == (20_000, 30_000, 500)
    assert last_two.sum_us == pytest.approx(50_000)
    assert series.last_at == begun + 2 * MINUTE


def test_a_minute_without_counts_leaves_none(registry: Registry) -> None:
    block, begun = registry.block(KIND, "GET", "/a"), time.monotonic()
    block.record(begun, 0.01)
    block.record(begun + 90 * MINUTE, 0.01)
    assert series_of(registry, "GET", "/a").window(int(begun // MINUTE) + 1).count == 1


def test_counters_alone_are_windowed_by_the_turn_of_the_minute(registry: Registry) -> None:
    block, begun = registry.block(COUNTED, "products"), time.monotonic()
    hit = block.adder(0)
    hit(3)
    registry.workers.slab.turn(begun + MINUTE)
    hit(4)
    series = registry.read().one("cache", "products")
    assert series is not None
    assert series.total.counters == {"hits": 7, "misses": 0}
    assert series.window(int(begun // MINUTE) + 1).counter("hits") == 4


def test_a_clear_begins_the_windows_and_leaves_the_totals(registry: Registry) -> None:
    block, other = registry.block(KIND, "GET", "/a"), registry.block(COUNTED, "products")
    since = int(time.monotonic() // MINUTE) - 5
    for seconds in (0.001, 5.0):
        block.record(time.monotonic(), seconds)
    block.add(0)
    other.add(0)
    registry.clear_sections(("api",))
    assert not series_of(registry, "GET", "/a").window(since)
    block.record(time.monotonic(), 0.1)
    late = registry.block(KIND, "GET", "/late")
    late.record(time.monotonic(), 0.2)
    series = series_of(registry, "GET", "/a")
    window = series.window(since)
    assert (window.count, window.counter("errors"), series.total.count) == (1, 0, 3)
    assert window.sum_us == pytest.approx(100_000)
    assert window.min_us <= 100_000 <= window.max_us
    assert window.max_us - window.min_us <= 100_000 * 0.07
    assert series_of(registry, "GET", "/late").window(since).count == 1
    products = registry.read().one("cache", "products")
    assert products is not None
    assert products.window(since).counter("hits") == 1
    assert registry.read().covered_s("api", since) < 30


def test_durations_of_any_size_are_counted(registry: Registry) -> None:
    block = registry.block(KIND, "GET", "/a")
    for seconds in (-1.0, 0.0, 1e-9, 1e-6, 59.9, 61.0, 1e9):
        block.record(time.monotonic(), seconds)
    assert series_of(registry, "GET", "/a").total.count == 7


def test_the_ring_of_history_forgets_the_oldest(registry: Registry) -> None:
    begun = time.monotonic()
    blocks = [registry.block(KIND, "GET", f"/{number}") for number in range(60)]
    for minute in range(60):
        for block in blocks:
            _fill(block, begun + minute * MINUTE)
    reading = registry.read()
    newest = int(begun // MINUTE) + 59
    assert all(series.window(newest - 5).count == 6 * 300 for series in reading.series(KIND.name))
    assert all(series.total.count == 60 * 300 for series in reading.series(KIND.name))
    oldest = reading.sources[0].history_since
    assert int(begun // MINUTE) < oldest < newest - 5
    assert all(series.window(oldest).count == (newest - oldest + 1) * 300 for series in reading.series(KIND.name))
    assert reading.covered_s("api", newest - 59) == pytest.approx(max(reading.now - oldest * MINUTE, 1e-9))


def _fill(block: Block, now: float) -> None:
    """Durations of 300 different buckets, so that a record is long."""
    for number in range(300):
        block.record(now, 1e-6 * 1.04**number)


def test_the_same_labels_are_the_same_block(registry: Registry) -> None:
    assert registry.block(KIND, "GET", "/a") is registry.block(KIND, "GET", "/a")
    assert registry.block(KIND, "GET", "/a") is not registry.block(KIND, "GET", "/b")


def test_beyond_the_bound_all_share_one(registry: Registry) -> None:
    table = BlockTable(registry, KIND, 3)
    for number in range(10):
        table.get("GET", f"/{number}").record(time.monotonic(), 0.1)
    found = {series.labels: series.total.count for series in registry.read().series(KIND.name)}
    assert found == {("GET", "/0"): 1, ("GET", "/1"): 1, ("GET", "/2"): 1, (OVERFLOW, OVERFLOW): 7}


@pytest.mark.parametrize("label", ["", "\ud800", "a" * 10_000, '"\n\\\x00', "(other)", "日本"])
def test_any_label_can_be_told(registry: Registry, label: str) -> None:
    BlockTable(registry, KIND, 10).get("GET", label).record(time.monotonic(), 0.1)
    (series,) = registry.read().series(KIND.name)
    assert series.total.count == 1
    assert len(series.labels[1]) <= 400


def test_a_full_slab_still_counts(registry: Registry) -> None:
    wide = Kind("wide", "api", ("name",), counters=tuple(f"c{number}" for number in range(2_000)))
    blocks = [registry.block(wide, str(number)) for number in range(1_060)]
    for block in blocks:
        block.add(1_999)
    series = registry.read().series("wide")
    assert len(series) == 1_060
    assert all(one.total.counter("c1999") == 1 for one in series)
