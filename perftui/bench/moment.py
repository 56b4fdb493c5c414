"""Time and memory at one moment, and what lies between two."""

import gc
import time
from typing import NamedTuple

from perftui.instrument.document.process import resident_bytes


class Moment(NamedTuple):
    """What `snapshot` read."""

    at_ns: int
    """Of a clock that only goes forward, from any origin."""
    cpu_ns: int
    """Processor time of the whole process."""
    rss_bytes: int | None
    traced_bytes: int | None
    """What Python holds of what it allocated since tracemalloc was started; `None` unless it was."""
    collections: int
    """Garbage collections so far."""


class Passed(NamedTuple):
    """What lies between two moments."""

    seconds: float
    cpu_s: float
    rss_bytes: int | None
    """Memory that was added, or given back where it is below 0."""
    traced_bytes: int | None
    collections: int


def snapshot() -> Moment:
    """Read the clock, the processor time and the memory of this process now; takes about 20 µs.

    >>> from perftui import diff, snapshot
    >>> before = snapshot()
    >>> kept = bytearray(50_000_000)
    >>> passed = diff(before)
    >>> passed.seconds > 0, passed.rss_bytes is None or passed.rss_bytes > 40_000_000
    (True, True)
    """
    import sys

    traced = None
    if "tracemalloc" in sys.modules:
        import tracemalloc

        traced = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else None
    collections = sum(int(generation["collections"]) for generation in gc.get_stats())
    rss = resident_bytes()
    return Moment(time.perf_counter_ns(), time.process_time_ns(), rss, traced, collections)


def diff(before: Moment, after: Moment | None = None) -> Passed:
    """What passed between two snapshots; without the second, until now.

    >>> from perftui import diff, snapshot
    >>> one, two = snapshot(), snapshot()
    >>> diff(one, two).seconds > 0
    True
    """
    now = after or snapshot()
    return Passed(
        seconds=(now.at_ns - before.at_ns) / 1e9,
        cpu_s=(now.cpu_ns - before.cpu_ns) / 1e9,
        rss_bytes=_less(now.rss_bytes, before.rss_bytes),
        traced_bytes=_less(now.traced_bytes, before.traced_bytes),
        collections=now.collections - before.collections,
    )


def _less(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before
