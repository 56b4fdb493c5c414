"""What is seen of a session: of a recording's frames, or of a monitor's while it watches."""

from perftui.checking.judge import Observer
from perftui.checking.seen import Found, MakeObserver, Seen
from perftui.model.budgets.limits import On
from perftui.model.check import Unreached
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import TargetKind
from perftui.monitor.budget_figures import RedisGets
from perftui.monitor.budget_readings import Readings
from perftui.monitor.budget_things import things_of
from perftui.monitor.budgets import EVERY_S

_KINDS: dict[TargetKind, tuple[On, ...]] = {
    "application": ("endpoint", "query", "cache"),
    "mongodb": ("query",),
    "redis": ("redis",),
}


class _Watched:
    def __init__(self, state: TargetState) -> None:
        self.state = state
        self.gets = RedisGets()
        self.readings = Readings()
        self.was_read = False
        self.observer: Observer | None = None
        """Made when its names are known: a budget may be for one service only."""


class Session:
    """Every target that a budget can hold something of, looked at as often as the monitor looks."""

    def __init__(self, make_observer: MakeObserver, place: str = "") -> None:
        """`place` is the file's name, where it is one."""
        self._make_observer, self._place = make_observer, place
        self._targets: dict[str, _Watched] = {}
        self._judged_at = float("-inf")
        self._pending: Snapshot | None = None

    def add(self, snapshot: Snapshot) -> None:
        """In the order of time; what follows too soon is only looked at if it is the last."""
        for state in snapshot.targets:
            if state.target.kind in _KINDS:
                self._take(state, snapshot.taken_at)
        self._pending = snapshot
        if not 0 <= snapshot.taken_at - self._judged_at < EVERY_S:
            self._look()

    def found(self) -> Found:
        """All targets, after the last snapshot was added; those that were never read apart."""
        self._look()
        watched = self._targets.values()
        seen = [self._seen(one, one.observer) for one in watched if one.observer is not None]
        return seen, [self._unreached(one.state) for one in watched if one.observer is None]

    def _take(self, state: TargetState, at: float) -> None:
        watched = self._targets.setdefault(state.target.id, _Watched(state))
        watched.state = state
        watched.was_read |= any(source.read_at is not None for source in state.sources)
        if watched.readings.take(state) and state.redis is not None:
            watched.gets.add(state.redis, at, watched.readings.longest_step_s)

    def _look(self) -> None:
        snapshot, self._pending = self._pending, None
        if snapshot is None:
            return
        self._judged_at = snapshot.taken_at
        for watched in [self._targets[one.target.id] for one in snapshot.targets if one.target.id in self._targets]:
            if watched.observer is None and watched.was_read and _is_known(watched.state):
                watched.observer = self._make_observer(_services(watched.state))
            if watched.observer is not None and watched.readings.waiting:
                watched.readings.waiting = False
                things = things_of(watched.state, watched.gets, snapshot.window_s, snapshot.taken_at)
                watched.observer.observe(things, snapshot.taken_at)

    def _seen(self, watched: _Watched, observer: Observer) -> Seen:
        target = watched.state.target
        services, remarks = _services(watched.state), _remarks(watched.state)
        return Seen(self._name(target.name), frozenset(_KINDS[target.kind]), services, observer, remarks)

    def _unreached(self, state: TargetState) -> Unreached:
        name = self._name(state.target.name)
        failure = next((source.failure for source in state.sources if source.failure is not None), None)
        if failure is not None:
            return Unreached(source=name, why=failure.message, help=failure.help)
        return Unreached(source=name, why=f"{name} gave no figures.", help="Give it more time.")

    def _name(self, target: str) -> str:
        return f"{self._place}: {target}" if self._place else target


def _is_known(state: TargetState) -> bool:
    return state.target.kind != "application" or state.application is not None


def _services(state: TargetState) -> tuple[str | None, ...]:
    return (state.target.name, state.application.service if state.application is not None else None)


def _remarks(state: TargetState) -> tuple[str, ...]:
    application = state.application
    if application is not None and application.format != "perftui":
        return (
            "percentiles other than 50, 95 and 99 are known by their neighbours only",
            "times and shares are those of the time that it was watched, where there were requests in it, else since "
            "its start; rates are those of the last moment",
        )
    if state.queries is not None:
        return ("shapes are judged by the executions that the profiler or the log kept, the slow ones",)
    return ()
