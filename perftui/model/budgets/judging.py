"""How one limit stands, from figures and how it stood before: a pure function."""

import math
from typing import Literal, NamedTuple

from perftui.model.base import Model
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.figures import Figures, Span
from perftui.model.budgets.limits import Limit
from perftui.model.budgets.standing import NEAR
from perftui.model.metrics import BudgetDocument

LASTED = 0.1
"""What was beyond its limit for this share of the window is over, however seldom it was looked at."""
COVERED = 0.1
"""Of a window that must have been watched before a rate is judged."""

State = Literal["ok", "warning", "over", "unknown"]


class Standing(Model, frozen=True, kw_only=True):
    """One limit on one thing: what is published, and what the next evaluation has to know."""

    document: BudgetDocument
    over: bool = False
    """Told as over, and not yet as recovered; kept while nothing can be said."""
    streak: int = 0
    """Evaluations in a row that speak for the other side."""
    streak_since: float | None = None


class _Verdict(NamedTuple):
    value: float | None
    ok: bool | None
    enough: bool
    bad: int | None = None
    """Requests that broke the limit by themselves: errors, misses, those that were slower."""
    total: int | None = None
    allowed: float | None = None
    """The share of all requests that may be such."""
    strict: bool = False
    """True: exactly that share is too many."""


def evaluate(
    budget: Budget,
    limit: Limit,
    figures: Figures,
    at: float,
    before: Standing | None = None,
    window_s: float | None = None,
) -> Standing:
    """How the limit stands at `at` (Unix seconds); `before` is what the last evaluation gave.

    `window_s` is what the figures cover at most, where that is not the budget's own window.
    """
    window_s = budget.minutes * 60.0 if window_s is None else window_s
    verdict = _judge(budget, limit, figures, window_s)
    left = _left(limit, verdict.value)
    over, streak, since = _told(budget, verdict, at, before, LASTED * window_s)
    state = _state(verdict, left, over)
    last = before.document if before is not None else None
    document = BudgetDocument(
        expr=limit.expr,
        value=verdict.value,
        limit=limit.value,
        ok=verdict.ok,
        violations=verdict.bad or 0,
        window_s=window_s,
        budget=budget.pattern,
        state=state,
        since=last.since if last is not None and last.state == state else at,
        samples=figures.count,
        left=None if left is None else round(left, 6),
        left_requests=_left_requests(verdict),
        burn=_burn(verdict),
    )
    return Standing(document=document, over=over, streak=streak, streak_since=since)


def _judge(budget: Budget, limit: Limit, figures: Figures, window_s: float) -> _Verdict:
    if limit.name in ("p", "avg", "max", "min"):
        return _latency(budget, limit, figures)
    if limit.name in ("error_rate", "hit_rate"):
        return _share(budget, limit, figures)
    if limit.name == "efficiency":
        return _verdict(limit, figures.efficiency, enough=True)
    if limit.name == "in_flight":
        return _verdict(limit, figures.in_flight, enough=True)
    return _volume(limit, figures, window_s)


def _verdict(limit: Limit, value: float | None, *, enough: bool) -> _Verdict:
    return _Verdict(value, None if value is None else limit.holds(value), enough)


def _enough(budget: Budget, figures: Figures) -> bool:
    return figures.count is None or figures.count >= budget.samples


def _latency(budget: Budget, limit: Limit, figures: Figures) -> _Verdict:
    latency = figures.latency
    if latency is None:
        return _Verdict(None, None, enough=False)
    enough = _enough(budget, figures)
    if limit.name != "p":
        known = {"avg": latency.average_s, "max": latency.max_s, "min": latency.min_s}[limit.name]
        verdict = _verdict(limit, known, enough=enough)
        return verdict._replace(bad=latency.above(limit.value)) if limit.below else verdict
    value = _certain(limit, latency.quantile_s(limit.q))
    return _Verdict(
        value,
        None if value is None else limit.holds(value),
        enough,
        latency.above(limit.value),
        figures.count,
        1 - limit.q,
    )


def _certain(limit: Limit, span: Span | None) -> float | None:
    """The value where it is known, else the end of the span that decides; `None` where the limit lies inside it."""
    if span is None or span.low == span.high:
        return None if span is None else span.low
    if limit.holds(span.high):
        return span.high
    return None if limit.holds(span.low) else span.low


def _share(budget: Budget, limit: Limit, figures: Figures) -> _Verdict:
    if limit.name == "error_rate":
        total, part, known = figures.count, figures.errors, figures.error_rate
        bad, allowed = part, limit.value
    else:
        total = None if figures.hits is None or figures.misses is None else figures.hits + figures.misses
        part, known = figures.hits, figures.hit_rate
        bad, allowed = figures.misses, 1 - limit.value
    value = known if part is None or total is None else part / total if total else None
    if bad is None and value is not None and total is not None:
        bad = round((value if limit.name == "error_rate" else 1 - value) * total)
    ok = None if value is None else limit.holds(value)
    return _Verdict(value, ok, _enough(budget, figures), bad, total, allowed, strict=limit.op in ("<", ">"))


def _volume(limit: Limit, figures: Figures, window_s: float) -> _Verdict:
    """Counts and rates: none is few too, but only once the window was watched."""
    covered = figures.covered_s or 0.0
    if limit.name == "rate":
        value = figures.rate_per_s
        if value is None and figures.count is not None and covered > 0:
            value = figures.count / covered
        return _verdict(limit, value, enough=covered >= COVERED * window_s)
    verdict = _verdict(limit, figures.count, enough=covered >= window_s * 0.99)
    certain = verdict.ok is not limit.below  # what the rest of the window cannot change any more
    return verdict._replace(enough=certain or verdict.enough)


def _left(limit: Limit, value: float | None) -> float | None:
    """Headroom as a share of the limit, negative beyond it; of what may not fall, as a share of what may lack."""
    if value is None:
        return None
    if limit.below:
        return 1 - value / limit.value if limit.value else (1.0 if value == 0 else -1.0)
    most = {"hit_rate": 1.0, "efficiency": 100.0}.get(limit.name)
    if most is not None:
        return (value - limit.value) / (most - limit.value) if most > limit.value else value - limit.value
    return 1 - limit.value / value if value else -1.0


def _told(
    budget: Budget, verdict: _Verdict, at: float, before: Standing | None, long_s: float
) -> tuple[bool, int, float | None]:
    """Whether it counts as over, and since when and how often in a row the figures speak against that."""
    over = before.over if before is not None else False
    if verdict.ok is None or not verdict.enough or verdict.ok is not over:
        return over, 0, None
    streak = (before.streak if before is not None else 0) + 1
    since = before.streak_since if before is not None and before.streak_since is not None else at
    lasted = at - since >= long_s
    if streak >= budget.evaluations or lasted:
        return not over, 0, None
    return over, streak, since


def _state(verdict: _Verdict, left: float | None, over: bool) -> State:
    if verdict.ok is None or not verdict.enough:
        return "unknown"
    if over:
        return "over"
    return "warning" if not verdict.ok or (left is not None and left < NEAR) else "ok"


def _left_requests(verdict: _Verdict) -> int | None:
    """The error budget's remaining requests: how many more of the window's may break the limit by themselves."""
    if verdict.bad is None or verdict.total is None or verdict.allowed is None:
        return None
    exact = verdict.allowed * verdict.total
    most = math.ceil(exact - 1e-9) - 1 if verdict.strict else math.floor(exact + 1e-9)
    return most - verdict.bad


def _burn(verdict: _Verdict) -> float | None:
    """How fast the error budget is used: 1 uses it up exactly over the window."""
    if verdict.bad is None or not verdict.total or not verdict.allowed:
        return None
    return round(verdict.bad / verdict.total / verdict.allowed, 6)
