"""What each Snapshot says of itself: what happened since the one before, and what is wrong."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perftui.model.settings import Thresholds
from perftui.model.snapshot import Snapshot

if TYPE_CHECKING:
    from perftui.diagnosis.diagnosis import Diagnosis
    from perftui.monitor.events import Notices


class Judging:
    """Takes Snapshots in order, from the second on: nothing happened before the first, which waits for no import."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._at_once = False
        self._known_notices: Notices | None = None
        self._known_diagnosis: Diagnosis | None = None

    def judge_at_once(self) -> None:
        """Have what is suspected count at once, for who takes only one Snapshot."""
        self._at_once = True

    def judged(self, snapshot: Snapshot) -> Snapshot:
        """The same with its events and its verdict."""
        noticed = replace(snapshot, events=self.notices.take(snapshot.targets, snapshot.taken_at))
        verdict = self._diagnosis.take(noticed)
        if self._at_once:
            return replace(noticed, verdict=verdict)
        return replace(noticed, verdict=verdict, events=self.notices.take_verdict(verdict, snapshot.targets))

    @property
    def suspects(self) -> bool:
        """Whether something is suspected that has not lasted long enough to be told."""
        return self._known_diagnosis is not None and self._known_diagnosis.suspects

    @property
    def notices(self) -> "Notices":
        """What happened so far; others may tell it more."""
        if self._known_notices is None:
            from perftui.monitor.events import Notices

            self._known_notices = Notices(self._thresholds)
        return self._known_notices

    @property
    def _diagnosis(self) -> "Diagnosis":
        if self._known_diagnosis is None:
            from perftui.diagnosis.diagnosis import Diagnosis

            self._known_diagnosis = Diagnosis(self._thresholds, at_once=self._at_once)
        return self._known_diagnosis
