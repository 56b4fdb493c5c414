"""Evaluates a registry's budgets every few seconds in one elected worker, tells the others, and calls back."""

import asyncio
import inspect
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from perftui.instrument.budgets.evaluation import (
    SIDE,
    STALE_S,
    Evaluated,
    Key,
    Standings,
    budget_name,
    concerned,
    evaluate_all,
    newest,
)
from perftui.instrument.budgets.subjects import Subject, subjects
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.changes import BudgetChange, ChangeKind
from perftui.model.budgets.judging import Standing

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry

EVERY_S = 5.0
_LEFT_OUT = "budget limits left out"
"""The most at once: the place of a fault, whose number never falls."""
CALLS_A_MINUTE = 30
"""Callbacks beyond these are left out and counted, however many things go over at once."""
LONGEST_CALL_S = 10.0
"""An async callback that takes longer is cancelled."""


class BudgetWatch:
    """One registry's budgets; it runs on the registry's own thread."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._calls: deque[float] = deque(maxlen=CALLS_A_MINUTE)
        self._evaluated = Evaluated()
        self._published: Any = None
        registry.every(EVERY_S, self.run)
        registry.publish(SIDE, self.published)

    def run(self) -> None:
        """One evaluation in the elected worker, from where the one elected before left off."""
        registry = self._registry
        budgets = concerned(registry.budgets, registry.service)
        if not budgets:
            self._evaluated, self._published = Evaluated(), None
            return
        reading = registry.read()
        told = newest((value for _, value in reading.side(SIDE)), reading.wall)
        self._evaluated = max(self._evaluated, told, key=lambda evaluated: evaluated.at)
        if not registry.elected:
            self._published = None  # but remembered, for the time after the elected worker
        else:
            fresh = abs(reading.wall - self._evaluated.at) < STALE_S
            before = dict(self._evaluated.standings) if fresh else {}
            self.evaluate(budgets, list(subjects(reading)), before, reading.wall)

    def evaluate(
        self, budgets: Sequence[Budget], found: Sequence[Subject], before: Mapping[Key, Standing], at: float
    ) -> None:
        """Judge at `at` (Unix seconds) what was found, and call back for what changed."""
        standings, left_out = evaluate_all(budgets, found, before, at)
        if left_out:
            faults = self._registry.faults
            faults[_LEFT_OUT] = max(faults[_LEFT_OUT], left_out)
        self._evaluated = Evaluated(at, list(standings.items()))
        self._published = msgspec.to_builtins(self._evaluated)
        self._tell(budgets, found, before, standings)

    def published(self) -> Any:
        """What every worker's document is to show; `None` in a worker that was not elected."""
        return self._published

    def _tell(
        self,
        budgets: Sequence[Budget],
        found: Sequence[Subject],
        before: Mapping[Key, Standing],
        standings: Standings,
    ) -> None:
        names = {(subject.on, *subject.key): subject.name for subject in found}
        for key, standing in standings.items():
            was_over = key in before and before[key].over
            if standing.over == was_over:
                continue
            for budget in budgets:
                callback = budget.on_violation if standing.over else budget.on_recovery
                if callback is not None and budget.on == key[0] and _is_of(key, budget):
                    kind: ChangeKind = "violation" if standing.over else "recovery"
                    self._call(callback, BudgetChange(kind, budget, names[key[:-2]], standing.document))

    def _call(self, callback: Callable[[BudgetChange], Any], change: BudgetChange) -> None:
        now = time.monotonic()
        if len(self._calls) == CALLS_A_MINUTE and now - self._calls[0] < 60:
            self._registry.faults["budget callbacks left out"] += 1
            return
        self._calls.append(now)
        self._registry.guard("budget callback", lambda: _called(callback, change))


def _is_of(key: Key, budget: Budget) -> bool:
    return key[-2] == budget_name(budget) and any(limit.expr == key[-1] for limit in budget.limits)


def _called(callback: Callable[[BudgetChange], Any], change: BudgetChange) -> None:
    answer = callback(change)
    if inspect.isawaitable(answer):
        asyncio.run(asyncio.wait_for(_awaited(answer), LONGEST_CALL_S))


async def _awaited(answer: Any) -> None:
    await answer
