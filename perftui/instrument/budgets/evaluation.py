"""One evaluation of a registry's budgets, and how the elected worker's is handed on to the others."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from perftui.instrument.budgets.subjects import Subject
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.judging import Standing, evaluate

MOST_STANDINGS = 1000
"""Limits on things that are evaluated; what is beyond is not."""
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


def evaluate_all(
    budgets: Sequence[Budget], found: Iterable[Subject], before: Mapping[Key, Standing], at: float
) -> Standings:
    """Each limit on each thing that it holds, as it stands at `at` (Unix seconds)."""
    standings: Standings = {}
    for subject in found:
        for budget in budgets:
            if subject.held_by(budget) and len(standings) < MOST_STANDINGS:
                figures = subject.figures(budget.minutes)
                for limit in budget.limits:
                    key = (subject.on, *subject.key, budget_name(budget), limit.expr)
                    standings[key] = evaluate(budget, limit, figures, at, before.get(key))
    return standings


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
