"""Sources that answer by script, and a monitor run on them in virtual time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from perftui.model.host import HostMetrics
from perftui.model.sample import Failure, FailureKind, Payload, Sample
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Connection, Target, TargetKind
from perftui.monitor.feed import Feed
from perftui.monitor.live import Monitor
from perftui.sources.base import Reading, Source

START = 1_800_000_000.0


@dataclass(frozen=True)
class Answer:
    """One poll's outcome; `after_s` is how long it takes."""

    payload: Payload | None = None
    failure: FailureKind | None = None
    after_s: float = 0.001
    received_bytes: int | None = None
    error: Exception | None = None


Script = Callable[[float], Answer]
"""The loop's time -> what a poll that starts then gives."""


class ScriptedSource(Source):
    name = "scripted"

    def __init__(self, target: Target, name: str, script: Script, interval_s: float = 1.0) -> None:
        super().__init__(target)
        self.name = name  # type: ignore[misc]
        self.interval_s = interval_s  # type: ignore[misc]
        self.script = script
        self.started: list[float] = []
        self.running = 0
        self.most_running = 0
        self.reconnects = 0
        self.closed = 0

    async def connect(self) -> None:
        raise NotImplementedError

    async def read(self) -> Reading:
        raise NotImplementedError

    def explain(self, error: BaseException) -> Failure:
        raise NotImplementedError

    def reconnect(self) -> None:
        self.reconnects += 1

    async def close(self) -> None:
        self.closed += 1

    async def poll(self) -> Sample:
        now = asyncio.get_running_loop().time()
        self.started.append(now)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            answer = self.script(now)
            try:
                async with asyncio.timeout(self.timeout_s):
                    await asyncio.sleep(answer.after_s)
            except TimeoutError:
                answer = Answer(failure="timeout", after_s=self.timeout_s)
            if answer.error is not None:
                raise answer.error
            return self._sample(now, answer)
        finally:
            self.running -= 1

    def _sample(self, now: float, answer: Answer) -> Sample:
        failure = answer.failure and Failure(kind=answer.failure, message=f"{answer.failure}.", help="Wait.")
        return Sample(
            source=self.name,
            target=self.target,
            taken_at=START + now,
            duration_ms=answer.after_s * 1000,
            received_bytes=answer.received_bytes,
            payload=answer.payload,
            failure=failure or None,
        )


@dataclass
class ScriptedSystem:
    members: list[ScriptedSource]
    closed: int = 0

    def sources(self) -> Sequence[Source]:
        return self.members

    async def close(self) -> None:
        self.closed += 1


def target(kind: TargetKind = "mongodb", name: str = "db", group: str | None = None) -> Target:
    return Target(id=f"{kind}://{name}", kind=kind, name=name, address=f"{kind}://{name}", group=group)


def connection(of: Target) -> Connection:
    return Connection(target=of, uri=Secret(of.address))


def host_source(script: Script | None = None) -> ScriptedSource:
    return ScriptedSource(
        target("host", "web"),
        "host.machine",
        script or (lambda now: Answer(HostMetrics(hostname="web", cpu_share=0.5))),
    )


@dataclass
class Watch:
    """What a run of the monitor showed, and when."""

    monitor: Monitor
    systems: dict[str, ScriptedSystem]
    shown: list[tuple[float, Snapshot]] = field(default_factory=list)

    @property
    def last(self) -> Snapshot:
        return self.shown[-1][1]

    def states(self, name: str) -> list[tuple[float, TargetState]]:
        """Each state of one target with its time."""
        return [(at, one) for at, shot in self.shown for one in shot.targets if one.target.name == name]

    def source(self, name: str) -> list[tuple[float, SourceState]]:
        """Each state of one source with its time."""
        return [
            (at, one)
            for at, shot in self.shown
            for state in shot.targets
            for one in state.sources
            if one.source == name
        ]


def build(sources: Sequence[ScriptedSource], *, wall: Callable[[], float] | None = None, **settings: Any) -> Watch:
    """A monitor with one system a target (of a group: one a group)."""
    systems: dict[str, ScriptedSystem] = {}
    connections = []
    for source in sources:
        key = source.target.group or source.target.id
        if key not in systems:
            systems[key] = ScriptedSystem([])
            connections.append(
                connection(Target(id=key, kind=source.target.kind, name=source.target.name, address=key))
            )
        systems[key].members.append(source)
    monitor = Monitor(
        Settings(connections=tuple(connections), **settings),
        open_system=lambda connection, _settings: systems[connection.target.id],
        wall=wall or (lambda: START + asyncio.get_running_loop().time()),
    )
    return Watch(monitor, systems)


async def watch(
    watched: Watch,
    seconds: float,
    at: dict[float, Callable[[], None]] | None = None,
    *,
    keep: bool = True,
    feed: Feed | None = None,
) -> Watch:
    """Run the monitor (or a feed in front of it), calling each of `at` in its time; keeps all, or the last, shown."""
    loop = asyncio.get_running_loop()

    def show(snapshot: Snapshot) -> None:
        if not keep:
            watched.shown.clear()
        watched.shown.append((loop.time(), snapshot))

    running = asyncio.create_task((feed or watched.monitor).run(show))
    for moment, call in sorted((at or {}).items()):
        loop.call_at(moment, call)
    await asyncio.wait({running}, timeout=seconds)
    if running.done():
        running.result()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return watched
