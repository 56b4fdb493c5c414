"""When another verdict is worth a line: only after it has stood, and recovered only after it has stayed away."""

from typing import Literal, NamedTuple

from perftui.model.verdict import Problem, Verdict
from perftui.model.watch import WatchChange

Key = tuple[object, ...]
_Way = Literal["same", "worse", "milder", "raised", "other problem", "other calm", "calm"]

RAISED_S = 2.0
"""The rules have waited already: this only keeps a moment's ranking from being told."""
OTHER_S = 10.0
CLEAR_AFTER_S = 30.0
_RETURNED_WITHIN_S = 600.0
_MOST_PATIENCE = 16
"""How much longer than usual something that keeps coming back must stay away."""
_CHANGES: dict[_Way, WatchChange] = {"raised": "raised", "calm": "recovered"}


class VerdictChange(NamedTuple):
    change: WatchChange
    verdict: Verdict
    before: Verdict | None
    """What was told last."""


class VerdictChanges:
    """Takes each Snapshot's verdict and says which are to be told.

    A problem that returns within ten minutes of its end must stay away twice as long before it is over again.
    """

    def __init__(self, clear_after_s: float = CLEAR_AFTER_S) -> None:
        self._clear_after_s = clear_after_s
        self._told: Verdict | None = None
        self._way: _Way = "same"
        self._way_since = 0.0
        self._recovered: tuple[Key, float] | None = None
        self._patience = 1

    def take(self, verdict: Verdict) -> VerdictChange | None:
        if verdict.status == "looking":
            return None
        way = self._way_of(verdict)
        if way != self._way or verdict.at < self._way_since:
            self._way, self._way_since = way, verdict.at
        if way == "same" or verdict.at - self._way_since < self._stands_s(way):
            return None
        return self._tell(verdict, way)

    def _way_of(self, verdict: Verdict) -> _Way:
        told = self._told
        if told is None or told.problem is None:
            if verdict.problem is not None:
                return "raised"
            return "same" if told is not None and key_of(told) == key_of(verdict) else "other calm"
        if verdict.problem is None:
            return "calm"
        if key_of(verdict) != key_of(told):
            return "other problem"
        if verdict.problem.severity == told.problem.severity:
            return "same"
        return "worse" if verdict.problem.severity == "critical" else "milder"

    def _stands_s(self, way: _Way) -> float:
        if way in ("raised", "worse"):
            return RAISED_S
        if way == "other problem":
            return OTHER_S
        if self._told is None:
            return 0.0
        return self._clear_after_s * (self._patience if way == "calm" else 1)

    def _tell(self, verdict: Verdict, way: _Way) -> VerdictChange:
        before, self._told = self._told, verdict
        self._way, self._way_since = "same", verdict.at
        self._remember(way, verdict, before)
        change: WatchChange = "first" if before is None and way == "other calm" else _CHANGES.get(way, "changed")
        return VerdictChange(change, verdict, before)

    def _remember(self, way: _Way, verdict: Verdict, before: Verdict | None) -> None:
        """How often what is told now has come back."""
        if way == "calm" and before is not None:
            self._recovered = (key_of(before), verdict.at)
        elif way == "raised":
            key, at = self._recovered or ((), 0.0)
            returned = key == key_of(verdict) and verdict.at - at < _RETURNED_WITHIN_S
            self._patience = min(2 * self._patience, _MOST_PATIENCE) if returned else 1


def lasted(problem: Problem, until: float) -> str:
    """How long it was so: `42 s`, `12 min`, `3 h 5 min`."""
    whole = max(0, round(until - problem.since))
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h {whole % 3600 // 60} min"


def key_of(verdict: Verdict) -> Key:
    """What makes it another verdict: not its figures, which change from second to second."""
    problem = verdict.problem
    if problem is None:
        return (verdict.status, tuple(one.what for one in verdict.unseen))
    return problem.code, problem.target_id, problem.subject
