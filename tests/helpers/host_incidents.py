"""What ails a machine with its servers, told in figures."""

from helpers.application_incidents import slow_items
from helpers.incidents import (
    MB,
    Targets,
    set_figures,
)
from perftui.model.host import DiskTraffic, Filesystem, MemoryUse, Process
from perftui.model.mongodb import (
    StorageCache,
)


def busy(targets: Targets, *processes: Process) -> None:
    set_figures(targets, "host", "host", cpu_share=0.99, processes=processes)


def cpu_beside(targets: Targets, _at: float, _passed: int) -> None:
    stress = Process(pid=99, name="stress", command="stress --cpu 2", role="other", cpu_share=1.5)
    busy(targets, stress, Process(pid=10, name="mongod", command="mongod", role="mongod", cpu_share=0.3))
    slow_items(targets)


def cpu_saturated(targets: Targets, _at: float, _passed: int) -> None:
    busy(targets, Process(pid=12, name="python", command="python web.py", role="application", cpu_share=1.9))


def cpu_stolen(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "host", "host", cpu_share=0.98, steal_share=0.45)


def disk_beside(targets: Targets, _at: float, _passed: int) -> None:
    disk = DiskTraffic(busy_share=1.0, written_bytes_per_s=400.0 * MB)
    set_figures(targets, "host", "host", disk=disk, iowait_share=0.5)


def disk_saturated(targets: Targets, _at: float, _passed: int) -> None:
    disk_beside(targets, 0, 0)
    cache = StorageCache(used_bytes=300 * MB, maximum_bytes=500 * MB, dirty_bytes=5 * MB, read_bytes_per_s=390.0 * MB)
    set_figures(targets, "mongodb", "mongodb", cache=cache)


def memory_short(targets: Targets, _at: float, _passed: int) -> None:
    memory = MemoryUse(total_bytes=16_000 * MB, used_bytes=15_900 * MB, available_bytes=100 * MB)
    big = Process(pid=50, name="java", command="java", role="other", resident_bytes=9_000 * MB)
    set_figures(targets, "host", "host", memory=memory, processes=(big,))


def disk_full(targets: Targets, _at: float, _passed: int) -> None:
    root = Filesystem(mount="/data", total_bytes=1000 * MB, used_bytes=990 * MB, free_bytes=10 * MB)
    set_figures(targets, "host", "host", filesystems=(root,))


def open_files(targets: Targets, _at: float, _passed: int) -> None:
    mongod = Process(pid=10, name="mongod", command="", role="mongod", open_files=990, open_files_limit=1024)
    set_figures(targets, "host", "host", processes=(mongod,))
