"""Figures that all sections of the metrics document have: numbers, latencies, budgets."""

from typing import Annotated, Literal

import msgspec

from perftui.model.base import Model

Whole = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
Real = Annotated[float, msgspec.Meta(ge=-(2.0**62), le=2.0**62)]
"""What is larger is no measurement, and no recording could hold it."""


class HistogramDocument(Model, frozen=True, kw_only=True):
    """A sparse histogram: readers merge workers and hosts by adding counts."""

    scheme: str = "loglin16"
    unit: str = "us"
    b: tuple[tuple[Whole, Whole], ...] = ()


class LatencyDocument(Model, frozen=True, kw_only=True):
    """Seconds over the window; `None` where nothing was counted."""

    count: Whole = 0
    sum_s: Real = 0.0
    min_s: Real | None = None
    max_s: Real | None = None
    p50_s: Real | None = None
    p90_s: Real | None = None
    p95_s: Real | None = None
    p99_s: Real | None = None
    hist: HistogramDocument | None = None


class BudgetDocument(Model, frozen=True, kw_only=True):
    """One limit and how it stands."""

    expr: str
    value: Real | None = None
    """In the limit's own unit: seconds, a share or a rate a second; `None` where nothing was counted."""
    limit: Real | None = None
    ok: bool | None = None
    violations: Whole = 0
    """Requests in the budget's window that broke the limit by themselves."""
    window_s: Real | None = None
    budget: str | None = None
    """The budget's pattern."""
    state: Literal["ok", "warning", "over", "unknown"] | None = None
    """`over` and back only after several evaluations; `warning` within 20 % of the limit; `unknown`: too few."""
    since: Real | None = None
    """When this state began."""
    samples: Whole | None = None
    left: Real | None = None
    """Headroom as a share of the limit; negative beyond it."""
    left_requests: Whole | None = None
    """How many more requests of the window may break the limit by themselves: the error budget's rest."""
    burn: Real | None = None
    """How fast the error budget is used: 1 uses it up exactly over the window."""
