"""Times stretches of code: by `with`, as a decorator, with marks between."""

import inspect
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from perftui.bench.stretch import Clock, Stretch

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
_OPEN: ContextVar[tuple[Stretch["Timer"], ...]] = ContextVar("perftui_open_stretches", default=())
"""What is open here, the innermost last: each task and each thread has its own."""
_ENDED: ContextVar[Stretch["Timer"] | None] = ContextVar("perftui_ended_stretch", default=None)


@dataclass(frozen=True)
class Times:
    """How often something ran, and how long in all."""

    count: int
    total_ns: int


class Timer:
    """Counts and times every stretch that it is entered for. It may be entered again while it runs, by other tasks too.

    >>> from perftui import Timer
    >>> with Timer("import") as timer:
    ...     timer.mark("read")
    ...     numbers = list(range(1000))
    ...     timer.mark("parsed")
    >>> timer.count, timer.seconds >= timer.measure("read", "parsed") >= 0
    (1, True)

    As a decorator it times each call; a coroutine until it is done, with what it waits for:

    >>> import asyncio
    >>> load_time = Timer("load")
    >>> @load_time
    ... async def load():
    ...     await asyncio.sleep(0.001)
    >>> asyncio.run(load())
    >>> load_time.count, load_time.seconds >= 0.001
    (1, True)

    A timer knows how long others ran directly within it:

    >>> with Timer("page") as page, Timer("query"):
    ...     pass
    >>> {name: times.count for name, times in page.nested.items()}
    {'query': 1}
    """

    def __init__(self, name: str = "", *, clock: Clock = time.perf_counter_ns) -> None:
        self.name = name
        self.count = 0
        """Stretches that ended."""
        self.total_ns = 0
        self.min_ns: int | None = None
        self.max_ns: int | None = None
        self.nested: dict[str, Times] = {}
        """What ran directly within this timer, by the timers' names."""
        self._clock, self._lock = clock, threading.Lock()
        self._last: Stretch[Timer] | None = None

    def __enter__(self) -> Self:
        _OPEN.set((*_OPEN.get(), Stretch(self, self._clock)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ended_ns, opened = self._clock(), _OPEN.get()
        stretch = self._open()
        if stretch is None:
            raise RuntimeError(f"timer {self.name!r} is left where it was not entered")
        place = len(opened) - 1 if opened[-1] is stretch else opened.index(stretch)
        outer = opened[:place]
        _OPEN.set(outer if place == len(opened) - 1 else outer + opened[place + 1 :])
        _ENDED.set(stretch)
        taken_ns = stretch.end(ended_ns)
        self._add(stretch, taken_ns)
        if outer:
            outer[-1].owner._add_nested(self.name, taken_ns)

    def __call__(self, function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        """Time each call of a function or coroutine function. Raises `TypeError` for a generator."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError("a generator is timed by `with` around what reads it")
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def timed_coroutine(*arguments: Any, **named: Any) -> Any:
                with self:
                    return await function(*arguments, **named)

            return cast("Callable[Parameters, Result]", timed_coroutine)

        @wraps(function)
        def timed(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
            with self:
                return function(*arguments, **named)

        return timed

    def mark(self, name: str) -> None:
        """Remember this moment of the stretch that is open here. Raises `RuntimeError` where none is."""
        stretch = self._open()
        if stretch is None:
            raise RuntimeError(f"timer {self.name!r} does not run here")
        stretch.mark(name)

    def measure(self, start: str | None = None, end: str | None = None) -> float:
        """Seconds between two marks; `None` is the start, or the end or now. Raises `KeyError` for an unknown mark."""
        return self._stretch().between(start, end) / 1e9

    @property
    def marks(self) -> dict[str, int]:
        """Nanoseconds from the start, by name, in the stretch that `nanoseconds` is of."""
        return self._stretch().marks

    @property
    def nanoseconds(self) -> int:
        """Of the stretch that is open here, until now; else of the last one. Raises `RuntimeError` before the first."""
        return self._stretch().nanoseconds

    @property
    def seconds(self) -> float:
        """As `nanoseconds`."""
        return self.nanoseconds / 1e9

    @property
    def total_seconds(self) -> float:
        """Of all stretches that ended; those that overlapped count each."""
        return self.total_ns / 1e9

    @property
    def mean_seconds(self) -> float:
        """Of a stretch; 0 before the first."""
        return self.total_seconds / self.count if self.count else 0.0

    def _open(self) -> Stretch["Timer"] | None:
        for stretch in reversed(_OPEN.get()):
            if stretch.owner is self:
                return stretch
        return None

    def _stretch(self) -> Stretch["Timer"]:
        """Open here, else ended here, else the last one that ended anywhere."""
        ended = _ENDED.get()
        found = self._open() or (ended if ended is not None and ended.owner is self else self._last)
        if found is None:
            raise RuntimeError(f"timer {self.name!r} has not run yet")
        return found

    def _add(self, stretch: Stretch["Timer"], taken_ns: int) -> None:
        with self._lock:
            self._last = stretch
            self.count += 1
            self.total_ns += taken_ns
            if self.min_ns is None or taken_ns < self.min_ns:
                self.min_ns = taken_ns
            if self.max_ns is None or taken_ns > self.max_ns:
                self.max_ns = taken_ns

    def _add_nested(self, name: str, taken_ns: int) -> None:
        with self._lock:
            before = self.nested.get(name, Times(0, 0))
            self.nested[name] = Times(before.count + 1, before.total_ns + taken_ns)
