"""Memory of real allocations; bounds are far from what is allocated, since the process does other things too."""

import sys
import tracemalloc
from collections.abc import Iterator

import pytest

from perftui import MemoryProfiler, diff, snapshot
from perftui.bench.memory import peak_bytes

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def untraced() -> Iterator[None]:
    assert not tracemalloc.is_tracing()
    yield
    assert not tracemalloc.is_tracing()


def test_resident_memory_grows_and_is_given_back() -> None:
    with MemoryProfiler() as memory:
        kept = bytearray(b"x") * (64 * MIB)
        memory.snapshot("full")
        del kept
    first, full, last = (reading.rss_bytes or 0 for reading in memory.readings)
    assert full - first > 48 * MIB
    assert full - last > 48 * MIB
    assert memory.delta_bytes == last - first
    assert (memory.peak_bytes or 0) >= full
    assert (memory.traced_delta_bytes, memory.traced_peak_bytes, memory.top) == (None, None, [])


def test_a_peak_between_two_readings_is_seen() -> None:
    highest = (peak_bytes() or 0) + 64 * MIB
    with MemoryProfiler() as memory:
        bytearray(b"x") * highest
    assert (memory.peak_bytes or 0) > highest - MIB
    assert (memory.delta_bytes or 0) < 32 * MIB


def test_python_s_own_allocations_are_counted_by_line() -> None:
    with MemoryProfiler(trace=True, top=2) as memory:
        first = [bytes(10_000) for _ in range(100)]
        second = [bytes(10_000) for _ in range(300)]
        for _ in range(500):
            bytes(1_000_000)
    assert len(memory.top) == 2
    assert memory.top[0].bytes > memory.top[1].bytes > 900_000
    assert memory.top[0].count >= 300
    assert all("test_memory_profiler.py:" in one.where for one in memory.top)
    assert 4_000_000 < (memory.traced_delta_bytes or 0) < 5_000_000
    assert 5_000_000 <= (memory.traced_peak_bytes or 0) < 6_500_000
    assert len(first) + len(second) == 400


def test_tracing_that_others_began_goes_on() -> None:
    tracemalloc.start()
    try:
        with MemoryProfiler(trace=True):
            pass
        assert tracemalloc.is_tracing()
        before = snapshot()
        kept = bytes(5 * MIB)
        passed = diff(before)
        assert (passed.traced_bytes or 0) > 4 * MIB
        assert len(kept) == 5 * MIB
    finally:
        tracemalloc.stop()


def test_a_failure_is_profiled_too() -> None:
    memory = MemoryProfiler(trace=True)
    with pytest.raises(KeyError), memory:
        raise KeyError
    assert [reading.label for reading in memory.readings] == ["start", "end"]


def test_snapshots_and_their_difference() -> None:
    one = snapshot()
    sum(range(100_000))
    two = snapshot()
    passed = diff(one, two)
    assert 0 < passed.seconds < 60
    assert passed.cpu_s > 0
    assert passed.traced_bytes is None
    assert diff(one).seconds > passed.seconds
    assert diff(two, one).seconds == -passed.seconds


def test_a_negative_top_is_refused() -> None:
    with pytest.raises(ValueError, match="top must be"):
        MemoryProfiler(top=-1)


def test_what_is_not_traced_does_not_load_tracemalloc() -> None:
    """pytest itself loads it."""
    import subprocess

    code = "import sys; from perftui import MemoryProfiler, snapshot; snapshot(); print('tracemalloc' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
