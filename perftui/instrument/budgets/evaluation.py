"""One evaluation of a registry's budgets, and how the elected worker's is handed on to the others."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec

from perftui.instrument.budgets.subjects import Subject
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.judging import Standing, evaluate

MOST_STANDINGS = 3_000
"""Limits on things that are evaluated; what is beyond is counted only: a window of one thing takes some 0.3 ms."""
STALE_S = 60.0
"""What was published longer ago than this stands no more: its worker is gone, or hangs."""
SIDE = "budgets"

Key = tuple[str, ...]
"""What the thing is, its names, the budget by `budget_name`, and the limit: workers may have made them in any order."""
Standings = dict[Key, Standing]


class Evaluated(msgspec.Struct, array_like=True):
    """What the elected worker publishes."""

    at: float = 0.0
    standings: list[tuple[Key, Standing]] = []


class Judged(NamedTuple):
    """One evaluation."""

    standings: Standings
    left_out: int
    """Limits on things beyond the bound."""

    def remarks(self) -> tuple[str, ...]:
        """What a reader should know of it, in words."""
        if not self.left_out:
            return ()
        return (f"{self.left_out:,} limits of budgets are not judged: at most {MOST_STANDINGS:,} are.",)


def evaluate_all(
    budgets: Sequence[Budget], found: Iterable[Subject], before: Mapping[Key, Standing], at: float
) -> Judged:
    """Each limit on each thing that it holds, as it stands at `at` (Unix seconds).

    Budgets that name one thing come first: those on all things must not take their place.
    """
    figures_of = cache(lambda subject, minutes: subject.figures(minutes))  # most budgets share their windows
    standings: Standings = {}
    left_out = 0
    for budget, subject in _pairs(budgets, tuple(found)):
        if len(standings) >= MOST_STANDINGS:
            left_out += len(budget.limits)
            continue
        figures = figures_of(subject, budget.minutes)
        for limit in budget.limits:
            key = (subject.on, *subject.key, budget_name(budget), limit.expr)
            standings[key] = evaluate(budget, limit, figures, at, before.get(key))
    return Judged(standings, left_out)


def _pairs(budgets: Sequence[Budget], found: Sequence[Subject]) -> Iterator[tuple[Budget, Subject]]:
    """Each budget with what it holds, the exact ones first."""
    exact = [budget for budget in budgets if "*" not in budget.pattern]
    others = [budget for budget in budgets if "*" in budget.pattern]
    for group in (exact, others):
        for subject in found if group else ():
            for budget in group:
                if subject.held_by(budget):
                    yield budget, subject


def budget_name(budget: Budget) -> str:
    """What tells it from the others in every worker."""
    return f"{budget.minutes}m {budget.pattern}"


def concerned(budgets: Sequence[Budget], service: str | None) -> list[Budget]:
    """Those that mean this application."""
    return [budget for budget in budgets if budget.concerns(service)]


def newest(published: Iterable[Any], now: float | None = None) -> Evaluated:
    """The last evaluation of any worker; empty where it is too old to be told."""
    found = Evaluated()
    for value in published:
        try:
            one = msgspec.convert(value, Evaluated) if value else Evaluated()
        except msgspec.ValidationError:
            continue  # of another version of perftui
        found = max(found, one, key=lambda evaluated: evaluated.at)
    now = time.time() if now is None else now
    return found if abs(now - found.at) < STALE_S else Evaluated()
