"""Runs a function or coroutine once, and hands on its result with what it took."""

import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, overload

from perftui.bench.moment import diff, snapshot

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Measurement(Generic[Result]):
    """A result, and what it took to get it.

    >>> from perftui import Measurement
    >>> Measurement(result=7, seconds=0.5, cpu_s=0.1, rss_bytes=None, collections=0).waited_s
    0.4
    """

    result: Result
    seconds: float
    cpu_s: float
    """Processor time of the whole process, other threads and tasks included."""
    rss_bytes: int | None
    """By which resident memory grew; `None` where the system does not tell."""
    collections: int
    """Garbage collections."""

    @property
    def waited_s(self) -> float:
        """Time in which the process did not compute; 0 where several threads did."""
        return max(self.seconds - self.cpu_s, 0.0)


@overload
def measure(  # type: ignore[overload-overlap]
    function: Callable[Parameters, Awaitable[Result]], *arguments: Parameters.args, **named: Parameters.kwargs
) -> Awaitable[Measurement[Result]]: ...


@overload
def measure(
    function: Callable[Parameters, Result], *arguments: Parameters.args, **named: Parameters.kwargs
) -> Measurement[Result]: ...


def measure(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call it once, and give its result with time, processor time and memory. What is awaitable is awaited first.

    Raises what the function raises.

    >>> from perftui import measure
    >>> measured = measure(sorted, [3, 1, 2], reverse=True)
    >>> measured.result, measured.seconds > 0
    ([3, 2, 1], True)

    A coroutine is timed until it is done:

    >>> import asyncio
    >>> async def load(number):
    ...     await asyncio.sleep(0.001)
    ...     return number
    >>> async def main():
    ...     return await measure(load, 7)
    >>> measured = asyncio.run(main())
    >>> measured.result, measured.seconds >= 0.001
    (7, True)
    """
    if inspect.iscoroutinefunction(function):
        return _measure_awaitable(function, arguments, named)
    before, started = snapshot(), time.perf_counter_ns()
    result = function(*arguments, **named)
    if inspect.isawaitable(result):
        return _finish(result, before, started)
    return _measurement(result, before, started, time.perf_counter_ns())


async def _measure_awaitable(function: Callable[..., Any], arguments: Any, named: Any) -> Measurement[Any]:
    before, started = snapshot(), time.perf_counter_ns()
    return await _finish(function(*arguments, **named), before, started)


async def _finish(awaitable: Awaitable[Any], before: Any, started: int) -> Measurement[Any]:
    result = await awaitable
    return _measurement(result, before, started, time.perf_counter_ns())


def _measurement(result: Any, before: Any, started: int, ended: int) -> Measurement[Any]:
    passed = diff(before)
    return Measurement(
        result=result,
        seconds=(ended - started) / 1e9,
        cpu_s=passed.cpu_s,
        rss_bytes=passed.rss_bytes,
        collections=passed.collections,
    )
