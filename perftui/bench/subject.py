"""What is benchmarked: a function, what is done before and after each call, and how its calls are timed."""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import repeat
from typing import Any

Clock = Callable[[], int]
"""Nanoseconds from any origin."""
Function = Callable[..., Any]


class NeedsLoopError(Exception):
    """A function that looked plain gave something to be awaited, and no event loop runs."""


class Subject:
    """One function to time. With `setup` or `teardown` each call is timed alone, between the two."""

    def __init__(
        self,
        function: Function,
        name: str | None = None,
        setup: Function | None = None,
        teardown: Function | None = None,
    ) -> None:
        self.function, self.setup, self.teardown = function, setup, teardown
        self.name = name or name_of(function)
        self.awaits = is_coroutine_function(function)
        self.needs_loop = self.awaits or any(is_coroutine_function(one) for one in (setup, teardown) if one)
        self.loops = 1

    async def probe(self, *, in_loop: bool) -> None:
        """Call it once, and learn whether its result is to be awaited. Raises `NeedsLoopError`, and what it raises."""
        prepared = await _settled(self.setup()) if self.setup else None
        try:
            result = self._call(prepared)
            if inspect.isawaitable(result):
                self.awaits = self.needs_loop = True
                await _awaited(result, in_loop=in_loop)
        finally:
            await self._clean_up(prepared)

    async def time(self, clock: Clock, loops: int) -> int:
        """Nanoseconds of so many calls, one after the other."""
        if self.setup or self.teardown:
            return await self._time_each(clock, loops)
        function = self.function
        if self.awaits:
            started = clock()
            for _ in repeat(None, loops):
                await function()
            return clock() - started
        started = clock()
        for _ in repeat(None, loops):
            function()
        return clock() - started

    async def _time_each(self, clock: Clock, loops: int) -> int:
        taken = 0
        for _ in repeat(None, loops):
            prepared = await _settled(self.setup()) if self.setup else None
            try:
                call = self.function if prepared is None else partial(self.function, prepared)
                started = clock()
                if self.awaits:
                    await call()
                else:
                    call()
                taken += clock() - started
            finally:
                await self._clean_up(prepared)
        return taken

    def _call(self, prepared: Any) -> Any:
        return self.function() if prepared is None else self.function(prepared)

    async def _clean_up(self, prepared: Any) -> None:
        if self.teardown:
            await _settled(self.teardown() if prepared is None else self.teardown(prepared))


def is_coroutine_function(function: Function) -> bool:
    """Also of objects that are called, and of partials."""
    while isinstance(function, partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def name_of(function: Function) -> str:
    """The name that a benchmark gets where none is given."""
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


async def _settled(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


async def _awaited(result: Awaitable[Any], *, in_loop: bool) -> None:
    if in_loop:
        await result
        return
    if inspect.iscoroutine(result):
        result.close()
    raise NeedsLoopError
