"""A count may come while its own thread is at work on the store, or when the interpreter ends: none is lost there.

Each case runs in a process of its own, which is killed where it hangs.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

from perftui.instrument import Registry
from perftui.instrument.store.exclusive import EXCLUSIVE
from perftui.instrument.store.kinds import Kind

KIND = Kind("endpoint", "api", ("route",), True, ("errors", "bytes"), ("active",))
READERS = """
import gc, time
from perftui import Registry, monitored

registry = Registry("shop")

class Reader:
    def __init__(self, name):
        self.function = monitored(name=name, registry=registry)(self.rows)

    def rows(self):
        yield from range(10)

    def begin(self):
        self.iterator = self.function()  # the reader refers to the generator, and its frame to the reader
        next(self.iterator)

def leave(name, later):
    '''Garbage that is collected after so many allocations.'''
    gc.disable()
    gc.collect()
    Reader(name).begin()
    gc.set_threshold(gc.get_count()[0] + later)
    gc.enable()
"""


def run(code: str, *arguments: str) -> str:
    """What a program printed; fails where it takes too long."""
    program = [sys.executable, "-c", dedent(code), *arguments]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Exception ignored" not in done.stderr, done.stderr
    return done.stdout.strip()


def test_a_generator_that_is_collected_while_a_minute_is_closed() -> None:
    code = """
    for later in range(150):
        gc.disable()
        for block in registry.workers.slab.blocks:
            block._end = 0.0  # as if the minute were over
        leave("rows", later)
        registry.endpoints.call("other").record(time.monotonic(), 0.001)
    gc.collect()
    reading = registry.read()
    print(reading.one("call", "rows").total.count, reading.one("call", "other").total.count)
    """
    assert run(READERS + dedent(code)) == "150 150"


def test_a_generator_that_is_collected_while_a_block_is_made() -> None:
    code = """
    for later in range(150):
        leave(f"rows {later}", later)
        registry.endpoints.record("GET", f"/{later}", 200, time.monotonic(), 0.001)
    gc.collect()
    reading = registry.read()
    counted = [series.total.count for series in reading.series("call") + reading.series("endpoint")]
    print(len(counted), set(counted), dict(registry.faults))
    """
    assert run(READERS + dedent(code)) == "300 {1} {}"


def test_a_signal_handler_that_counts() -> None:
    code = """
    import signal, time
    from perftui import CacheMonitor, Registry

    registry = Registry("shop", max_series=3000)
    pages = CacheMonitor("pages", registry, keep_keys=True)
    counted = 0

    def count(*_):
        global counted
        for block in registry.workers.slab.blocks[-3:]:
            block._end = 0.0
        registry.endpoints.record("GET", f"/{counted % 700}", 200, time.monotonic(), 0.001)
        for number in range(600):
            pages.hit(f"page:{number}")
        counted += 1
        signal.setitimer(signal.ITIMER_REAL, 0.0007)

    registry.workers
    signal.signal(signal.SIGALRM, count)
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    end, made = time.monotonic() + 2, 0
    while time.monotonic() < end:
        registry.endpoints.record("POST", f"/{made % 700}", 200, time.monotonic(), 0.001)
        pages.hit(f"page:{made}")
        registry.endpoints.slow.newest()
        made += 1
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    found = {}
    reading = registry.read()
    for series in reading.series("endpoint"):
        found[series.labels[0]] = found.get(series.labels[0], 0) + series.total.count
    hits = reading.one("cache", "pages").total.counter("hits")
    assert found == {"GET": counted, "POST": made}, (found, counted, made)
    assert hits == made + 600 * counted
    assert counted > 20 and not registry.faults, (counted, registry.faults)
    print("all")
    """
    assert run(code) == "all"


@pytest.mark.parametrize("parent", ["", "list(rows())"], ids=["nothing counted", "in a child of one that counted"])
def test_a_generator_that_is_left_when_the_interpreter_ends(parent: str) -> None:
    code = f"""
    import os, sys
    from perftui import Registry, monitored

    registry = Registry("nightly")

    @monitored(registry=registry)
    def rows():
        yield from range(10)

    {parent}
    left = rows()
    next(left)
    child = os.fork() if {bool(parent)} else 0
    if child:
        assert os.waitpid(child, 0)[1] == 0
    else:
        print("done", flush=True)
    """
    assert run(code) == "done"


def test_what_comes_in_the_midst_is_counted_later(tmp_path: Path) -> None:
    registry = Registry("shop", shared=tmp_path / "metrics")

    def in_the_midst() -> bool:
        block = registry.block(KIND, "/a")
        assert registry.block(KIND, "/a") is block
        block.record(1.0, 0.25, 40, 1)
        block.add(0)
        block.adder(1)(2)
        block.set(0, 5)
        block.shift(0, -2)
        return True

    assert EXCLUSIVE.do(in_the_midst)
    late = registry._late[KIND, ("/a",)]
    series = registry.read().one(KIND.name, "/a")
    assert series is not None
    late.record(2.0, 0.25)
    assert (series.total.count, series.total.counters) == (2, {"errors": 1, "bytes": 42})
    assert (series.gauges, registry._late) == ({"active": 3}, {})


def test_a_child_takes_up_nothing_that_waits_in_its_parent(tmp_path: Path) -> None:
    registry = Registry("shop", shared=tmp_path / "metrics")
    EXCLUSIVE.do(lambda: registry.block(KIND, "/a").add(0))
    child = os.fork()
    if child == 0:
        os._exit(registry.read().one(KIND.name, "/a") is not None)
    assert os.waitpid(child, 0)[1] == 0
    series = registry.read().one(KIND.name, "/a")
    assert series is not None
    assert series.total.counter("errors") == 1


def test_the_registry_is_not_opened_twice_by_one_thread() -> None:
    registry = Registry("shop")

    def read() -> Counter[str]:
        with pytest.raises(RuntimeError, match="just opening the registry"):
            registry.read()
        return registry.faults

    assert EXCLUSIVE.do(read) == {}
