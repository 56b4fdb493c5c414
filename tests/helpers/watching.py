"""A live monitor on real targets, whose Snapshots a test can wait for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from perftui.model.sample import Failure
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Connection
from perftui.model.verdict import Problem
from perftui.monitor.live import Monitor
from perftui.targets import connect_to, this_machine

INTERVAL_S = 0.25
TIMEOUT_S = 2.0


class Watching:
    """The latest Snapshot, and waiting for one that fulfils a condition."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.latest: Snapshot | None = None
        self.shown = 0
        self._news = asyncio.Condition()
        self._notifiers: set[asyncio.Task[None]] = set()

    def show(self, snapshot: Snapshot) -> None:
        self.latest = snapshot
        self.shown += 1
        notifier = asyncio.get_running_loop().create_task(self._notify())
        self._notifiers.add(notifier)
        notifier.add_done_callback(self._notifiers.discard)

    async def _notify(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def until(self, condition: Callable[[Snapshot], bool], timeout_s: float = 60) -> Snapshot:
        """The first Snapshot from now on that fulfils the condition."""
        try:
            async with asyncio.timeout(timeout_s), self._news:
                await self._news.wait_for(lambda: self.latest is not None and condition(self.latest))
        except TimeoutError:
            states = [(state.target.id, state.sources) for state in self.latest.targets] if self.latest else None
            verdict = self.latest.verdict.message if self.latest is not None and self.latest.verdict else None
            words = f"the verdict says {verdict!r}, the sources {states}"
            raise AssertionError(f"not seen within {timeout_s} s; {words}") from None
        assert self.latest is not None
        return self.latest

    async def ticks(self, count: int) -> None:
        """Return after so many further Snapshots."""
        wanted = self.shown + count
        await self.until(lambda _: self.shown >= wanted)


@asynccontextmanager
async def watching(
    *uris: str, settings: Settings | None = None, machine: bool = True, timeout_s: float = TIMEOUT_S
) -> AsyncIterator[Watching]:
    """A monitor on these URIs, and on this machine unless what else runs on it must not matter."""
    connections: list[Connection] = [connect_to(uri, timeout_s=timeout_s) for uri in uris]
    chosen = settings or Settings(interval_s=INTERVAL_S)
    chosen = Settings(
        connections=(*connections, *((this_machine(),) if machine else ())),
        interval_s=chosen.interval_s,
        thresholds=chosen.thresholds,
    )
    watch = Watching(Monitor(chosen))
    running = asyncio.create_task(watch.monitor.run(watch.show))
    try:
        yield watch
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def of_kind(snapshot: Snapshot, kind: str) -> Sequence[TargetState]:
    return [state for state in snapshot.targets if state.target.kind == kind]


def source(snapshot: Snapshot, name: str, target: int = 0) -> SourceState | None:
    """A source's state by its name, of the target of that number among its kind."""
    states = [part for state in snapshot.targets for part in state.sources if part.source == name]
    return states[target] if len(states) > target else None


def is_well(name: str, target: int = 0) -> Callable[[Snapshot], bool]:
    """Whether the source reads, and what it shows is fresh."""

    def condition(snapshot: Snapshot) -> bool:
        state = source(snapshot, name, target)
        return state is not None and state.failure is None and state.read_at is not None and not state.stale

    return condition


def fails(name: str, target: int = 0) -> Callable[[Snapshot], bool]:
    return lambda snapshot: failure_of(snapshot, name, target) is not None


def failure_of(snapshot: Snapshot, name: str, target: int = 0) -> Failure | None:
    state = source(snapshot, name, target)
    return None if state is None else state.failure


OF_A_STALL = {"unreachable", "redis-blocked", "piled-up-operations", "slow-endpoint"}
"""Problems that a machine which stands still for seconds really has."""


async def healthy_for(found: Watching, seconds: float, within_s: float = 120.0) -> None:
    """Every verdict of so many seconds said that all is well; a stall of the machine has the time begin anew."""
    since: float | None = None
    seen: set[str] = set()

    def note(snapshot: Snapshot) -> bool:
        nonlocal since
        verdict = snapshot.verdict
        if verdict is not None and verdict.status != "looking":
            seen.add(verdict.problem.code if verdict.problem else verdict.status)
        since = None if verdict is None or verdict.status != "healthy" else since or snapshot.taken_at
        return since is not None and snapshot.taken_at - since >= seconds

    await found.until(note, within_s)
    assert seen - OF_A_STALL == {"healthy"}


async def well_for(found: Watching, seconds: float, within_s: float = 60.0) -> None:
    """The verdict says so, and has for so long: what is usual needs a past."""

    def is_well(snapshot: Snapshot) -> bool:
        verdict = snapshot.verdict
        return verdict is not None and verdict.status == "healthy" and snapshot.taken_at - verdict.since >= seconds

    await found.until(is_well, within_s)


async def named(found: Watching, code: str, *words: str, wait_s: float = 60.0) -> Problem:
    """The verdict's problem, once it is this one and all these words are in it: each reading may know more of it."""

    def says(snapshot: Snapshot) -> bool:
        problem = snapshot.verdict.problem if snapshot.verdict is not None else None
        if problem is None or problem.code != code:
            return False
        said = f"{problem.what}; {problem.cost}; {problem.cause}"
        return all(one in said for one in words)

    verdict = (await found.until(says, wait_s)).verdict
    assert verdict is not None
    assert verdict.problem is not None
    return verdict.problem
