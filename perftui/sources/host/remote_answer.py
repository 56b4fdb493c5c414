"""Reads what the program on the other machine answers. Whatever it says, the worst is a figure that is missing."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from perftui.model.host import Filesystem, MemoryUse
from perftui.model.text import safe_text
from perftui.sources.host.machine import CoreTimes, DiskCounters, is_counted_disk
from perftui.sources.host.network import Interface
from perftui.sources.host.pressure import Stalls

_MOST_MOUNTS = 60


class Seen(NamedTuple):
    """A process as the list of all has it."""

    pid: int
    cpu_s: float
    resident_bytes: int
    threads: int
    started_s: float
    """Since that machine's start."""
    name: str


class About(NamedTuple):
    """What is asked of a few processes only."""

    user: str | None
    open_files: int | None
    open_files_limit: int | None
    arguments: tuple[str, ...]


class Answer:
    """The lines of one answer, by their first word."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, list[str]] = {}
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            self._lines.setdefault(word, []).append(rest)

    def cores(self) -> list[CoreTimes]:
        """Seconds of each core since the start."""
        found = []
        for user, nice, system, idle, iowait, irq, softirq, steal in self._numbers("cpu", 8):
            busy = user + nice + system + irq + softirq + steal
            found.append((busy + idle + iowait, busy, iowait, steal, nice))
        return found

    def memory(self) -> tuple[MemoryUse, MemoryUse]:
        """Memory and swap."""
        for total, available, swap, swap_free in self._numbers("mem", 4):
            return _use(total, available), _use(swap, swap_free)
        return MemoryUse(), MemoryUse()

    def stalls(self) -> Stalls:
        """Where that kernel counts them."""
        told = {kind: _number(value) for kind, value in self._words("stall", 2)}
        return Stalls(told.get("io"), told.get("memory"))

    def load(self) -> tuple[float, float, float] | None:
        return next(((one, five, fifteen) for one, five, fifteen in self._numbers("load", 3)), None)

    def uptime_s(self) -> float | None:
        """That machine's own clock, for rates."""
        return next((up for (up,) in self._numbers("up", 1)), None)

    def booted_at(self) -> float | None:
        return next((at for (at,) in self._numbers("boot", 1)), None)

    def disks(self) -> dict[str, DiskCounters]:
        found = {}
        for name, *rest in self._words("disk", 5):
            numbers = [_number(word) for word in rest]
            if is_counted_disk(name) and None not in numbers[:3]:
                read, written, done = (number or 0.0 for number in numbers[:3])
                found[name] = DiskCounters(read, written, done, numbers[3])
        return found

    def interfaces(self) -> dict[str, Interface]:
        found = {}
        for name, *counters, physical in self._words("net", 5):
            received, sent, errors = (_number(word) or 0.0 for word in counters)
            found[name] = Interface(received, sent, errors, {"yes": True, "no": False}.get(physical))
        return found

    def filesystems(self) -> tuple[Filesystem, ...]:
        found: dict[tuple[int, int], Filesystem] = {}
        for rest in self._lines.get("fs", [])[:_MOST_MOUNTS]:
            words = rest.split(" ", 3)
            numbers = [_number(word) for word in words[:3]]
            if len(words) == 4 and None not in numbers and numbers[0]:
                total, used, free = (int(number or 0) for number in numbers)
                one = Filesystem(mount=safe_text(words[3]), total_bytes=total, used_bytes=used, free_bytes=free)
                found.setdefault((total, free), one)
        return tuple(sorted(found.values(), key=lambda part: part.free_bytes / part.total_bytes))

    def processes(self) -> list[Seen]:
        found = []
        for rest in self._lines.get("proc", []):
            words = rest.split(" ", 5)
            numbers = [_number(word) for word in words[:5]]
            if len(words) == 6 and None not in numbers:
                pid, used, resident, threads, started = (number or 0.0 for number in numbers)
                found.append(Seen(int(pid), used, int(resident), int(threads), started, safe_text(words[5], 64)))
        return found

    def about(self) -> dict[int, About]:
        found = {}
        for rest in self._lines.get("who", []):
            words = rest.split(" ", 4)
            if len(words) == 5 and words[0].isdecimal():
                user, files, limit, line = words[1:]
                arguments = tuple(part.strip() for part in _whole_arguments(line))
                name = None if user == "-" else safe_text(user, 64)
                found[int(words[0])] = About(name, _count(files), _count(limit), arguments)
        return found

    def listeners(self) -> set[int]:
        return {int(pid) for _, pid in self._numbers("listen", 2)}

    def _words(self, word: str, count: int) -> Iterator[Sequence[str]]:
        for rest in self._lines.get(word, []):
            if len(words := rest.split()) >= count:
                yield words[:count]

    def _numbers(self, word: str, count: int) -> Iterator[list[float]]:
        read: Callable[[str], float | None] = _number
        for words in self._words(word, count):
            numbers = [number for one in words if (number := read(one)) is not None]
            if len(numbers) == count:
                yield numbers


def _whole_arguments(line: str) -> list[str]:
    """One that was cut is left out: it may be a secret, and not look like one without its end."""
    return line.rpartition("\x01")[0].strip("\x01").split("\x01")


def _use(total: float, free: float) -> MemoryUse:
    return MemoryUse(total_bytes=int(total), used_bytes=int(max(0.0, total - free)), available_bytes=int(free))


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _count(word: str) -> int | None:
    value = _number(word)
    return int(value) if value else None
