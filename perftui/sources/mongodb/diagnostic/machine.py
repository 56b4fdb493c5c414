"""`systemMetrics`: what the server notes of its machine (on Linux), as the figures that this machine's source has."""

from collections.abc import Mapping
from typing import Any

from perftui.model.host import HostMetrics, MemoryUse
from perftui.sources.host.machine import CoreTimes, DiskCounters, Processors, Traffic, is_counted_disk
from perftui.sources.mongodb.plain import part, real, whole

_SECTOR_BYTES = 512
MEMORY_FIELDS = {("memory", f"{name}_kb") for name in ("MemTotal", "MemAvailable", "MemFree", "Buffers", "Cached")}
"""Paths of what is read of the memory."""
_BUSY = ("user_ms", "nice_ms", "system_ms", "irq_ms", "softirq_ms", "steal_ms")


class MachineReader:
    """Turns samples in their order into shares and rates."""

    def __init__(self) -> None:
        self._processors, self._traffic = Processors(), Traffic()

    def read(self, at: float, sample: Mapping[str, Any], host: str | None) -> HostMetrics | None:
        """`None` where the server does not look at its machine."""
        processor = part(sample, "cpu")
        if not processor:
            return None
        self._processors.take(at, [_times(processor)])
        disks = {
            name: _disk(one)
            for name, one in part(sample, "disks").items()
            if isinstance(one, Mapping) and is_counted_disk(name)
        }
        return HostMetrics(
            hostname=(host or "").rpartition(":")[0] or host or "host",
            cpu_share=self._processors.share,
            iowait_share=self._processors.iowait,
            steal_share=self._processors.steal,
            nice_share=self._processors.nice,
            memory=_memory(part(sample, "memory")),
            disk=self._traffic.disk_of(at, disks),
        )


def _times(processor: Mapping[str, Any]) -> CoreTimes:
    """Of all cores together, in seconds."""
    busy = sum(real(processor.get(name)) or 0.0 for name in _BUSY)
    idle, waiting = real(processor.get("idle_ms")) or 0.0, real(processor.get("iowait_ms")) or 0.0
    stolen, nice = real(processor.get("steal_ms")) or 0.0, real(processor.get("nice_ms")) or 0.0
    return (busy + idle + waiting) / 1000, busy / 1000, waiting / 1000, stolen / 1000, nice / 1000


def _disk(one: Mapping[str, Any]) -> DiskCounters:
    return DiskCounters(
        (real(one.get("read_sectors")) or 0.0) * _SECTOR_BYTES,
        (real(one.get("write_sectors")) or 0.0) * _SECTOR_BYTES,
        (real(one.get("reads")) or 0.0) + (real(one.get("writes")) or 0.0),
        real(one.get("io_time_ms")),
    )


def _memory(section: Mapping[str, Any]) -> MemoryUse:
    total, free = whole(section.get("MemTotal_kb")), whole(section.get("MemAvailable_kb"))
    if free is None:
        parts = [whole(section.get(name)) for name in ("MemFree_kb", "Buffers_kb", "Cached_kb")]
        free = None if parts[0] is None else sum(one or 0 for one in parts)
    if total is None or free is None:
        return MemoryUse()
    return MemoryUse(total_bytes=total * 1024, used_bytes=(total - free) * 1024, available_bytes=free * 1024)
