"""What happened between one Snapshot and the next, in sentences."""

from collections import deque
from collections.abc import Iterator, Sequence

from perftui.model.event import Event, Severity
from perftui.model.settings import Thresholds
from perftui.model.snapshot import SourceState, TargetState
from perftui.model.verdict import Verdict
from perftui.monitor.alarms import Alarms
from perftui.monitor.budget_events import BudgetNotices, told_by_applications
from perftui.monitor.index_events import index_changes
from perftui.monitor.lives import is_another_life, life_of
from perftui.monitor.rules import seconds
from perftui.monitor.verdict_events import VerdictNotices

KEPT_EVENTS = 200


class Notices:
    """Compares each target with what it was before; keeps the latest events, oldest first."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._alarms = Alarms(thresholds)
        self._budgets = BudgetNotices()
        self._verdicts = VerdictNotices()
        self._before: dict[str, TargetState] = {}
        self._kept: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._shown: tuple[Event, ...] = ()
        self._named: set[tuple[str, str, str]] = set()

    def take(self, targets: Sequence[TargetState], at: float) -> tuple[Event, ...]:
        """Take the targets of the next Snapshot; returns the latest events, the same tuple when nothing happened."""
        found: list[Event] = []
        told = told_by_applications(targets)
        for state in targets:
            before = self._before.get(state.target.id)
            if before is not state:
                self._before[state.target.id] = state
                found.extend(self._notice(before, state, at))
                found.extend(self._budgets.notice(state, at, told))
        found.extend(self._left({state.target.id for state in targets}, at))
        return self._keep(found)

    def take_verdict(self, verdict: Verdict, targets: Sequence[TargetState]) -> tuple[Event, ...]:
        """Take what is said of those targets; returns the latest events, with the verdict's change where it changed."""
        names = {state.target.id: state.target.name for state in targets}
        event = self._verdicts.notice(verdict, names, self._shown)
        return self._keep(() if event is None else (event,))

    def clock_jumped(self, at: float, seconds_missed: float) -> None:
        """This machine slept, or its clock was set; told with the next Snapshot."""
        if seconds_missed > 0:
            message = (
                f"This machine slept for {seconds(seconds_missed)}, or its clock was set: that time has no figures."
            )
        else:
            message = f"This machine's clock was set back by {seconds(-seconds_missed)}: the time axis has a gap."
        self._kept.append(Event(at=at, target_id="", kind="clock.jumped", severity="info", message=message))
        self._shown = tuple(self._kept)

    def tell(self, event: Event) -> None:
        """Keep what somebody else noticed, such as an action's outcome; told with the next Snapshot."""
        self._kept.append(event)
        self._shown = tuple(self._kept)

    def _keep(self, found: Sequence[Event]) -> tuple[Event, ...]:
        if found:
            self._kept.extend(found)
            self._shown = tuple(self._kept)
        return self._shown

    def _notice(self, before: TargetState | None, state: TargetState, at: float) -> Iterator[Event]:
        yield from self._sources(before, state, at)
        yield from self._rights(state, at)
        if before is not None:
            yield from _server_changes(before, state, at)
            yield from _lost_entries(before, state, at)
            yield from _index_changes(before, state, at)
            yield from _proofs(before, state, at)
        yield from self._alarms.notice(state, at)

    def _sources(self, before: TargetState | None, state: TargetState, at: float) -> Iterator[Event]:
        """Sources of one target that are lost for the same reason are told in one sentence."""
        known = {} if before is None else {source.source: source for source in before.sources}
        lost: dict[tuple[str, str], list[SourceState]] = {}
        back: list[SourceState] = []
        for source in state.sources:
            old = known.get(source.source)
            failed_before = old is not None and old.failure is not None
            if (
                source.failure is not None
                and not failed_before
                and source.failure.kind not in ("rights", "unsupported")
            ):
                lost.setdefault((source.failure.kind, source.failure.message), []).append(source)
            elif source.failure is None and old is not None and failed_before and source.read_at != old.read_at:
                back.append(source)
        for (_, message), sources in lost.items():
            subject = ", ".join(source.source for source in sources)
            yield _event(state, "source.lost", "critical", _named(state, message), at, subject)
        if back:
            since = min(known[source.source].failing_since or at for source in back)
            subject = ", ".join(source.source for source in back)
            message = f"{state.target.name}: {subject} answers again after {seconds(max(at - since, 0.0))}."
            yield _event(state, "source.back", "recovered", message, at, subject)

    def _rights(self, state: TargetState, at: float) -> Iterator[Event]:
        for source in state.sources:
            failure = source.failure
            refused = failure is not None and failure.kind in ("rights", "unsupported")
            if failure is not None and refused and self._first_time(state, source.source, "failure"):
                message = _named(state, f"{failure.message} {failure.help}")
                yield _event(state, "rights.missing", "warning", message, at, source.source)
            for capability in source.capabilities:
                if capability.state == "missing" and self._first_time(state, source.source, capability.name):
                    needs = f"needs {capability.needs}" if capability.needs else "needs a right that this login lacks"
                    message = f"{state.target.name}: {capability.name} ({capability.shows}) {needs}."
                    yield _event(state, "rights.missing", "warning", message, at, capability.name)

    def _first_time(self, state: TargetState, source: str, name: str) -> bool:
        key = (state.target.id, source, name)
        first = key not in self._named
        self._named.add(key)
        return first

    def _left(self, present: set[str], at: float) -> Iterator[Event]:
        for target_id in [name for name in self._before if name not in present]:
            gone = self._before.pop(target_id)
            self._alarms.forget(target_id)
            self._budgets.forget(target_id)
            self._named = {key for key in self._named if key[0] != target_id}
            if gone.target.group is not None and gone.sources:
                yield _event(gone, "member.left", "warning", f"{gone.target.name} is no longer a member.", at)


def _proofs(before: TargetState, state: TargetState, at: float) -> Iterator[Event]:
    """An index of ours whose verdict is new, unless nothing can be said of it yet."""
    known = {(proof.id, proof.ns, proof.index): proof.verdict for proof in before.proofs}
    for proof in state.proofs:
        key = (proof.id, proof.ns, proof.index)
        if proof.verdict != "waiting" and key in known and known[key] != proof.verdict:
            severity: Severity = "warning" if proof.verdict in ("worse", "no difference") else "info"
            yield _event(state, "index.proved", severity, f"{state.target.name}: {proof.message}", at, proof.ns)


def _server_changes(before: TargetState, state: TargetState, at: float) -> Iterator[Event]:
    old, new = life_of(before), life_of(state)
    name = state.target.name
    if old.uptime_s is not None and new.uptime_s is not None and is_another_life(old, new):
        message = f"{name} restarted {seconds(new.uptime_s)} ago; it had been up for {seconds(old.uptime_s)}."
        yield _event(state, "server.restarted", "warning", message, at)
    if old.role and new.role and old.role != new.role:
        yield _event(state, "role.changed", "warning", f"{name} is now {new.role}; it was {old.role}.", at)
    if old.version and new.version and old.version != new.version:
        yield _event(state, "version.changed", "info", f"{name} runs {new.version} now; it ran {old.version}.", at)


def _named(state: TargetState, message: str) -> str:
    return message if state.target.name in message else f"{state.target.name}: {message}"


def _lost_entries(before: TargetState, state: TargetState, at: float) -> Iterator[Event]:
    old, new = before.queries, state.queries
    if new is not None and old is not new:
        known = 0 if old is None else old.lost_entries
        if new.lost_entries is None and known is not None:
            message = (
                f"{state.target.name}: slow queries were overwritten before they could be read, how many is unknown."
            )
            yield _event(state, "entries.lost", "warning", message, at, "queries")
        elif new.lost_entries is not None and known is not None and new.lost_entries > known:
            number = new.lost_entries - known
            message = f"{state.target.name}: {number:,} slow queries were overwritten before they could be read."
            yield _event(state, "entries.lost", "warning", message, at, "queries")
    lost = 0 if state.redis_slow_log is None else state.redis_slow_log.lost_entries
    known_lost = 0 if before.redis_slow_log is None else before.redis_slow_log.lost_entries
    if state.redis_slow_log is not before.redis_slow_log and lost > known_lost:
        message = (
            f"{state.target.name}: {lost - known_lost:,} slow log entries were overwritten before they could be read."
        )
        yield _event(state, "entries.lost", "warning", message, at, "redis_slow_log")


def _index_changes(before: TargetState, state: TargetState, at: float) -> Iterator[Event]:
    """A secondary repeats what its primary does: it tells only where nobody else of its set may be in view."""
    if before.indexes is None or state.indexes is None or before.indexes is state.indexes:
        return
    if state.target.group is not None and state.mongodb is not None and state.mongodb.role == "SECONDARY":
        return
    for change in index_changes(before.indexes, state.indexes):
        yield _event(state, change.kind, change.severity, _named(state, change.message), at, change.subject)


def _event(
    state: TargetState, kind: str, severity: Severity, message: str, at: float, subject: str | None = None
) -> Event:
    return Event(
        at=round(at, 3), target_id=state.target.id, kind=kind, severity=severity, message=message, subject=subject
    )
