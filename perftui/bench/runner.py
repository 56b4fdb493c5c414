"""Runs benchmarks: functions and coroutines, alone or in turns."""

import asyncio
import time
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from perftui.bench.limits import Limits
from perftui.bench.machine import facts
from perftui.bench.progress import Progress, progress_on
from perftui.bench.result import BenchmarkResult
from perftui.bench.sampling import Sampling, collecting
from perftui.bench.subject import Clock, Function, NeedsLoopError, Subject


class BenchmarkRunner:
    """Times functions and coroutines, and says how far the figures can be trusted.

    How many calls make a sample is calibrated to the clock; samples begin when the function is steady. `iterations`
    and `warmup` fix the numbers of samples instead, of one call each. `max_seconds` (of each benchmark, with its setup)
    and `max_iterations` (timed calls) are limits. Garbage is collected between samples, not in them, unless `gc`.
    `progress` is `True` for a bar on stderr where that is a terminal, or is called with name, done and total.

    >>> from perftui import BenchmarkRunner
    >>> runner = BenchmarkRunner(iterations=50, warmup=5)
    >>> result = runner.run(lambda: sorted(range(1000), reverse=True), name="sort")
    >>> result.name, result.statistics.n, result.statistics.median_s > 0
    ('sort', 50, True)

    Coroutines are awaited:

    >>> import asyncio
    >>> async def wait():
    ...     await asyncio.sleep(0.001)
    >>> runner.run(wait).statistics.min_s >= 0.001
    True
    """

    def __init__(
        self,
        *,
        iterations: int | None = None,
        warmup: int | None = None,
        max_seconds: float = 5.0,
        max_iterations: int | None = None,
        min_sample_s: float = 0.0001,
        gc: bool = False,
        progress: bool | Progress = False,
        clock: Clock = time.perf_counter_ns,
    ) -> None:
        self._limits = Limits(iterations, warmup, max_seconds, max_iterations, min_sample_s).checked()
        self._gc, self._progress, self._clock = gc, progress, clock

    def run(
        self,
        function: Function,
        *,
        name: str | None = None,
        setup: Function | None = None,
        teardown: Function | None = None,
    ) -> BenchmarkResult:
        """Measure one function; in a running event loop a coroutine needs `arun`.

        `setup` and `teardown` run around each call, outside of the time; what `setup` returns is passed to the function
        and to `teardown`, unless it is `None`. Raises what the function raises.
        """
        return self._drive([Subject(function, name, setup, teardown)], None)[0]

    async def arun(
        self,
        function: Function,
        *,
        name: str | None = None,
        setup: Function | None = None,
        teardown: Function | None = None,
    ) -> BenchmarkResult:
        """As `run`, in the running event loop. What else runs in the loop is part of the time."""
        return (await self._measure([Subject(function, name, setup, teardown)], None, in_loop=True))[0]

    def run_together(
        self,
        functions: Mapping[str, Function] | Sequence[Function],
        *,
        setup: Function | None = None,
        teardown: Function | None = None,
    ) -> list[BenchmarkResult]:
        """Measure several in turns, block by block, so that what slows the machine down slows all of them."""
        return self._drive(_subjects(functions, setup, teardown), uuid.uuid4().hex)

    async def arun_together(
        self,
        functions: Mapping[str, Function] | Sequence[Function],
        *,
        setup: Function | None = None,
        teardown: Function | None = None,
    ) -> list[BenchmarkResult]:
        """As `run_together`, in the running event loop."""
        return await self._measure(_subjects(functions, setup, teardown), uuid.uuid4().hex, in_loop=True)

    def run_subjects(self, subjects: Sequence[Subject]) -> list[BenchmarkResult]:
        """One alone, several in turns, each with its own setup."""
        return self._drive(list(subjects), uuid.uuid4().hex if len(subjects) > 1 else None)

    def _drive(self, subjects: list[Subject], together: str | None) -> list[BenchmarkResult]:
        """Without an event loop as long as none is needed: a function may start its own."""
        if not any(subject.needs_loop for subject in subjects):
            try:
                return _finished(self._measure(subjects, together, in_loop=False))
            except NeedsLoopError:
                pass
        if _loop_runs():
            raise RuntimeError("an event loop runs here: await arun or arun_together instead")
        return asyncio.run(self._measure(subjects, together, in_loop=True))

    async def _measure(self, subjects: list[Subject], together: str | None, *, in_loop: bool) -> list[BenchmarkResult]:
        known = facts()
        samplings = [Sampling(subject, self._limits, self._clock) for subject in subjects]
        with collecting(self._gc), progress_on(self._progress) as progress:
            for sampling in samplings:
                await sampling.prepare(in_loop=in_loop)
            await _in_turns(samplings, progress)
        return [sampling.result(dict(known), together) for sampling in samplings]


async def _in_turns(samplings: list[Sampling], progress: Progress) -> None:
    """Rounds of one block each. Who begins changes from round to round, and all end with the first that ends."""
    rounds = min(len(sampling.sizes) for sampling in samplings)
    names = ", ".join(sampling.subject.name for sampling in samplings)
    for number in range(rounds):
        first = number % len(samplings)
        going = [await sampling.measure_block() for sampling in (*samplings[first:], *samplings[:first])]
        progress(names, number + 1 if all(going) else rounds, rounds)
        if not all(going):
            break


def _subjects(
    functions: Mapping[str, Function] | Sequence[Function], setup: Function | None, teardown: Function | None
) -> list[Subject]:
    named = functions.items() if isinstance(functions, Mapping) else [(None, function) for function in functions]
    subjects = [Subject(function, name, setup, teardown) for name, function in named]
    if not subjects:
        raise ValueError("there is nothing to measure")
    if len({subject.name for subject in subjects}) < len(subjects):
        raise ValueError("two benchmarks have the same name: give a mapping of names to functions")
    return subjects


def _finished(measuring: Coroutine[Any, Any, list[BenchmarkResult]]) -> list[BenchmarkResult]:
    """Run a coroutine that waits for nothing."""
    try:
        measuring.send(None)
    except StopIteration as ended:
        done: list[BenchmarkResult] = ended.value
        return done
    measuring.close()
    raise RuntimeError("a plain function cannot be waited for: await arun or arun_together instead")


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
