"""What a rule is given: the Snapshot, the past of every signal, and what is held for true already."""

from collections.abc import Iterator, Mapping

from perftui.diagnosis.memory import Memory
from perftui.diagnosis.places import Places, process_on
from perftui.diagnosis.rule import Suspicion
from perftui.diagnosis.subjects import operations_of
from perftui.diagnosis.track import Change, Track
from perftui.model.event import Event
from perftui.model.host import Process
from perftui.model.operation import Operation
from perftui.model.settings import Thresholds
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import TargetKind

_EARLIER_S = 5.0
"""What was read so shortly before something began may be of it."""
Key = tuple[str, str, str]
"""Code, target and subject."""


class Moment:
    """One Snapshot with its past."""

    def __init__(
        self,
        snapshot: Snapshot,
        memory: Memory,
        thresholds: Thresholds,
        held: Mapping[Key, Suspicion],
        places: Places,
        *,
        at_once: bool = False,
    ) -> None:
        self.snapshot, self.memory, self.thresholds, self._at_once = snapshot, memory, thresholds, at_once
        self.now = snapshot.taken_at
        self._held, self.places = held, places
        self._running: dict[tuple[str, float], list[Operation]] = {}

    def states(self, kind: TargetKind) -> Iterator[TargetState]:
        for state in self.snapshot.targets:
            if state.target.kind == kind:
                yield state

    def fresh(self, kind: TargetKind, slot: str) -> Iterator[TargetState]:
        """Those whose figures are of now: an old figure proves nothing."""
        for state in self.states(kind):
            if getattr(state, slot) is not None and not state.is_silent(slot):
                yield state

    def running(self, state: TargetState, for_s: float = 0.0) -> list[Operation]:
        """What works for clients, for so long at least; kept for all rules, for in trouble there are thousands."""
        key = (state.target.id, for_s)
        if key not in self._running:
            listed = operations_of(state)
            self._running[key] = (
                [one for one in self.running(state) if (one.running_s or 0.0) >= for_s]
                if for_s
                else [one for one in listed if one.active and one.noise is None]
            )
        return self._running[key]

    def track(self, state: TargetState, name: str, subject: str = "") -> Track:
        return self.memory.track(state.target.id, name, subject)

    def tracks(self, state: TargetState, subject: str) -> Mapping[str, Track]:
        """All that are known of one subject."""
        return self.memory.tracks(state.target.id, subject)

    def lately(self, state: TargetState, name: str, subject: str = "", seconds: float = 5.0) -> float | None:
        """The median of the last seconds."""
        return self.track(state, name, subject).lately(self.now, seconds)

    def least(self, state: TargetState, name: str, seconds: float, readings: int = 3, subject: str = "") -> float:
        """The smallest of the last seconds, but for one stray; 0 while there are too few readings.

        Who has only one Snapshot takes what there is.
        """
        track = self.track(state, name, subject)
        if self._at_once and (values := track.since(self.now - seconds)):
            return min(values)
        return track.least(self.now, seconds, readings)

    def usual(
        self, state: TargetState, name: str, code: str, subject: str = "", *, of_target: bool = False
    ) -> float | None:
        """What was usual before the problem of this code began: once it holds, that stays what it was then.

        `of_target`: the figure is the whole target's, only the problem is the subject's.
        """
        track = self.track(state, name, "" if of_target else subject)
        return self.usual_of(track, name, (code, state.target.id, subject))

    def usual_of(self, track: Track, name: str, problem: Key) -> float | None:
        """The same, for who has the track of that figure already."""
        held = self._held.get(problem)
        return track.usual(self.now - 8.0) if held is None else held.figures.get(f"usual {name}")

    def usual_before(self, state: TargetState, name: str, since: float) -> float | None:
        """What was usual before something began; remembered for as long as that lasts."""
        return self.memory.usual_before(state.target.id, name, since - _EARLIER_S)

    def change(self, state: TargetState, name: str, since: float | None = None) -> Change | None:
        """The step to the level of now, if there was one. `since`: from what was usual before then, however long ago;
        `None` too where nothing is known of that."""
        if since is None:
            return self.track(state, name).change(self.now)
        usual = self.usual_before(state, name, since)
        return None if usual is None else self.track(state, name).change(self.now, usual)

    def since(self, code: str, target_id: str, subject: str = "") -> float:
        """When this problem began; now, where it is not held for true."""
        held = self._held.get((code, target_id, subject))
        return self.now if held is None or held.since is None else held.since

    def holds(self, code: str, target_id: str, subject: str = "") -> bool:
        """Whether this problem is held for true."""
        return (code, target_id, subject) in self._held

    def events(self, *kinds: str, within_s: float, target_id: str | None = None) -> Iterator[Event]:
        """The latest first."""
        for event in reversed(self.snapshot.events):
            if event.at < self.now - within_s:
                return
            if event.kind in kinds and target_id in (None, event.target_id):
                yield event

    def machine_of(self, state: TargetState) -> TargetState | None:
        """The machine on which this target's server runs, where that is read."""
        machines = self.fresh("host", "host")
        return next((one for one in machines if self.places.is_on(one.target.id, state.target.id)), None)

    def process_of(self, state: TargetState) -> Process | None:
        """This target's server, where its machine is read."""
        machine = self.machine_of(state)
        return None if machine is None else process_on(machine, state)
