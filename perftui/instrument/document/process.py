"""The processes of the application: memory, CPU, threads, collections, summed over the workers."""

import gc
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perftui.instrument.store.kinds import Kind
from perftui.instrument.store.reading import Reading
from perftui.model.metrics import SystemDocument

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry

PROCESS = Kind("process", "system", (), False, ("cpu_s", "collections"), ("rss_bytes", "threads", "cpu"))
_CPU_S, _COLLECTIONS = range(2)
_RSS_BYTES, _THREADS, _CPU = range(3)
_SHORTEST_STEP_S = 0.5
_STATM = Path("/proc/self/statm")


class _Before(NamedTuple):
    """The sample before, of the process `pid`."""

    pid: int
    at: float = 0.0
    cpu_s: float = 0.0
    collections: int = 0


class ProcessSampler:
    """Keeps this process's figures in the store, so that all workers' are summed, and none falls when one is gone."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._before = _Before(0)

    def sample(self) -> None:
        """Once a second by the registry's thread, and before a document. Two at once are one."""
        if self._before.pid != os.getpid():
            self._lock = threading.Lock()  # after a fork it may be held by a thread that is not here
            self._before = _Before(os.getpid())
        if self._lock.acquire(blocking=False):
            try:
                self._sample(self._before)
            finally:
                self._lock.release()

    def _sample(self, before: _Before) -> None:
        block = self._registry.block(PROCESS)
        block.set(_RSS_BYTES, resident_bytes() or 0)
        block.set(_THREADS, threading.active_count())
        now, cpu_s = time.monotonic(), time.process_time()
        if before.at and now - before.at < _SHORTEST_STEP_S:
            return
        collections = sum(int(generation["collections"]) for generation in gc.get_stats())
        block.add(_CPU_S, max(cpu_s - before.cpu_s, 0.0))
        block.add(_COLLECTIONS, max(collections - before.collections, 0))
        if before.at:
            block.set(_CPU, max(cpu_s - before.cpu_s, 0.0) / (now - before.at))
        self._before = _Before(before.pid, now, cpu_s, collections)


def system_document(reading: Reading) -> SystemDocument:
    """Sums over the workers, and how long the oldest one runs. CPU is that of the last second."""
    oldest = min((worker.started_at for worker in reading.workers), default=None)
    uptime_s = None if oldest is None else max(reading.wall - oldest, 0.0)
    series = reading.one(PROCESS.name)
    if series is None:
        return SystemDocument(uptime_s=uptime_s)
    gauges, total = series.gauges, series.total
    return SystemDocument(
        rss_bytes=round(gauges["rss_bytes"]) or None,
        cpu=gauges["cpu"] or None,
        gc=total.counter("collections"),
        threads=round(gauges["threads"]) or None,
        uptime_s=uptime_s,
    )


def resident_bytes() -> int | None:
    """Resident memory of this process now; `None` where the system does not tell."""
    try:
        import resource

        return int(_STATM.read_text("ascii").split()[1]) * resource.getpagesize()
    except (OSError, ImportError, ValueError, IndexError):
        return None
