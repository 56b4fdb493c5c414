"""The grammar of a limit: `p(95)<500ms`, `error_rate<1%`, `hit_rate>80%`. What cannot be read becomes a sentence."""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from perftui.model.names import closest

On = Literal["endpoint", "query", "cache", "redis", "benchmark"]
"""What a budget holds: endpoints, shapes of MongoDB queries, an application's caches, a Redis server, a benchmark."""
ON: tuple[On, ...] = ("endpoint", "query", "cache", "redis", "benchmark")
A_THING: dict[On, str] = {
    "endpoint": "an endpoint",
    "query": "a query",
    "cache": "a cache",
    "redis": "a Redis server",
    "benchmark": "a benchmark",
}
SLOTS = 60
"""Minutes of history that an application keeps: no window is longer."""

_LIMIT = re.compile(
    r"\s*(?:p\(\s*(?P<q>\d{1,3}(?:\.\d+)?)\s*\)|(?P<name>[A-Za-z_]+))\s*(?P<op><=|<|>=|>)\s*"
    r"(?P<value>\d{1,12}(?:\.\d{1,9})?)\s*(?P<unit>[A-Za-z%/]{1,3})?\s*"
)
_SHORT_QUANTILE = re.compile(r"\s*p(?P<q>\d{1,2}(?:\.\d+)?)\s*(?P<rest>[<>].*)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_UNITS: dict[str, tuple[str | None, ...]] = {
    **dict.fromkeys(("p", "avg", "max", "min"), ("us", "ms", "s")),
    **dict.fromkeys(("error_rate", "hit_rate"), ("%", None)),
    "rate": ("/s", None),
    **dict.fromkeys(("count", "efficiency", "in_flight"), (None,)),
}
NAMES = tuple(_UNITS)
_EXAMPLES = {
    "p": "p(95)<500ms",
    "avg": "avg<200ms",
    "max": "max<2s",
    "min": "min<50ms",
    "count": "count>=100",
    "rate": "rate>5/s",
    "error_rate": "error_rate<1%",
    "hit_rate": "hit_rate>80%",
    "efficiency": "efficiency>70",
    "in_flight": "in_flight<50",
}
_ONLY_BELOW = frozenset(("p", "avg", "max", "error_rate", "in_flight"))
_ONLY_ABOVE = frozenset(("hit_rate", "efficiency"))
_TIMES = frozenset(("p", "avg", "max", "min", "count", "rate"))
_OF: dict[On, frozenset[str]] = {
    "endpoint": _TIMES | {"error_rate", "in_flight"},
    "query": _TIMES | {"error_rate"},
    "cache": _TIMES | {"hit_rate", "efficiency"},
    "redis": frozenset(("hit_rate", "rate")),
    "benchmark": _TIMES,
}
_WINDOW = re.compile(r"\s*(?P<number>\d{1,5})\s*(?P<unit>s|m|h)\s*")
_WINDOW_UNITS = {"s": 1, "m": 60, "h": 3600}


class Limit(NamedTuple):
    """What must hold. `value` is in seconds, a share, a rate a second, a number or points."""

    expr: str
    name: str
    q: float
    """Of `p`: the quantile, 0 to 1."""
    op: str
    value: float

    @property
    def below(self) -> bool:
        """True: kept while the figure is below the value."""
        return self.op in ("<", "<=")

    def holds(self, value: float) -> bool:
        if self.op == "<":
            return value < self.value
        if self.op == "<=":
            return value <= self.value
        return value > self.value if self.op == ">" else value >= self.value


def window_minutes(text: str) -> int:
    """`30s`, `5m` or `1h` as whole minutes, 1 to 60. Raises `ValueError` in words."""
    match = _WINDOW.fullmatch(text)
    seconds = int(match["number"]) * _WINDOW_UNITS[match["unit"]] if match else 0
    if not 0 < seconds <= SLOTS * 60:
        raise ValueError(f"the window must be between 1s and 60m, such as 30s, 5m or 1h, not {text[:40]!r}")
    return -(-seconds // 60)


@lru_cache(maxsize=1000)
def parse_limit(expr: str) -> Limit:
    """Raises `ValueError` in words, with what to write instead."""
    match = _LIMIT.fullmatch(expr)
    if match is None:
        raise ValueError(_unreadable(expr))
    name, unit, op = match["name"] or "p", match["unit"], match["op"]
    if name not in _UNITS:
        raise ValueError(f"{expr[:60]!r} is no limit: {_unknown(name)}")
    if unit not in _UNITS[name]:
        raise ValueError(f"{expr[:60]!r} has no fitting unit: {_wrong_unit(name)}; write {_EXAMPLES[name]}")
    if (name in _ONLY_BELOW and op[0] != "<") or (name in _ONLY_ABOVE and op[0] != ">"):
        raise ValueError(f"{expr[:60]!r} would be kept only while things are bad; write {_EXAMPLES[name]}")
    value = float(match["value"])
    value = value / 100 if unit == "%" else value * _SECONDS.get(unit or "", 1.0)
    limit = Limit(expr.strip(), name, _quantile(expr, match["q"]), op, value)
    _check_value(limit)
    return limit


def check_fits(limit: Limit, on: On) -> None:
    """Raises `ValueError` where such a thing has no such figure."""
    if limit.name not in _OF[on]:
        fitting = ", ".join(_EXAMPLES[name] for name in NAMES if name in _OF[on])
        raise ValueError(f"{limit.expr!r}: {A_THING[on]} has no {limit.name}; write one of {fitting}")


def _quantile(expr: str, text: str | None) -> float:
    if text is None:
        return 0.0
    percent = float(text)
    if not 50 <= percent <= 99.9:
        raise ValueError(f"{expr[:60]!r}: the percentile must be from 50 to 99.9; write p(95)<500ms")
    return percent / 100


def _check_value(limit: Limit) -> None:
    if limit.name in ("error_rate", "hit_rate") and limit.value > 1:
        raise ValueError(f"{limit.expr!r}: a share is at most 100 %; write {_EXAMPLES[limit.name]}")
    if limit.name == "efficiency" and limit.value > 100:
        raise ValueError(f"{limit.expr!r}: efficiency runs from 0 to 100; write efficiency>70")


def _unreadable(expr: str) -> str:
    if short := _SHORT_QUANTILE.fullmatch(expr):
        return f"{expr[:60]!r} is no limit: write p({short['q']}){short['rest'][:40]}"
    examples = ", ".join(_EXAMPLES.values())
    return f"{expr[:60]!r} is no limit: write one of {examples}"


def _unknown(name: str) -> str:
    meant = closest(name, NAMES)
    return f"there is no {name[:30]}; " + (
        f"did you mean {_EXAMPLES[meant]}?" if meant else f"known are {', '.join(NAMES)}"
    )


def _wrong_unit(name: str) -> str:
    units = _UNITS[name]
    if None not in units:
        return "times take us, ms or s"
    return f"{name} takes {units[0]}" if units[0] else f"{name} takes no unit"
