"""This process: memory, CPU, threads, collections."""

import gc
import threading
import time
from pathlib import Path

from perftui.model.metrics import SystemDocument

_SHORTEST_STEP_S = 0.5
_STATM = Path("/proc/self/statm")


class ProcessReader:
    """CPU is a share between two readings, at least half a second apart."""

    def __init__(self) -> None:
        self._at, self._cpu_s = time.monotonic(), time.process_time()
        self._share: float | None = None

    def read(self, started: float) -> SystemDocument:
        now, cpu_s = time.monotonic(), time.process_time()
        if now - self._at >= _SHORTEST_STEP_S:
            self._share = (cpu_s - self._cpu_s) / (now - self._at)
            self._at, self._cpu_s = now, cpu_s
        return SystemDocument(
            rss_bytes=resident_bytes(),
            cpu=self._share,
            gc=sum(int(generation["collections"]) for generation in gc.get_stats()),
            threads=threading.active_count(),
            uptime_s=now - started,
        )


def resident_bytes() -> int | None:
    """Resident memory now; `None` where the system does not tell."""
    try:
        import resource

        return int(_STATM.read_text("ascii").split()[1]) * resource.getpagesize()
    except (OSError, ImportError, ValueError, IndexError):
        return None
