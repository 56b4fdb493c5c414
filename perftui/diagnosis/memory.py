"""The past of every signal, from the Snapshots alone: a replay remembers the same."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from perftui.diagnosis.signals import SIGNALS, Signal
from perftui.diagnosis.subjects import Figures, endpoint_figures, shape_figures
from perftui.diagnosis.track import KEPT, KEPT_OF_MANY, Track
from perftui.model.snapshot import Snapshot, TargetState

_Made = TypeVar("_Made")
_MOST = 400
"""Subjects in all, an endpoint or a shape each; the one unseen for longest makes room."""
_MOST_USUAL = 500
_SLOTS = ("mongodb", "operations", "queries", "redis", "application", "host")
_NOTHING = Track()
_UNKNOWN: dict[str, Track] = {}
_BY_SLOT = {slot: tuple(signal for signal in SIGNALS if signal.slot == slot) for slot in _SLOTS}


class Memory:
    """Takes Snapshots in order; a slot that was not read anew adds nothing."""

    def __init__(self) -> None:
        self._subjects: OrderedDict[tuple[str, str], dict[str, Track]] = OrderedDict()
        """By target and subject, the tracks of each figure."""
        self._usual: OrderedDict[tuple[str, str, str, int], float] = OrderedDict()
        self._seen: dict[tuple[str, str], object] = {}
        self._made: dict[tuple[str, str, str], tuple[object, Any]] = {}
        self._first_at: dict[str, float] = {}

    def take(self, snapshot: Snapshot) -> None:
        """Remember what this Snapshot says."""
        for state in snapshot.targets:
            for slot in _SLOTS:
                value = getattr(state, slot)
                key = (state.target.id, slot)
                known = self._seen.get(key)
                # A recording gives an equal object where the monitor had the same.
                if value is not None and known is not value and known != value:
                    self._seen[key] = value
                    self._read(state, slot, snapshot.taken_at)

    def track(self, target_id: str, name: str, subject: str = "") -> Track:
        """An empty one where nothing is known."""
        return self._subjects.get((target_id, subject), _UNKNOWN).get(name, _NOTHING)

    def tracks(self, target_id: str, subject: str) -> Mapping[str, Track]:
        """Those of one subject by their names."""
        return self._subjects.get((target_id, subject), _UNKNOWN)

    def of(self, target_id: str, signal: Signal) -> Track:
        return self.track(target_id, signal.name)

    def usual_before(self, target_id: str, name: str, moment: float, subject: str = "") -> float | None:
        """What was usual before a moment, kept for as long as it is asked for: its readings are gone in ten minutes."""
        key = (target_id, name, subject, int(moment))
        if key in self._usual:
            self._usual.move_to_end(key)
            return self._usual[key]
        usual = self.track(target_id, name, subject).usual(moment)
        if usual is not None:
            self._usual[key] = usual
            if len(self._usual) > _MOST_USUAL:
                self._usual.popitem(last=False)
        return usual

    def once(self, state: TargetState, slot: str, what: str, make: Callable[[], _Made]) -> _Made:
        """What follows from a slot as it was read last, found once for each reading: between two nothing changes."""
        key = (state.target.id, slot, what)
        read, made = self._seen.get(key[:2]), self._made.get(key)
        if made is None or made[0] is not read:
            made = self._made[key] = read, make()
        return cast("_Made", made[1])

    def watched_since(self, target_id: str) -> float | None:
        """When something of this target was first known."""
        return self._first_at.get(target_id)

    def _read(self, state: TargetState, slot: str, at: float) -> None:
        target_id = state.target.id
        self._first_at.setdefault(target_id, at)
        own = ((signal.name, signal.read(state)) for signal in _BY_SLOT[slot])
        self._add(target_id, "", at, own)
        if slot == "application":
            for subject, figures in endpoint_figures(state):
                self._add(target_id, subject, at, figures)
        elif slot == "queries":
            for subject, figures in shape_figures(state):
                self._add(target_id, subject, at, figures)

    def _add(self, target_id: str, subject: str, at: float, figures: Figures) -> None:
        key = (target_id, subject)
        tracks = self._subjects.get(key)
        if tracks is None:
            tracks = self._subjects[key] = {}
            if len(self._subjects) > _MOST:
                self._subjects.popitem(last=False)
        self._subjects.move_to_end(key)
        for name, value in figures:
            if value is None:
                continue
            track = tracks.get(name)
            if track is None:
                track = tracks[name] = Track(KEPT_OF_MANY if subject else KEPT)
            track.add(at, value)
