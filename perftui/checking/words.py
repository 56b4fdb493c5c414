"""How what was measured reads."""

import re

from perftui.bench.words import duration
from perftui.checking.judge import Outcome
from perftui.model.budgets.changes import in_its_unit
from perftui.model.budgets.limits import On
from perftui.model.metrics import BudgetDocument

NOUNS: dict[On, str] = {
    "endpoint": "requests",
    "query": "executions",
    "cache": "gets",
    "redis": "gets",
    "benchmark": "samples",
}
"""What is counted of each."""
KINDS: dict[On, str] = {
    "endpoint": "endpoints",
    "query": "shapes of queries",
    "cache": "caches",
    "redis": "Redis servers",
    "benchmark": "benchmarks",
}


def lasting(seconds: float | None) -> str:
    """`45 s`, `5 min`."""
    if seconds is None:
        return "an unknown time"
    if seconds >= 120 and round(seconds) % 60 == 0:
        return f"{round(seconds) // 60} min"
    return f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:.2g} s"


def measured(outcome: Outcome) -> str:
    """Such as `812 ms; 1,204 requests in 5 min`."""
    standing = outcome.standing
    said = "unknown" if standing.value is None else _valued(standing, standing.value)
    if standing.samples is None:
        return said
    noun = NOUNS[outcome.on]
    said += f"; {standing.samples:,} {noun}"
    if outcome.counted_since_start:
        return f"{said} since its start"
    if outcome.on == "benchmark" or (outcome.figures is None and standing.window_s is None):
        return said
    covered = None if outcome.figures is None else outcome.figures.covered_s
    window_s = standing.window_s
    if covered is not None and window_s is not None and covered < 0.95 * window_s:
        return f"{said} in {lasting(covered)} (of {lasting(window_s)})"
    return f"{said} in {lasting(window_s)}"


def _valued(standing: BudgetDocument, value: float) -> str:
    """Times in the unit that fits: those of benchmarks are short."""
    is_time = re.match(r"\s*(p\(|avg|max|min)", standing.expr) is not None
    return duration(value) if is_time else in_its_unit(standing, value)


def beyond(outcome: Outcome) -> str:
    """By how much: `62 % over`."""
    standing = outcome.standing
    value, limit = standing.value, standing.limit
    if value is None or limit is None:
        return "over"
    if standing.ok is not False:
        return "was over and has not recovered"
    if "<" in standing.expr:
        return _over(value, limit)
    return _under(standing, value, limit)


def _over(value: float, limit: float) -> str:
    if not limit:
        return "over"
    share = value / limit - 1
    return f"{value / limit:,.1f} times the limit" if share >= 9 else f"{share * 100:.3g} % over"


def _under(standing: BudgetDocument, value: float, limit: float) -> str:
    if standing.expr.lstrip().startswith(("hit_rate", "efficiency")):
        points = (limit - value) * (100 if standing.expr.lstrip().startswith("hit_rate") else 1)
        return f"{points:.3g} points below"
    return f"{(1 - value / limit) * 100:.3g} % below" if limit else "below"
