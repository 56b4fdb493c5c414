"""The machine's meters: bars in the manner of htop."""

from perftui.model.host import HostMetrics, MemoryUse
from perftui.model.snapshot import TargetState
from perftui.tui.formatting import UNKNOWN, duration, share, size, size_rate
from perftui.tui.meters.block import Block, Meter, grade, trouble_of
from perftui.tui.view import View

_FEW_CORES = 2


def host_block(state: TargetState, view: View) -> Block:
    host = state.host or HostMetrics(hostname=state.target.name)
    limits = view.thresholds
    cpu = Meter("CPU", share(host.cpu_share), grade(host.cpu_share, limits.cpu_share), level=host.cpu_share)
    cores = [
        Meter(f"CPU{index}", share(core), grade(core, limits.cpu_share), level=core)
        for index, core in enumerate(host.cores)
    ]
    first = cores if 0 < len(cores) <= _FEW_CORES else [cpu]
    more = [] if len(cores) <= _FEW_CORES else cores[:8]
    rest = [
        _memory("Mem", host.memory, limits.memory_share),
        _disk(host),
        _load(host),
        _network(host),
        _memory("Swap", host.swap, limits.memory_share),
        Meter("Up", duration(host.uptime_s)),
    ]
    return Block("host", "HOST", state.target.id, (*first, *rest, *more), trouble_of(state, view))


def _memory(label: str, memory: MemoryUse, limit: float) -> Meter:
    used, total = memory.used_bytes, memory.total_bytes
    if used is None or total is None:
        return Meter(label, UNKNOWN, "dim", level=0.0)
    if not total:
        return Meter(label, "none", "dim", level=0.0)
    level = used / total
    return Meter(label, f"{size(used)}/{size(total)}", grade(level, limit), level=level)


def _disk(host: HostMetrics) -> Meter:
    disk = host.disk
    known = [value for value in (disk.read_bytes_per_s, disk.written_bytes_per_s) if value is not None]
    state = grade(disk.busy_share, 0.9)
    return Meter("Disk", size_rate(sum(known)) if known else UNKNOWN, state, level=disk.busy_share or 0.0)


def _load(host: HostMetrics) -> Meter:
    if host.load is None:
        return Meter("Load", UNKNOWN, "dim", level=0.0)
    level = host.load[0] / max(len(host.cores), 1)
    return Meter("Load", " ".join(f"{value:.2f}" for value in host.load), grade(level, 1.5), level=min(level, 1.0))


def _network(host: HostMetrics) -> Meter:
    received, sent = host.network.received_bytes_per_s, host.network.sent_bytes_per_s
    text = f"in {size(received)} out {size(sent)}"
    return Meter("Net", text, "dim" if received is None else "normal", "host.network_bytes_per_s")
