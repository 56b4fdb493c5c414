"""The past of every signal, from the Snapshots alone: a replay remembers the same."""

from collections import OrderedDict

from perftui.diagnosis.signals import SIGNALS, Signal, endpoint_figures, shape_figures
from perftui.diagnosis.track import KEPT, KEPT_OF_MANY, Track
from perftui.model.snapshot import Snapshot, TargetState

_MOST = 2000
"""Tracks in all; the one unseen for longest makes room."""
_SLOTS = ("mongodb", "operations", "queries", "redis", "application", "host")
_NOTHING = Track()
_BY_SLOT = {slot: tuple(signal for signal in SIGNALS if signal.slot == slot) for slot in _SLOTS}


class Memory:
    """Takes Snapshots in order; a slot that was not read anew adds nothing."""

    def __init__(self) -> None:
        self._tracks: OrderedDict[tuple[str, str, str], Track] = OrderedDict()
        self._seen: dict[tuple[str, str], object] = {}
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
        return self._tracks.get((target_id, name, subject), _NOTHING)

    def of(self, target_id: str, signal: Signal) -> Track:
        return self.track(target_id, signal.name)

    def watched_since(self, target_id: str) -> float | None:
        """When something of this target was first known."""
        return self._first_at.get(target_id)

    def _read(self, state: TargetState, slot: str, at: float) -> None:
        target_id = state.target.id
        self._first_at.setdefault(target_id, at)
        for signal in _BY_SLOT[slot]:
            value = signal.read(state)
            if value is not None:
                self._add(target_id, signal.name, "", at, value)
        if slot == "application":
            for subject, name, value in endpoint_figures(state):
                self._add(target_id, name, subject, at, value)
        elif slot == "queries":
            for subject, name, value in shape_figures(state):
                self._add(target_id, name, subject, at, value)

    def _add(self, target_id: str, name: str, subject: str, at: float, value: float) -> None:
        key = (target_id, name, subject)
        track = self._tracks.get(key)
        if track is None:
            track = self._tracks[key] = Track(KEPT_OF_MANY if subject else KEPT)
            if len(self._tracks) > _MOST:
                self._tracks.popitem(last=False)
        self._tracks.move_to_end(key)
        track.add(at, value)
