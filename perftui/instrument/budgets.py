"""Limits on endpoints, as `Budget("GET /api/items/*", "p(95)<500ms", "error_rate<1%", window="5m")`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import NamedTuple

from perftui.instrument.series import SLOTS, Merged
from perftui.model.metrics import BudgetDocument

_LIMIT = re.compile(
    r"\s*(?:p\((?P<q>\d{1,2}(?:\.\d+)?)\)|(?P<name>avg|max|error_rate|rate))\s*(?P<op><=|<|>=|>)\s*"
    r"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>us|ms|s|%|/s)?\s*"
)
_OPERATORS = {"<": lt, "<=": le, ">": gt, ">=": ge}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_WINDOW = re.compile(r"(?P<number>\d{1,5})(?P<unit>s|m|h)")
_WINDOW_UNITS = {"s": 1, "m": 60, "h": 3600}


class Limit(NamedTuple):
    expr: str
    name: str
    """`p`, `avg`, `max`, `error_rate` or `rate`."""
    q: float
    op: str
    value: float


class Figures(NamedTuple):
    """What a budget judges: one endpoint over the budget's window."""

    merged: Merged
    errors: int
    covered_s: float


def window_minutes(text: str) -> int:
    """`30s`, `5m` or `1h` as whole minutes, 1 to 60. Raises `ValueError` in words."""
    match = _WINDOW.fullmatch(text)
    seconds = int(match["number"]) * _WINDOW_UNITS[match["unit"]] if match else 0
    if not 0 < seconds <= SLOTS * 60:
        raise ValueError(f"window must be between 1s and 60m, such as 30s, 5m or 1h, not {text[:40]!r}")
    return -(-seconds // 60)


@lru_cache(maxsize=1000)
def parse_limit(expr: str) -> Limit:
    """Raises `ValueError` in words."""
    match = _LIMIT.fullmatch(expr)
    if match is None:
        raise ValueError(f"{expr[:60]!r} is no limit: write p(95)<500ms, avg<0.2s, max<2s, error_rate<1% or rate>5/s")
    name, unit, value = match["name"] or "p", match["unit"], float(match["value"])
    wanted: Sequence[str | None] = ("%", None) if name == "error_rate" else ("/s", None) if name == "rate" else ()
    if (wanted and unit not in wanted) or (not wanted and unit not in _SECONDS):
        raise ValueError(f"{expr[:60]!r} has no fitting unit: times take us, ms or s, error_rate %, rate /s")
    value = value / 100 if unit == "%" else value * _SECONDS.get(unit or "", 1.0)
    return Limit(expr, name, float(match["q"] or 0) / 100, match["op"], value)


@dataclass(frozen=True, init=False)
class Budget:
    """Limits on the endpoints that a pattern names; `*` stands for anything, a method in front is optional."""

    pattern: str
    limits: tuple[Limit, ...]
    minutes: int

    def __init__(self, pattern: str, *limits: str, window: str = "5m") -> None:
        """Raises `ValueError` for a limit or a window that cannot be read."""
        if not limits:
            raise ValueError(f"the budget of {pattern!r} has no limit")
        object.__setattr__(self, "pattern", pattern)
        object.__setattr__(self, "limits", tuple(parse_limit(limit) for limit in limits))
        object.__setattr__(self, "minutes", window_minutes(window))

    def matches(self, method: str, route: str) -> bool:
        return fnmatchcase(f"{method} {route}" if " " in self.pattern else route, self.pattern)

    def evaluate(self, figures: Figures) -> tuple[BudgetDocument, ...]:
        return tuple(_judge(limit, figures, self.minutes * 60) for limit in self.limits)


def _judge(limit: Limit, figures: Figures, window_s: float) -> BudgetDocument:
    value = _value(limit, figures)
    ok = None if value is None else bool(_OPERATORS[limit.op](value, limit.value))
    return BudgetDocument(
        expr=limit.expr,
        value=value,
        limit=limit.value,
        ok=ok,
        violations=_violations(limit, figures),
        window_s=window_s,
    )


def _value(limit: Limit, figures: Figures) -> float | None:
    merged = figures.merged
    if limit.name == "rate":
        return merged.count / figures.covered_s if figures.covered_s > 0 else None
    if not merged.count:
        return None
    if limit.name == "error_rate":
        return figures.errors / merged.count
    if limit.name == "avg":
        return merged.sum_us / merged.count / 1e6
    return merged.max_us / 1e6 if limit.name == "max" else merged.quantile_s(limit.q)


def _violations(limit: Limit, figures: Figures) -> int:
    if limit.name == "error_rate":
        return figures.errors
    return figures.merged.above(limit.value) if limit.name in ("p", "avg", "max") and limit.op in ("<", "<=") else 0
