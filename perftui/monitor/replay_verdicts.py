"""A recording of an older perftui, without verdicts: each Snapshot gets the one of its time, made from those before."""

from collections import OrderedDict

from msgspec.structs import replace

from perftui.diagnosis.diagnosis import Diagnosis
from perftui.model.settings import Thresholds
from perftui.model.snapshot import Snapshot
from perftui.model.verdict import Verdict
from perftui.monitor.recording import FrameEntry
from perftui.monitor.replay import Frames

_MOST_BEFORE = 120
"""Frames read before one that is jumped to: what is usual needs a past."""
_KEPT = 600


class DiagnosedRecording:
    """Reads like a recording; a Snapshot that has a verdict keeps it."""

    def __init__(self, recording: Frames, thresholds: Thresholds) -> None:
        self.entries: tuple[FrameEntry, ...] = recording.entries
        self._recording, self._thresholds = recording, thresholds
        self._known: OrderedDict[int, Verdict] = OrderedDict()
        self._diagnosis, self._next = Diagnosis(thresholds), 0

    def snapshot(self, index: int) -> Snapshot:
        """The frame at this place. Raises `RecordingError` when the file has changed since it was opened."""
        snapshot = self._recording.snapshot(index)
        if snapshot.verdict is not None or index == 0:
            return snapshot
        known = self._known.get(index)
        return replace(snapshot, verdict=self._diagnosed(index, snapshot) if known is None else known)

    def _diagnosed(self, index: int, snapshot: Snapshot) -> Verdict:
        if index != self._next:
            self._diagnosis = Diagnosis(self._thresholds)
            for before in range(max(index - _MOST_BEFORE, 0), index):
                self._diagnosis.take(self._recording.snapshot(before))
        self._next = index + 1
        verdict = self._known[index] = self._diagnosis.take(snapshot)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return verdict
