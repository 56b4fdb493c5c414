"""Measures a call, sync or async, without changing what it does, gives or raises."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from time import monotonic
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from perftui.instrument.caches.monitor import CacheMonitor

Operation = Literal["get", "set", "delete"]
Arguments = tuple[Any, ...]
Keywords = dict[str, Any]
Observe = Callable[[Arguments, Keywords, Any, float], None]
"""Takes a call's arguments, its result and its seconds."""
Fails = Callable[[Exception], None]


def measured_call(monitor: "CacheMonitor", inner: Callable[..., Any], observe: Observe, fails: Fails) -> Any:
    """A function like `inner`. What `observe` and `fails` raise is counted as a fault."""
    watch = _Watch(monitor, observe, fails)
    return _coroutine(inner, watch) if iscoroutinefunction(inner) else _function(inner, watch)


class _Watch:
    """Tells of each call how it ended; whatever goes wrong in that, the application goes on."""

    __slots__ = ("_fails", "_monitor", "_observe")

    def __init__(self, monitor: "CacheMonitor", observe: Observe, fails: Fails) -> None:
        self._monitor, self._observe, self._fails = monitor, observe, fails

    def seen(self, arguments: Arguments, keywords: Keywords, result: Any, seconds: float) -> None:
        try:
            self._observe(arguments, keywords, result, seconds)
        except Exception as error:
            self._monitor.fault(error)

    def failed(self, error: Exception) -> None:
        try:
            self._fails(error)
        except Exception as fault:
            self._monitor.fault(fault)

    async def awaited(self, waiting: Awaitable[Any], started: float, arguments: Arguments, keywords: Keywords) -> Any:
        try:
            result = await waiting
        except Exception as error:
            self.failed(error)
            raise
        self.seen(arguments, keywords, result, monotonic() - started)
        return result

    def settled(self, done: "asyncio.Future[Any]", started: float, arguments: Arguments, keywords: Keywords) -> None:
        if done.cancelled():
            return
        # `exception()` would mark it as retrieved, and the loop would not tell of one that nobody asked for.
        error = done._exception if hasattr(done, "_exception") else None
        if error is None:
            self.seen(arguments, keywords, done.result(), monotonic() - started)
        elif isinstance(error, Exception):
            self.failed(error)


def _coroutine(inner: Callable[..., Any], watch: _Watch) -> Any:
    @wraps(inner)
    async def measured(*arguments: Any, **keywords: Any) -> Any:
        return await watch.awaited(inner(*arguments, **keywords), monotonic(), arguments, keywords)

    return measured


def _function(inner: Callable[..., Any], watch: _Watch) -> Any:
    @wraps(inner)
    def measured(*arguments: Any, **keywords: Any) -> Any:
        started = monotonic()
        try:
            result = inner(*arguments, **keywords)
        except Exception as error:
            watch.failed(error)
            raise
        if isinstance(result, CoroutineType):
            return watch.awaited(result, started, arguments, keywords)
        if isinstance(result, asyncio.Future):
            result.add_done_callback(lambda done: watch.settled(done, started, arguments, keywords))
        elif not hasattr(result, "__await__"):
            watch.seen(arguments, keywords, result, monotonic() - started)
        return result

    return measured
