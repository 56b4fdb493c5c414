"""Which limits went over and came back, with what they hold: over at once, back only after a while."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from perftui.model.budgets.standing import state_of
from perftui.model.snapshot import TargetState
from perftui.model.watch import BudgetAlert, WatchChange
from perftui.monitor.budget_events import HeldLimit, held_limits, told_by_applications

MOST_OPEN = 1000
"""Limits that are over and remembered; more are not told."""
_GONE_S = 900.0
"""How long a limit that nothing is heard of any more stays open: its application may be restarting."""

Key = tuple[str, str, str | None, str]


class BudgetChange(NamedTuple):
    key: Key
    change: WatchChange
    alert: BudgetAlert
    is_gone: bool = False
    """Recovered only in that it is not seen any more."""


class _Open(Struct):
    alert: BudgetAlert
    seen_at: float
    within_since: float | None = None


class BudgetChanges:
    """Budgets judge with hysteresis themselves; what is over must be within for `clear_after_s` to be told so."""

    def __init__(self, clear_after_s: float) -> None:
        self._clear_after_s = clear_after_s
        self._open: dict[Key, _Open] = {}

    def take(self, states: Sequence[TargetState], at: float) -> Iterator[BudgetChange]:
        elsewhere = told_by_applications(states)
        for state in states:
            for one in held_limits(state):
                if state.application is None and (one.subject, one.limit.budget, one.limit.expr) in elsewhere:
                    continue
                if (change := self._judge(state, one, at)) is not None:
                    yield change
        yield from self._gone(at)

    def _judge(self, state: TargetState, one: HeldLimit, at: float) -> BudgetChange | None:
        key = (state.target.id, one.subject, one.limit.budget, one.limit.expr)
        judged, known = state_of(one.limit), self._open.get(key)
        alert = BudgetAlert(subject=one.words, target_id=state.target.id, standing=one.limit)
        if known is None:
            if judged != "over" or len(self._open) >= MOST_OPEN:
                return None
            self._open[key] = _Open(alert, at)
            return BudgetChange(key, "raised", alert)
        known.seen_at = at
        if judged == "over":
            known.within_since, known.alert = None, alert
        elif judged in ("within", "warning"):
            known.within_since = at if known.within_since is None else min(known.within_since, at)
            if at - known.within_since >= self._clear_after_s:
                del self._open[key]
                return BudgetChange(key, "recovered", alert)
        return None

    def _gone(self, at: float) -> Iterator[BudgetChange]:
        for key in [key for key, known in self._open.items() if at - known.seen_at > _GONE_S]:
            yield BudgetChange(key, "recovered", self._open.pop(key).alert, is_gone=True)
