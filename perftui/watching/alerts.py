"""Snapshots in, lines out: what changed in verdicts and budgets, in sentences."""

import uuid
from collections.abc import Iterator

from perftui.diagnosis.verdict_changes import CLEAR_AFTER_S, VerdictChange, VerdictChanges, lasted
from perftui.model.budgets.changes import words
from perftui.model.event import Severity
from perftui.model.snapshot import Snapshot
from perftui.model.watch import WatchLine
from perftui.watching.budget_changes import BudgetChange, BudgetChanges, Key


class Alerts:
    """Takes Snapshots in order; gives the lines that each brings, seldom any."""

    def __init__(self, clear_after_s: float = CLEAR_AFTER_S) -> None:
        self._verdicts, self._budgets = VerdictChanges(clear_after_s), BudgetChanges(clear_after_s)
        self._incident: str | None = None
        self._budget_incidents: dict[Key, str] = {}

    def take(self, snapshot: Snapshot) -> Iterator[WatchLine]:
        if snapshot.verdict is not None and (change := self._verdicts.take(snapshot.verdict)) is not None:
            yield self._of_verdict(change)
        for budget in self._budgets.take(snapshot.targets, snapshot.taken_at):
            yield self._of_budget(snapshot, budget)

    def _of_verdict(self, change: VerdictChange) -> WatchLine:
        verdict = change.verdict
        if change.change == "raised":
            self._incident = new_id()
        line = WatchLine(
            kind="verdict",
            id=new_id(),
            at=verdict.at,
            severity=_severity(change),
            change=change.change,
            incident=self._incident,
            message=_words(change),
            verdict=verdict,
        )
        if change.change == "recovered":
            self._incident = None
        return line

    def _of_budget(self, snapshot: Snapshot, change: BudgetChange) -> WatchLine:
        raised, alert = change.change == "raised", change.alert
        incident = self._budget_incidents.get(change.key) or new_id()
        if raised:
            self._budget_incidents[change.key] = incident
        else:
            self._budget_incidents.pop(change.key, None)
        name = next((one.target.name for one in snapshot.targets if one.target.id == alert.target_id), alert.target_id)
        what = "over its budget" if raised else "within its budget again"
        if change.is_gone:
            what = "not seen any more, so its budget says nothing; it was last"
        return WatchLine(
            kind="budget",
            id=new_id(),
            at=snapshot.taken_at,
            severity="critical" if raised else "recovered",
            change=change.change,
            incident=incident,
            message=f"{name}: {alert.subject} is {what}: {words(alert.standing)}.",
            budget=alert,
        )


def new_id() -> str:
    return uuid.uuid4().hex


def _severity(change: VerdictChange) -> Severity:
    if change.verdict.problem is not None:
        return change.verdict.problem.severity
    if change.change == "recovered":
        return "recovered"
    return "warning" if change.verdict.status == "cannot tell" else "info"


def _words(change: VerdictChange) -> str:
    before = change.before.problem if change.before is not None else None
    if change.change != "recovered" or before is None:
        return change.verdict.message
    over = lasted(before, change.verdict.at)
    return f"recovered: {before.what}: over after {over}. Now {change.verdict.message}"
