"""Pressure stall information (Linux 4.20 on): how long processes waited for disks and for memory."""

import time
from pathlib import Path
from typing import NamedTuple

from perftui.sources.rates import CounterRates

FOLDER = Path("/proc/pressure")


class Stalls(NamedTuple):
    """Microseconds since the machine's start; `None` where the kernel does not count them."""

    io_us: float | None = None
    """In which some process waited for a disk."""
    memory_us: float | None = None
    """In which all that could run waited for memory."""


def read_stalls(folder: Path = FOLDER) -> Stalls:
    """Two small files. Missing ones, as in old kernels and many containers, or such as may not be read, are unknown."""
    return Stalls(total_us(_text(folder / "io"), "some"), total_us(_text(folder / "memory"), "full"))


def total_us(text: str, kind: str) -> float | None:
    """The counter of the line of this kind, such as `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`."""
    for line in text.splitlines():
        if line.startswith(f"{kind} "):
            total = line.rpartition("total=")[2]
            return float(total) if total.isdecimal() else None
    return None


class Pressure:
    """Shares of the time since the reading before."""

    def __init__(self) -> None:
        self._rates = CounterRates()

    def expect_every(self, seconds: float) -> None:
        """Readings come this often from now on."""
        self._rates.expect_every(seconds)

    def update(self) -> None:
        self.take(time.monotonic(), read_stalls())

    def take(self, now: float, stalls: Stalls) -> None:
        """The next reading, at that moment of the clock of the machine that is read."""
        self._rates.update(now, stalls._asdict())

    @property
    def io(self) -> float | None:
        return self._share("io_us")

    @property
    def memory(self) -> float | None:
        return self._share("memory_us")

    def _share(self, name: str) -> float | None:
        rate = self._rates.rate(name)
        return None if rate is None else min(1.0, rate / 1e6)


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace")
    except OSError:
        return ""
