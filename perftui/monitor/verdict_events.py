"""Changes of the verdict as events: a problem came, another took over, it is over."""

from collections.abc import Iterable, Mapping

from perftui.diagnosis.verdict_changes import VerdictChange, VerdictChanges, lasted
from perftui.model.event import Event, Severity
from perftui.model.verdict import Problem, Verdict

_SAID_BY = {
    "disk-full": ("threshold.crossed", "disk_share"),
    "index-build-hung": ("index.build.waiting", ""),
    "restarted": ("server.restarted", ""),
    "stepped-down": ("role.changed", ""),
    "unreachable": ("source.lost", ""),
}
"""Problems that are no more than what an event said as they began: its kind, and how its subject begins."""
_JUST_BEFORE_S = 5.0


class VerdictNotices:
    """Takes each Snapshot's verdict; damped like the lines of `perftui watch`."""

    def __init__(self) -> None:
        self._changes = VerdictChanges()
        self._is_told = True

    def notice(self, verdict: Verdict, names: Mapping[str, str], before: Iterable[Event]) -> Event | None:
        """`names` of targets by their ids. What an event `before` has said is not said again, nor that it is over."""
        change = self._changes.take(verdict)
        if change is None:
            return None
        problem, old = verdict.problem, _problem_of(change.before)
        if problem is not None:
            if change.change == "raised" and _is_said(problem, before):
                self._is_told = False
                return None
            self._is_told = True
            return _event(change, problem, problem.severity, _words(problem, old), names)
        if old is None or not self._is_told:
            return None
        # Told only once it has stayed away: it was over before that.
        return _event(change, old, "recovered", f"verdict: over after {lasted(old, verdict.since)}: {old.what}", names)


def _problem_of(verdict: Verdict | None) -> Problem | None:
    return None if verdict is None else verdict.problem


def _is_said(problem: Problem, before: Iterable[Event]) -> bool:
    kind, subject = _SAID_BY.get(problem.code, ("", ""))
    return any(
        event.kind == kind
        and event.target_id == problem.target_id
        and (event.subject or "").startswith(subject)
        and event.at >= problem.since - _JUST_BEFORE_S
        for event in before
    )


def _words(problem: Problem, old: Problem | None) -> str:
    """Without times: an event has its own, shown as the reader wants it."""
    clauses = "; ".join(part for part in (problem.what, problem.cost, problem.cause, problem.elsewhere) if part)
    if old is None:
        return f"verdict: {clauses}"
    if (old.code, old.target_id, old.subject) == (problem.code, problem.target_id, problem.subject):
        return f"verdict: now {problem.severity}: {clauses}"
    return f"verdict: now {clauses}; before it was {old.what}"


def _event(change: VerdictChange, problem: Problem, severity: Severity, words: str, names: Mapping[str, str]) -> Event:
    kinds = {"raised": "verdict.problem", "recovered": "verdict.recovered"}
    return Event(
        at=round(change.verdict.at, 3),
        target_id=problem.target_id,
        kind=kinds.get(change.change, "verdict.changed"),
        severity=severity,
        message=f"{names.get(problem.target_id, problem.target_id)}: {words}.",
        subject=problem.code,
    )
