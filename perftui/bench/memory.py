"""How much memory code takes: resident memory by default, Python's own allocations on request."""

import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from perftui.instrument.document.process import resident_bytes

_STATUS = Path("/proc/self/status")


class MemoryReading(NamedTuple):
    """Memory at one moment."""

    label: str
    at_s: float
    """Since the profiler was entered."""
    rss_bytes: int | None
    """Resident memory of the whole process; `None` where the system does not tell."""
    traced_bytes: int | None = None
    """What Python allocated since tracing began; `None` without tracing."""


@dataclass(frozen=True)
class Allocation:
    """A line of code, and what it allocated and still holds."""

    where: str
    bytes: int
    count: int


class MemoryProfiler:
    """Memory before, within and after a stretch of code.

    `trace` counts Python's own allocations by line too (tracemalloc), which slows code that allocates several times:
    never time what is traced. Figures are of the process: what other threads do is part of them.

    >>> from perftui import MemoryProfiler
    >>> with MemoryProfiler(trace=True, top=3) as memory:
    ...     kept = [bytes(1000) for _ in range(1000)]
    ...     _ = memory.snapshot("filled")
    >>> memory.traced_delta_bytes > 1_000_000, memory.traced_peak_bytes >= memory.traced_delta_bytes
    (True, True)
    >>> memory.top[0].bytes > 1_000_000, [reading.label for reading in memory.readings]
    (True, ['start', 'filled', 'end'])
    """

    def __init__(self, *, trace: bool = False, top: int = 10) -> None:
        if top < 0:
            raise ValueError("top must be 0 or more")
        self.readings: list[MemoryReading] = []
        self.top: list[Allocation] = []
        """The lines that hold the most of what was allocated, the largest first; empty without `trace`."""
        self.traced_peak_bytes: int | None = None
        """The most that was held at once above the start; `None` without `trace`."""
        self._trace, self._most, self._stops = trace, top, False
        self._before: Any = None
        self._peak_before: int | None = None
        self._peak: int | None = None
        self._from = 0.0

    def __enter__(self) -> Self:
        self.readings, self._from = [], time.monotonic()
        if self._trace:
            self._begin_tracing()
        self._peak_before = peak_bytes()
        self.snapshot("start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.snapshot("end")
        self._peak = peak_bytes()
        if self._trace:
            self._end_tracing()

    def snapshot(self, label: str = "") -> MemoryReading:
        """Read the memory now, and keep it under the label."""
        traced = _traced()[0] if self._trace else None
        reading = MemoryReading(label, time.monotonic() - self._from, resident_bytes(), traced)
        self.readings.append(reading)
        return reading

    @property
    def delta_bytes(self) -> int | None:
        """Resident memory from the first to the last reading; below 0 when memory was given back."""
        first, last = self.readings[0].rss_bytes, self.readings[-1].rss_bytes
        return None if first is None or last is None else last - first

    @property
    def peak_bytes(self) -> int | None:
        """The most resident memory of the process within: exact where it passed the process's own peak until then.

        Else it is the highest reading; more of them, by `snapshot`, make it more exact.
        """
        found = [reading.rss_bytes for reading in self.readings if reading.rss_bytes is not None]
        if self._peak is not None and self._peak_before is not None and self._peak > self._peak_before:
            found.append(self._peak)
        return max(found, default=None)

    @property
    def traced_delta_bytes(self) -> int | None:
        """What Python allocated within and still holds; `None` without `trace`."""
        first, last = self.readings[0].traced_bytes, self.readings[-1].traced_bytes
        return None if first is None or last is None else last - first

    def _begin_tracing(self) -> None:
        import tracemalloc

        self._stops = not tracemalloc.is_tracing()
        if self._stops:
            tracemalloc.start()
        tracemalloc.reset_peak()
        self._before = tracemalloc.take_snapshot()

    def _end_tracing(self) -> None:
        import tracemalloc

        self.traced_peak_bytes = max(_traced()[1] - (self.readings[0].traced_bytes or 0), 0)
        ours = tracemalloc.Filter(inclusive=False, filename_pattern=__file__)
        libraries = tracemalloc.Filter(inclusive=False, filename_pattern=tracemalloc.__file__)
        after = tracemalloc.take_snapshot().filter_traces((ours, libraries))
        grown = after.compare_to(self._before, "lineno")
        self.top = [
            Allocation(str(one.traceback), one.size_diff, one.count_diff)
            for one in sorted(grown, key=lambda one: -one.size_diff)[: self._most]
            if one.size_diff > 0
        ]
        self._before = None
        if self._stops:
            tracemalloc.stop()


def peak_bytes() -> int | None:
    """The most resident memory that this process ever had; `None` where the system does not tell."""
    try:
        words = next(line for line in _STATUS.read_text("ascii").splitlines() if line.startswith("VmHWM:")).split()
        return int(words[1]) * 1024
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _traced() -> tuple[int, int]:
    import tracemalloc

    return tracemalloc.get_traced_memory()
