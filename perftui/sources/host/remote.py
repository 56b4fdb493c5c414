"""The source of another machine's figures, read through the way to it."""

import time
from typing import ClassVar

from perftui.model.host import Filesystem, HostMetrics
from perftui.model.sample import Capability, Failure
from perftui.model.target import Connection
from perftui.model.way import Way
from perftui.sources.base import Reading, Source
from perftui.sources.host.machine import Processors, Traffic
from perftui.sources.host.network import Network
from perftui.sources.host.pressure import Pressure
from perftui.sources.host.remote_answer import Answer
from perftui.sources.host.remote_processes import RemoteProcesses
from perftui.sources.host.remote_session import CannotRead, RemoteSession, start_session

_ALL_INTERVAL_S = 10.0
_ALL_READINGS = 5
"""Readings from one look at everything to the next, at least: it becomes rarer where readings do."""
_LISTENERS_INTERVAL_S = 60.0
_READERS = {"psutil": "psutil of its Python", "proc": "/proc, with sh and awk"}


class RemoteHostSource(Source):
    """Counters at every reading; file systems and processes, which are more bytes, now and then."""

    name: ClassVar[str] = "host.machine"

    def __init__(self, connection: Connection, way: Way, application_ports: tuple[int, ...] = ()) -> None:
        super().__init__(connection.target)
        self.timeout_s = 10.0
        self._way, self._ports = way, application_ports
        self._session: RemoteSession | None = None
        self._processors, self._traffic, self._pressure = Processors(), Traffic(), Pressure()
        self._network = Network()
        self._processes = RemoteProcesses()
        self._filesystems: tuple[Filesystem, ...] = ()
        self._all_due = self._listeners_due = 0.0
        self._readings = _ALL_READINGS

    async def connect(self) -> None:
        await self.close()
        self._session = await start_session(self._way)
        shows = (
            f"CPU, memory, disks, network, processes of {self._session.hostname}, by {_READERS[self._session.reader]}"
        )
        self.capabilities = (Capability(name="machine", state="granted", shows=shows),)
        self._all_due = self._listeners_due = 0.0
        self._readings = _ALL_READINGS

    async def read(self) -> Reading:
        session = self._session
        if session is None:
            raise ConnectionResetError
        before = session.received_bytes
        try:
            metrics, commands = await self._metrics(session)
        except BaseException:  # an answer that was not waited for would be taken for the next one
            self._connected = False
            raise
        return Reading(metrics, received_bytes=session.received_bytes - before, sent_commands=commands)

    def explain(self, error: BaseException) -> Failure:
        self._connected = False
        if (trouble := self._way.trouble("")) is not None:
            return trouble
        if isinstance(error, CannotRead):
            return Failure(
                kind="unsupported",
                message=f"{self._way.name} {error}: its machine is not shown.",
                help="The targets behind it are reached all the same; a login with a shell would show the machine too.",
            )
        kind = "did not answer in time" if isinstance(error, TimeoutError) else "ended the command that reads it"
        return Failure(
            kind="unreachable", message=f"The machine {self._way.name} {kind}.", help="It is busy; it is tried again."
        )

    def expect_every(self, seconds: float) -> None:
        for one in (self._traffic, self._network, self._pressure):
            one.expect_every(seconds)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _metrics(self, session: RemoteSession) -> tuple[HostMetrics, int]:
        self._readings += 1
        everything = time.monotonic() >= self._all_due and self._readings >= _ALL_READINGS
        answer = Answer(await session.ask("all" if everything else "now"))
        commands = 1
        uptime_s = answer.uptime_s() or time.monotonic()
        if everything:
            commands += await self._look_at_all(session, answer, uptime_s)
        self._processors.take(uptime_s, answer.cores())
        self._pressure.take(uptime_s, answer.stalls())
        memory, swap = answer.memory()
        booted_at = answer.booted_at()
        metrics = HostMetrics(
            hostname=session.hostname,
            cores=self._processors.cores,
            cpu_share=self._processors.share,
            iowait_share=self._processors.iowait,
            steal_share=self._processors.steal,
            load=answer.load(),
            memory=memory,
            swap=swap,
            disk=self._traffic.disk_of(uptime_s, answer.disks()),
            filesystems=self._filesystems,
            network=self._network.take(uptime_s, answer.interfaces()),
            processes=self._processes.shown(booted_at),
            uptime_s=None if booted_at is None else time.time() - booted_at,
            nice_share=self._processors.nice,
            io_pressure=self._pressure.io,
            memory_pressure=self._pressure.memory,
        )
        return metrics, commands

    async def _look_at_all(self, session: RemoteSession, answer: Answer, uptime_s: float) -> int:
        """Returns the number of questions that took."""
        self._all_due, self._readings = time.monotonic() + _ALL_INTERVAL_S, 0
        self._filesystems = answer.filesystems()
        asked = 0
        if self._ports and time.monotonic() >= self._listeners_due:
            self._listeners_due = time.monotonic() + _LISTENERS_INTERVAL_S
            ports = " ".join(map(str, self._ports))
            self._processes.listeners = Answer(await session.ask(f"ports {ports}")).listeners()
            asked += 1
        self._processes.take(uptime_s, answer.processes())
        if pids := self._processes.asked_about():
            self._processes.tell(Answer(await session.ask(f"who {' '.join(map(str, pids))}")).about())
            asked += 1
        return asked
