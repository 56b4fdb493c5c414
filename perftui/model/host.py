"""The machine that perftui runs on."""

from perftui.model.base import Model


class MemoryUse(Model, frozen=True, kw_only=True):
    total_bytes: int | None = None
    used_bytes: int | None = None
    available_bytes: int | None = None


class DiskTraffic(Model, frozen=True, kw_only=True):
    read_bytes_per_s: float | None = None
    written_bytes_per_s: float | None = None
    operations_per_s: float | None = None
    busy_share: float | None = None
    """Share of the time that the busiest device was at work."""


class Filesystem(Model, frozen=True, kw_only=True):
    mount: str
    total_bytes: int
    used_bytes: int
    free_bytes: int
    inodes_used_share: float | None = None
    """Of the files that it can have; `None` where there is no such limit, or it is not known."""


class HostNetwork(Model, frozen=True, kw_only=True):
    received_bytes_per_s: float | None = None
    sent_bytes_per_s: float | None = None
    errors_per_s: float | None = None


class Process(Model, frozen=True, kw_only=True):
    """A process of interest: a database, the application, perftui itself."""

    pid: int
    name: str
    command: str
    """Arguments without the secrets in any URI or password option."""
    role: str
    """mongod, redis, application, perftui or other."""
    user: str | None = None
    cpu_share: float | None = None
    """Of one core: 1.5 is one and a half cores."""
    resident_bytes: int | None = None
    threads: int | None = None
    open_files: int | None = None
    open_files_limit: int | None = None
    """How many it may have, where that may be read."""
    started_at: float | None = None
    nice: int | None = None
    """How far it yields to others, 0 to 19; below 0 it goes before them."""


class HostMetrics(Model, frozen=True, kw_only=True):
    """CPU shares run from 0 to 1 a core."""

    hostname: str
    cores: tuple[float, ...] = ()
    cpu_share: float | None = None
    """Mean over all cores (of the container's quota where there is one)."""
    iowait_share: float | None = None
    steal_share: float | None = None
    load: tuple[float, float, float] | None = None
    memory: MemoryUse = MemoryUse()
    swap: MemoryUse = MemoryUse()
    disk: DiskTraffic = DiskTraffic()
    filesystems: tuple[Filesystem, ...] = ()
    network: HostNetwork = HostNetwork()
    processes: tuple[Process, ...] = ()
    container: str | None = None
    """How this container is limited, in words; `None` outside of one."""
    uptime_s: float | None = None
    nice_share: float | None = None
    """Of `cpu_share`, what processes take that yield to all others (`nice`)."""
    io_pressure: float | None = None
    """Share of the time in which some process waited for a disk (PSI's `some`), however busy the CPU was."""
    memory_pressure: float | None = None
    """Share of the time in which nothing ran, since all that could waited for memory (PSI's `full`)."""
