"""CPU, memory and disks of the machine: counters in, shares and rates out."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from perftui.model.host import DiskTraffic, Filesystem, MemoryUse
from perftui.model.text import safe_text
from perftui.sources.host import container
from perftui.sources.rates import CounterRates

_SHORTEST_STEP_S = 0.05

CoreTimes = tuple[float, float, float, float, float]
"""Seconds in all, busy, waiting for disks, stolen by the hypervisor, and of the busy ones those of niced processes."""


class DiskCounters(NamedTuple):
    """Of one whole disk, since the machine's start."""

    read_bytes: float
    written_bytes: float
    operations: float
    busy_ms: float | None


class Processors:
    """Shares of CPU time, a core and in all, since the reading before."""

    def __init__(self) -> None:
        self.cores: tuple[float, ...] = ()
        self.share: float | None = None
        self.iowait: float | None = None
        self.steal: float | None = None
        self.nice: float | None = None
        self._before: list[CoreTimes] | None = None
        self._read_at = 0.0

    def update(self) -> None:
        import psutil

        self.take(time.monotonic(), [_core_times(core) for core in psutil.cpu_times(percpu=True)])

    def take(self, now: float, times: list[CoreTimes]) -> None:
        """The next reading, at that moment of the clock of the machine that is read."""
        if self._before is not None and 0 <= now - self._read_at < _SHORTEST_STEP_S:
            return
        before, self._before, self._read_at = self._before, times, now
        if before is None or len(before) != len(times):
            return
        steps = [
            tuple(max(0.0, new - old) for new, old in zip(core, past, strict=True))
            for core, past in zip(times, before, strict=True)
        ]
        # The kernel's idle and iowait times may step back a little, so that busy time exceeds the total.
        self.cores = tuple(min(1.0, busy / total) if total else 0.0 for total, busy, *_ in steps)
        total = sum(step[0] for step in steps)
        if total:
            self.share, self.iowait, self.steal, self.nice = (
                min(1.0, sum(step[part] for step in steps) / total) for part in (1, 2, 3, 4)
            )


def _core_times(core: object) -> CoreTimes:
    """Guest time is part of user time already."""
    idle, iowait = getattr(core, "idle", 0.0), getattr(core, "iowait", 0.0)
    names = ("user", "nice", "system", "irq", "softirq", "steal")
    busy = sum(getattr(core, name, 0.0) for name in names)
    return busy + idle + iowait, busy, iowait, getattr(core, "steal", 0.0), getattr(core, "nice", 0.0)


class Group:
    """The container's own limits and use, where there is one."""

    def __init__(self, cores: int, memory_bytes: int) -> None:
        self.folder = container.own_group()
        self.limits = container.read_limits(self.folder, cores, memory_bytes)
        self._rates = CounterRates()

    def expect_every(self, seconds: float) -> None:
        """Readings come this often from now on."""
        self._rates.expect_every(seconds)

    def cpu_share(self) -> float | None:
        """Of the quota; `None` without one."""
        if self.limits.cpus is None:
            return None
        self._rates.update(time.monotonic(), {"cpu": container.cpu_seconds(self.folder)})
        used = self._rates.rate("cpu")
        return None if used is None else min(1.0, used / self.limits.cpus)

    def memory(self) -> MemoryUse | None:
        total = self.limits.memory_bytes
        used = container.memory_used(self.folder) if total is not None else None
        if total is None or used is None:
            return None
        return MemoryUse(total_bytes=total, used_bytes=used, available_bytes=max(0, total - used))

    def words(self) -> str | None:
        return self.limits.words() or ("without limits of its own" if container.is_container() else None)


def memory() -> MemoryUse:
    import psutil

    use = psutil.virtual_memory()
    return MemoryUse(total_bytes=use.total, used_bytes=use.total - use.available, available_bytes=use.available)


def swap() -> MemoryUse:
    import psutil

    use = psutil.swap_memory()
    return MemoryUse(total_bytes=use.total, used_bytes=use.used, available_bytes=use.free)


class Traffic:
    """Rates of the disks."""

    def __init__(self) -> None:
        self._disk, self._busy = CounterRates(), CounterRates()
        self._whole_disks: dict[str, bool] = {}

    def expect_every(self, seconds: float) -> None:
        """Readings come this often from now on."""
        self._disk.expect_every(seconds)
        self._busy.expect_every(seconds)

    def disk(self) -> DiskTraffic:
        import psutil

        devices = {
            name: DiskCounters(
                device.read_bytes,
                device.write_bytes,
                device.read_count + device.write_count,
                getattr(device, "busy_time", None),
            )
            for name, device in (psutil.disk_io_counters(perdisk=True, nowrap=False) or {}).items()
            if self._is_whole_disk(name)
        }
        return self.disk_of(time.monotonic(), devices)

    def disk_of(self, now: float, devices: Mapping[str, DiskCounters]) -> DiskTraffic:
        """Rates since the reading before, `now` being the clock of the machine that is read."""
        self._disk.update(
            now,
            {
                "read": sum(device.read_bytes for device in devices.values()),
                "written": sum(device.written_bytes for device in devices.values()),
                "operations": sum(device.operations for device in devices.values()),
            },
        )
        self._busy.update(now, {name: device.busy_ms for name, device in devices.items()})
        shares = [min(1.0, busy / 1000) for name in devices if (busy := self._busy.rate(name)) is not None]
        return DiskTraffic(
            read_bytes_per_s=self._disk.rate("read"),
            written_bytes_per_s=self._disk.rate("written"),
            operations_per_s=self._disk.rate("operations"),
            busy_share=max(shares, default=None),
        )

    def _is_whole_disk(self, name: str) -> bool:
        """Partitions and loop devices would count the same bytes twice."""
        if name not in self._whole_disks:
            known = Path("/sys/block").is_dir()
            whole = not known or Path("/sys/block", name.replace("/", "!")).exists()
            self._whole_disks[name] = whole and is_counted_disk(name)
        return self._whole_disks[name]


def is_counted_disk(name: str) -> bool:
    """What lies on other disks would count their bytes twice."""
    return not name.startswith(("loop", "ram", "dm-", "md", "zram"))


def filesystems() -> tuple[Filesystem, ...]:
    """Local filesystems, the fullest first; a network mount could hang and is left out, and so is what nobody can fill:
    a read-only one, such as the image of a package, is full by nature."""
    import psutil

    found: dict[tuple[int, int], Filesystem] = {}
    parts = psutil.disk_partitions(all=False)
    mounts = ["/", *(part.mountpoint for part in parts if "ro" not in part.opts.split(","))]
    for mount in mounts:
        try:
            use = psutil.disk_usage(mount)
        except OSError:
            continue
        if use.total and not Path(mount).is_file():
            key = (use.total, use.free)
            one = Filesystem(
                mount=safe_text(mount),
                total_bytes=use.total,
                used_bytes=use.used,
                free_bytes=use.free,
                inodes_used_share=_inodes_used(mount),
            )
            found.setdefault(key, one)
    return tuple(sorted(found.values(), key=lambda part: part.free_bytes / part.total_bytes))


def _inodes_used(mount: str) -> float | None:
    """As `df -i` has it. Filesystems that make them as they need them, such as btrfs, tell 0."""
    try:
        told = os.statvfs(mount)
    except (OSError, AttributeError):
        return None
    used = told.f_files - told.f_ffree
    return used / (used + told.f_favail) if told.f_files and used + told.f_favail > 0 else None
