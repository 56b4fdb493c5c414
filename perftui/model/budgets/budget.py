"""A budget: limits on the endpoints, shapes or caches that a pattern names."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from perftui.model.budgets.limits import ON, Limit, On, check_fits, parse_limit, window_minutes

SAMPLES = 20
"""Fewer requests than these in a window are judged by chance."""
EVALUATIONS = 3
"""Evaluations in a row beyond a limit before it counts as over, and inside before it counts as recovered."""

Callback = Callable[[Any], Awaitable[None] | None]
"""Takes a `BudgetChange`."""


@dataclass(frozen=True, init=False)
class Budget:
    """`Budget("GET /api/items/*", "p(95)<500ms", "error_rate<1%", window="5m")`; `*` stands for anything.

    An endpoint's method is optional. With `on="query"` the pattern is a shape's id, collection, operation, or
    collection and text; with `on="cache"` a cache's name; with `on="benchmark"`, for `perftui check`, a benchmark's.

    >>> from perftui import Budget
    >>> budget = Budget("GET /api/items/*", "p(95)<500ms", "error_rate<1%", window="15m")
    >>> budget.minutes
    15
    """

    pattern: str
    limits: tuple[Limit, ...]
    minutes: int
    on: On
    service: str
    """Pattern of the application's or server's name."""
    samples: int
    evaluations: int
    on_violation: Callback | None = field(compare=False, repr=False)
    on_recovery: Callback | None = field(compare=False, repr=False)

    def __init__(
        self,
        pattern: str,
        *limits: str,
        window: str = "5m",
        on: On = "endpoint",
        service: str = "*",
        samples: int = SAMPLES,
        evaluations: int = EVALUATIONS,
        on_violation: Callback | None = None,
        on_recovery: Callback | None = None,
    ) -> None:
        """Raises `ValueError` in words for what cannot be read."""
        if on not in ON:
            raise ValueError(f"on={on!r}: a budget is on one of {', '.join(ON)}")
        if not limits:
            raise ValueError(f"the budget of {pattern!r} has no limit: write one such as p(95)<500ms")
        if not pattern.strip():
            raise ValueError("a budget's pattern is empty: write * for all")
        if samples < 1 or evaluations < 1:
            raise ValueError("samples and evaluations must be at least 1")
        parsed = tuple(parse_limit(limit) for limit in limits)
        for limit in parsed:
            check_fits(limit, on)
        known = {"pattern": pattern, "limits": parsed, "minutes": window_minutes(window), "on": on, "service": service}
        patience = {"samples": samples, "evaluations": evaluations}
        for name, value in (known | patience | {"on_violation": on_violation, "on_recovery": on_recovery}).items():
            object.__setattr__(self, name, value)

    @classmethod
    def shape(cls, pattern: str, *limits: str, **options: Any) -> "Budget":
        """On shapes of queries: `Budget.shape("shop.prompts find *", "p(95)<50ms")`."""
        return cls(pattern, *limits, on="query", **options)

    @classmethod
    def cache(cls, pattern: str, *limits: str, **options: Any) -> "Budget":
        """On caches: `Budget.cache("products", "hit_rate>80%", "p(95)<2ms")`; times are those of gets."""
        return cls(pattern, *limits, on="cache", **options)

    @classmethod
    def defaults(cls) -> "tuple[Budget, ...]":
        """On all endpoints and caches: 5 % errors, 500 ms on average, p95 of 1 s, 80 % hits, efficiency 70."""
        return (
            cls("*", "error_rate<5%", "avg<500ms", "p(95)<1000ms"),
            cls("*", "hit_rate>80%", "efficiency>70", on="cache"),
        )

    def at_once(self) -> "Budget":
        """The same, judged by its first evaluation: for who has only one."""
        limits = (limit.expr for limit in self.limits)
        window, service, samples = f"{self.minutes}m", self.service, self.samples
        return Budget(self.pattern, *limits, on=self.on, window=window, service=service, samples=samples, evaluations=1)

    def matches(self, method: str, route: str) -> bool:
        """Whether it holds this endpoint."""
        name = f"{method} {route}" if " " in self.pattern else route
        return self.on == "endpoint" and fits(self.pattern, name)

    def matches_shape(self, shape_id: str, collection: str, op: str, text: str) -> bool:
        """Whether it holds this shape of queries."""
        return self.matches_shape_named(shape_names(shape_id, collection, op, text))

    def matches_shape_named(self, names: tuple[str, ...]) -> bool:
        """The same for one who asks many budgets about a shape; `names` are its `shape_names`."""
        if self.on != "query":
            return False
        return any(fits(self.pattern, name) for name in names) if "*" in self.pattern else self.pattern in names

    def matches_cache(self, name: str) -> bool:
        return self.on == "cache" and fits(self.pattern, name)

    def matches_redis(self, *names: str) -> bool:
        return self.on == "redis" and any(fits(self.pattern, name) for name in names)

    def matches_benchmark(self, name: str) -> bool:
        return self.on == "benchmark" and fits(self.pattern, name)

    def concerns(self, *services: str | None) -> bool:
        """Whether the application or server of one of these names is meant."""
        return self.service == "*" or any(fits(self.service, name) for name in services if name)


def shape_names(shape_id: str, collection: str, op: str, text: str) -> tuple[str, ...]:
    """What a pattern may mean a shape by."""
    return (shape_id, collection, op, f"{collection} {op}", f"{collection} {text}")


@lru_cache(maxsize=1000)
def _parts(pattern: str) -> tuple[str, tuple[str, ...], str]:
    first, *middle, last = pattern.split("*")
    return first, tuple(part for part in middle if part), last


def fits(pattern: str, name: str) -> bool:
    """Whether a name fits; only `*` means anything but itself, so that `{id}` and `?` stand for themselves.

    In time of the name's length, however many stars there are.
    """
    if "*" not in pattern:
        return pattern == name
    first, middle, last = _parts(pattern)
    if not name.startswith(first) or not name.endswith(last) or len(name) < len(first) + len(last):
        return False
    place, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True
