"""Runs one drill on real servers, with the monitor on them as the screen has it."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from perftui.demo.incidents.catalogue import incident_named
from perftui.demo.incidents.drill import FireDrill
from perftui.demo.incidents.incident import DOCUMENTS, healthy_options
from perftui.demo.session import DemoOptions, DemoSession
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.monitor.live import Monitor
from perftui.monitor.recording import Recorder

from .outcome import Said, said


@dataclass
class Drilled:
    """All that was said in one drill."""

    name: str
    began: float = 0.0
    ended: float = 0.0
    failure: str | None = None
    load: float = 0.0
    """The machine's load average when the incident began, over its cores."""
    heard: list[Said] = field(default_factory=list)


_OF_THE_MACHINE = ("cpu-", "disk-")


def is_of_the_machine(name: str) -> bool:
    """Whether this drill is about the machine itself."""
    return any(code.startswith(_OF_THE_MACHINE) for code in incident_named(name).verdicts)


def drill(
    name: str, *, healthy_s: float, ill_s: float, after_s: float, recording: Path | None, machine: bool = True
) -> Drilled:
    """A healthy time, the incident, and the time after it.

    Without the machine where other work saturates it: that is an incident of its own, rightly told. Drills of the
    machine watch it in any case.
    """
    incident, found = incident_named(name), Drilled(name)
    options = incident.options(healthy_options(DemoOptions(documents=DOCUMENTS)))
    recorder = None if recording is None else Recorder(recording, overwrite=True)

    def take(snapshot: Snapshot) -> None:
        if recorder is not None:
            recorder.add(snapshot)
        if snapshot.verdict is not None:
            found.heard.append(said(snapshot.verdict))

    with DemoSession(options) as session, FireDrill(incident, session, healthy_s) as running:
        connections = session.connections if machine or is_of_the_machine(name) else session.connections[:-1]
        monitor = Monitor(Settings(connections=connections))
        asyncio.run(_watch(monitor, take, running, found, ill_s, after_s))
    if recorder is not None:
        recorder.close()
    return found


async def _watch(
    monitor: Monitor, take: Callable[[Snapshot], None], running: FireDrill, found: Drilled, ill_s: float, after_s: float
) -> None:
    task = asyncio.create_task(monitor.run(take))
    try:
        await asyncio.to_thread(running.wait_begun, running.after_s + 120.0)
        found.load = os.getloadavg()[0] / (os.cpu_count() or 1)
        await asyncio.sleep(ill_s)
        found.ended = time.time()
        await asyncio.to_thread(running.end)
        await asyncio.sleep(after_s)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    found.began, found.failure = running.began_at or 0.0, running.failure
