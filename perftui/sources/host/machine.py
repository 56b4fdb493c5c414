"""CPU, memory, disks and network of the machine: counters in, shares and rates out."""

import time
from pathlib import Path

from perftui.model.host import DiskTraffic, Filesystem, HostNetwork, MemoryUse
from perftui.model.text import safe_text
from perftui.sources.host import container
from perftui.sources.rates import CounterRates

_SHORTEST_STEP_S = 0.05


class Processors:
    """Shares of CPU time, a core and in all, since the reading before."""

    def __init__(self) -> None:
        self.cores: tuple[float, ...] = ()
        self.share: float | None = None
        self.iowait: float | None = None
        self.steal: float | None = None
        self._before: list[tuple[float, float, float, float]] | None = None
        self._read_at = 0.0

    def update(self) -> None:
        import psutil

        now = time.monotonic()
        if self._before is not None and now - self._read_at < _SHORTEST_STEP_S:
            return
        times = [_core_times(core) for core in psutil.cpu_times(percpu=True)]
        before, self._before, self._read_at = self._before, times, now
        if before is None or len(before) != len(times):
            return
        steps = [
            tuple(max(0.0, new - old) for new, old in zip(core, past, strict=True))
            for core, past in zip(times, before, strict=True)
        ]
        # The kernel's idle and iowait times may step back a little, so that busy time exceeds the total.
        self.cores = tuple(min(1.0, busy / total) if total else 0.0 for total, busy, _, _ in steps)
        total = sum(step[0] for step in steps)
        if total:
            self.share, self.iowait, self.steal = (
                min(1.0, sum(step[part] for step in steps) / total) for part in (1, 2, 3)
            )


def _core_times(core: object) -> tuple[float, float, float, float]:
    """Total, busy, waiting for disks, and stolen by the hypervisor; guest time is part of user time already."""
    idle, iowait = getattr(core, "idle", 0.0), getattr(core, "iowait", 0.0)
    names = ("user", "nice", "system", "irq", "softirq", "steal")
    busy = sum(getattr(core, name, 0.0) for name in names)
    return busy + idle + iowait, busy, iowait, getattr(core, "steal", 0.0)


class Group:
    """The container's own limits and use, where there is one."""

    def __init__(self, cores: int, memory_bytes: int) -> None:
        self.folder = container.own_group()
        self.limits = container.read_limits(self.folder, cores, memory_bytes)
        self._rates = CounterRates()

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
    """Disk and network rates."""

    def __init__(self) -> None:
        self._disk, self._network = CounterRates(), CounterRates()
        self._busy: dict[str, CounterRates] = {}
        self._whole_disks: dict[str, bool] = {}

    def disk(self) -> DiskTraffic:
        import psutil

        now = time.monotonic()
        devices = {
            name: counters
            for name, counters in (psutil.disk_io_counters(perdisk=True, nowrap=False) or {}).items()
            if self._is_whole_disk(name)
        }
        self._disk.update(
            now,
            {
                "read": sum(device.read_bytes for device in devices.values()),
                "written": sum(device.write_bytes for device in devices.values()),
                "operations": sum(device.read_count + device.write_count for device in devices.values()),
            },
        )
        shares = []
        for name, device in devices.items():
            rates = self._busy.setdefault(name, CounterRates())
            rates.update(now, {"busy": getattr(device, "busy_time", None)})
            if (busy := rates.rate("busy")) is not None:
                shares.append(min(1.0, busy / 1000))
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
            self._whole_disks[name] = whole and not name.startswith(("loop", "ram", "dm-", "md", "zram"))
        return self._whole_disks[name]

    def network(self) -> HostNetwork:
        import psutil

        interfaces = psutil.net_io_counters(pernic=True, nowrap=False)
        outside = [counters for name, counters in interfaces.items() if not name.startswith("lo")]
        self._network.update(
            time.monotonic(),
            {
                "received": sum(counters.bytes_recv for counters in outside),
                "sent": sum(counters.bytes_sent for counters in outside),
                "errors": sum(counters.errin + counters.errout for counters in outside),
            },
        )
        return HostNetwork(
            received_bytes_per_s=self._network.rate("received"),
            sent_bytes_per_s=self._network.rate("sent"),
            errors_per_s=self._network.rate("errors"),
        )


def filesystems() -> tuple[Filesystem, ...]:
    """Local filesystems, the fullest first; a network mount could hang and is left out."""
    import psutil

    found: dict[tuple[int, int], Filesystem] = {}
    mounts = ["/", *(part.mountpoint for part in psutil.disk_partitions(all=False))]
    for mount in mounts:
        try:
            use = psutil.disk_usage(mount)
        except OSError:
            continue
        if use.total and not Path(mount).is_file():
            key = (use.total, use.free)
            found.setdefault(
                key, Filesystem(mount=safe_text(mount), total_bytes=use.total, used_bytes=use.used, free_bytes=use.free)
            )
    return tuple(sorted(found.values(), key=lambda part: part.free_bytes / part.total_bytes))
