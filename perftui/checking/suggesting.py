"""Budgets from what was observed: each limit with some headroom, rounded to what people write."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from perftui.model.budgets.budget import SAMPLES, Budget
from perftui.model.budgets.figures import Figures
from perftui.model.budgets.limits import On, parse_limit
from perftui.model.budgets.things import Thing

HEADROOM = 0.5
_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75)
_LEAST_MISSES = 0.05
_LONGEST_NAME = 200
_UNITS = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6))


class Observed(NamedTuple):
    """The worst of what was seen of one thing."""

    on: On
    pattern: str
    """That means it and nothing else; empty where there is none such."""
    words: str
    samples: int = 0
    covered_s: float = 0.0
    p95_s: float | None = None
    error_rate: float | None = None
    hit_rate: float | None = None


class Suggestion(NamedTuple):
    """A budget on one thing, or why there is none."""

    observed: Observed
    limits: tuple[str, ...]
    why_not: str = ""


class Observations:
    """Collects the worst of each thing over all looks; only what is worth judging counts."""

    def __init__(self, minutes: int, needed: int = SAMPLES) -> None:
        self._probe = Budget("*", "avg<1s", window=f"{minutes}m")
        self._needed = needed
        self.found: dict[tuple[On, str], Observed] = {}

    def observe(self, things: Iterable[Thing], at: float) -> None:  # noqa: ARG002 - an observer's signature
        for thing in things:
            if thing.name[0] == "redis":
                continue
            figures, _ = thing.held(self._probe)
            new = _observed(thing, figures)
            known = self.found.get(thing.name)
            if known is not None and new.samples < self._needed <= known.samples:
                continue
            worst = new if known is None or known.samples < self._needed else _worse(known, new)
            self.found[thing.name] = worst


def suggestions(found: Iterable[Observed], headroom: float, needed: int = SAMPLES) -> list[Suggestion]:
    """By kind and name. The limits hold for what was observed."""
    order = ("endpoint", "query", "cache", "benchmark")
    ordered = sorted(found, key=lambda one: (order.index(one.on), one.words))
    return [_suggestion(one, headroom, needed) for one in ordered]


def merged(observations: Sequence[Observations]) -> list[Observed]:
    """Of several sources: the worst of all that are called the same."""
    found: dict[tuple[On, str], Observed] = {}
    for each in observations:
        for key, one in each.found.items():
            found[key] = _worse(found[key], one) if key in found else one
    return list(found.values())


def _observed(thing: Thing, figures: Figures) -> Observed:
    p95 = figures.latency.quantile_s(0.95) if figures.latency is not None else None
    errors, hits = figures.error_rate, figures.hit_rate
    if figures.errors is not None and figures.count:
        errors = figures.errors / figures.count
    if figures.hits is not None and figures.misses is not None and figures.hits + figures.misses:
        hits = figures.hits / (figures.hits + figures.misses)
    on = thing.name[0]
    return Observed(
        on,
        _pattern(thing),
        thing.words,
        figures.count or 0,
        figures.covered_s or 0.0,
        p95.high if p95 is not None and p95.low == p95.high else None,
        errors if on in ("endpoint", "query") else None,
        hits if on == "cache" else None,
    )


def _pattern(thing: Thing) -> str:
    on, name = thing.name
    pattern = thing.words if on == "query" and len(thing.words) <= _LONGEST_NAME else name
    writable = pattern.encode("utf-8", "replace").decode("utf-8") == pattern
    return "" if "*" in pattern or not pattern.strip() or not writable else pattern


def _worse(one: Observed, other: Observed) -> Observed:
    return one._replace(
        samples=max(one.samples, other.samples),
        covered_s=max(one.covered_s, other.covered_s),
        p95_s=max(_known(one.p95_s, other.p95_s), default=None),
        error_rate=max(_known(one.error_rate, other.error_rate), default=None),
        hit_rate=min(_known(one.hit_rate, other.hit_rate), default=None),
    )


def _known(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


def _suggestion(one: Observed, headroom: float, needed: int) -> Suggestion:
    if one.samples < needed:
        return Suggestion(one, (), f"{one.samples:,} are too few, {needed} are needed")
    if not one.pattern:
        return Suggestion(one, (), "no pattern means it alone")
    limits = []
    if one.p95_s is not None:
        limits.append(f"p(95)<{_duration(one.p95_s * (1 + headroom))}")
    if one.error_rate is not None and (share := _share(one.error_rate * (1 + headroom))) is not None:
        limits.append(f"error_rate<{share * 100:g}%")
    if one.hit_rate is not None and (least := _least_hits(one.hit_rate, headroom)) > 0:
        limits.append(f"hit_rate>{least}%")
    values = {"p": one.p95_s, "error_rate": one.error_rate, "hit_rate": one.hit_rate}
    held = tuple(text for text in limits if parse_limit(text).holds(values[parse_limit(text).name] or 0.0))
    return Suggestion(one, held, "" if held else "no figure that a limit could hold is known")


def _duration(seconds: float) -> str:
    """Rounded up, in the largest unit that it is 1 of."""
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), _UNITS[-1])
    return f"{_rounded_up(seconds / size):.6f}".rstrip("0").rstrip(".") + unit


def _rounded_up(number: float) -> float:
    if number <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(number))
    return max(next(step for step in _STEPS if step * power >= number * (1 - 1e-9)) * power, 1e-6)


def _share(wanted: float) -> float | None:
    return next((share for share in _SHARES if share > wanted), None)


def _least_hits(hit_rate: float, headroom: float) -> int:
    """Whole percents."""
    return math.floor((1 - max((1 - hit_rate) * (1 + headroom), _LEAST_MISSES)) * 100 + 1e-9)
