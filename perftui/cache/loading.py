"""How long what was loaded is kept, and how others wait for it."""

import inspect
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
_FIRST_S, _LONGEST_S = 0.005, 0.1


async def attempt(call: Awaitable[T], otherwise: T) -> T:
    """What the store gives; `otherwise` where it is down, which it has counted: an application reads on without it."""
    try:
        return await call
    except Exception:
        return otherwise


def check_cacheable(function: Callable[..., Any]) -> None:
    """Raises `TypeError` for a function whose results `ReadThrough` cannot give out again."""
    called = type(function).__call__
    if any(map(inspect.iscoroutinefunction, (function, called))):
        raise TypeError("a coroutine function needs AsyncReadThrough")
    if any(
        kind(one) for kind in (inspect.isgeneratorfunction, inspect.isasyncgenfunction) for one in (function, called)
    ):
        raise TypeError("what a generator gives can be used once only: return a list")


def check_usable_again(value: Any) -> None:
    """Raises `TypeError` for what the first who uses it uses up."""
    if isinstance(value, Coroutine):
        value.close()
    if isinstance(value, Awaitable):
        raise TypeError("the loader returned something to be awaited: use AsyncReadThrough and a coroutine function")
    if isinstance(value, Generator | AsyncGenerator):
        raise TypeError("the loader returned a generator, which can be used once only: return a list")


class Lifetime(NamedTuple):
    """Seconds that a value is held, and fresh."""

    ttl_s: float
    fresh_s: float


class LoadOptions:
    """Raises `ValueError` for times that make no sense."""

    def __init__(
        self,
        ttl_s: float,
        stale_s: float,
        none_ttl_s: float | None,
        timeout_s: float,
        keep: Callable[[Any], bool] | None = None,
    ) -> None:
        if ttl_s <= 0 or stale_s < 0 or timeout_s <= 0 or (none_ttl_s is not None and none_ttl_s <= 0):
            raise ValueError("ttl_s, none_ttl_s and load_timeout_s must be above 0, and stale_s 0 or more")
        self.timeout_s, self._keep = timeout_s, keep
        self._lifetime = Lifetime(ttl_s + stale_s, ttl_s)
        self._of_none = None if none_ttl_s is None else Lifetime(none_ttl_s, none_ttl_s)

    def lifetime(self, value: Any) -> Lifetime | None:
        """`None`: the value is not kept."""
        if value is None:
            return self._of_none
        return self._lifetime if self._keep is None or self._keep(value) else None


class Pauses:
    """Between two looks at whether another process is done: longer each time, and not all at the same moment."""

    def __init__(self, timeout_s: float) -> None:
        self._end, self._pause = time.monotonic() + timeout_s, _FIRST_S

    def more(self) -> bool:
        return time.monotonic() < self._end

    def next_s(self) -> float:
        pause = self._pause * (0.5 + random.random() / 2)  # noqa: S311 - spreads, no secret
        self._pause = min(self._pause * 1.5, _LONGEST_S)
        return pause
