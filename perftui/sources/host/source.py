"""The source of this machine's figures."""

import asyncio
import os
import socket
import time
from typing import ClassVar

from perftui.model.host import Filesystem, HostMetrics, Process
from perftui.model.sample import Capability, Failure
from perftui.model.target import Target
from perftui.sources.base import Reading, Source
from perftui.sources.host import machine
from perftui.sources.host.network import Network
from perftui.sources.host.pressure import Pressure
from perftui.sources.host.processes import Processes

_FILESYSTEM_INTERVAL_S = 10.0
_PROCESS_INTERVAL_S = 2.0
_BUSY = 0.85


class HostSource(Source):
    """Reads psutil. Looks over all processes and filesystems run in a thread and are repeated rarely."""

    name: ClassVar[str] = "host.machine"

    def __init__(self, target: Target, application_ports: tuple[int, ...] = ()) -> None:
        super().__init__(target)
        self._processes = Processes(application_ports)
        self._processors = machine.Processors()
        self._traffic, self._network, self._pressure = machine.Traffic(), Network(), Pressure()
        self._polled_every_s = self.interval_s
        self._rare: asyncio.Task[None] | None = None
        self._filesystems: tuple[Filesystem, ...] = ()
        self._filesystems_due = 0.0
        self._shown: tuple[Process, ...] = ()
        self._processes_due = 0.0

    async def connect(self) -> None:
        import psutil

        self._hostname = socket.gethostname()
        self._booted_at = psutil.boot_time()
        self._group = machine.Group(os.cpu_count() or 1, psutil.virtual_memory().total)
        self._group.expect_every(self._polled_every_s)
        self._processors.update()
        self.capabilities = (
            Capability(name="machine", state="granted", shows="CPU, memory, disks, network, processes"),
        )

    async def read(self) -> Reading:
        self._processors.update()
        self._pressure.update()
        group_share = self._group.cpu_share()
        metrics = HostMetrics(
            hostname=self._hostname,
            cores=self._processors.cores,
            cpu_share=self._processors.share if group_share is None else group_share,
            iowait_share=self._processors.iowait,
            steal_share=self._processors.steal,
            load=os.getloadavg(),
            memory=self._group.memory() or machine.memory(),
            swap=machine.swap(),
            disk=self._traffic.disk(),
            filesystems=self._filesystems,
            network=self._network.read(),
            processes=self._read_processes(),
            container=self._group.words(),
            uptime_s=time.time() - self._booted_at,
            nice_share=self._processors.nice if group_share is None else None,
            io_pressure=self._pressure.io,
            memory_pressure=self._pressure.memory,
        )
        self._start_rare_looks()
        return Reading(metrics)

    def explain(self, error: BaseException) -> Failure:
        return Failure(
            kind="internal",
            message=f"This machine's figures could not be read: {type(error).__name__}: {error}.",
            help="Check that /proc is mounted and readable.",
        )

    def expect_every(self, seconds: float) -> None:
        self._polled_every_s = seconds
        for one in (self._traffic, self._network, self._pressure):
            one.expect_every(seconds)

    async def close(self) -> None:
        if self._rare is not None:
            self._rare.cancel()
            self._rare = None

    def _read_processes(self) -> tuple[Process, ...]:
        if time.monotonic() >= self._processes_due:
            self._processes_due = time.monotonic() + _PROCESS_INTERVAL_S
            self._shown = self._processes.read()
            self._look_for_unknown()
        return self._shown

    def _look_for_unknown(self) -> None:
        """On a busy machine, where the processes in sight account for less than half of it."""
        busy, cores = self._processors.share, len(self._processors.cores)
        if busy is not None and busy >= _BUSY:
            known = sum(process.cpu_share or 0.0 for process in self._shown)
            if known < busy * cores / 2:
                self._processes.look_sooner()

    def _start_rare_looks(self) -> None:
        """Never in the way of a reading: a look that takes long only makes its figures older."""
        if self._rare is None or self._rare.done():
            self._rare = None
            filesystems_due = time.monotonic() >= self._filesystems_due
            if filesystems_due or self._processes.scan_is_due():
                self._rare = asyncio.create_task(self._look(filesystems_due))

    async def _look(self, filesystems_due: bool) -> None:
        if filesystems_due:
            self._filesystems_due = time.monotonic() + _FILESYSTEM_INTERVAL_S
            self._filesystems = await asyncio.to_thread(machine.filesystems)
        if self._processes.scan_is_due():
            await asyncio.to_thread(self._processes.scan)
            self._processes_due = 0.0
