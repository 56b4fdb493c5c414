"""What ails a machine: processes that burn its CPU, disks and memory for which others wait."""

from helpers.incidents import MB, Change, Targets, set_figures
from perftui.model.host import DiskTraffic, MemoryUse, Process

MONGOD = Process(pid=10, name="mongod", command="mongod", role="mongod", cpu_share=0.1)


def python(pid: int, cores: float) -> Process:
    return Process(pid=pid, name="python", command=f"python burn{pid}.py", role="other", cpu_share=cores)


def burning(*processes: Process) -> Change:
    def change(targets: Targets, _at: float, _passed: int) -> None:
        set_figures(targets, "host", "host", cpu_share=0.99, processes=(*processes, MONGOD))

    return change


def disk(
    *, cpu: float, iowait: float, pressure: float | None, busy: float = 0.97, traffic: float = 80.0 * MB
) -> Change:
    def change(targets: Targets, at: float, _passed: int) -> None:
        traffic_now = DiskTraffic(busy_share=busy, read_bytes_per_s=traffic)
        figures = {"cpu_share": cpu, "iowait_share": iowait, "io_pressure": pressure, "uptime_s": at}
        set_figures(targets, "host", "host", disk=traffic_now, **figures)

    return change


def memory(left: float, pressure: float | None) -> Change:
    def change(targets: Targets, at: float, _passed: int) -> None:
        use = MemoryUse(total_bytes=16_000 * MB, available_bytes=round(left * 16_000 * MB))
        set_figures(targets, "host", "host", memory=use, memory_pressure=pressure, uptime_s=at)

    return change
