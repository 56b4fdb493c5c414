"""One benchmark under way: calibrated, warmed up until steady, then measured block by block."""

import gc
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from perftui.bench.clock import STEPS_A_SAMPLE, step_ns
from perftui.bench.limits import Limits
from perftui.bench.result import BenchmarkResult
from perftui.bench.subject import Clock, Subject
from perftui.model.bench.samples import Fact

_WARM_SHARE = 0.2
"""Of the time limit, spent at most until the benchmark is steady."""
_WINDOW, _STEADY = 5, 0.03
"""Steady: so many samples are in their middle no faster, by this share, than as many before them."""
_MOST_LOOPS = 1 << 30


class Sampling:
    """Holds what one subject's measuring has come to."""

    def __init__(self, subject: Subject, limits: Limits, clock: Clock) -> None:
        self.subject, self.limits, self.clock = subject, limits, clock
        self.blocks: list[tuple[float, ...]] = []
        self.warnings: list[str] = []
        self.sizes: list[int] = []
        self._warmups: list[float] = []
        self._started_at, self._spent_s = time.time(), 0.0
        self._all_s: list[float] = []

    async def prepare(self, *, in_loop: bool) -> None:
        """Learn what it is, how many calls make a sample, and when it is steady."""
        await self.subject.probe(in_loop=in_loop)
        if self.limits.iterations is None:
            await self._calibrate()
        await self._warm_up()
        self.sizes = self.limits.sizes(self.subject.loops, median(self._all_s[-_WINDOW:]) if self._all_s else 0.0)
        self._spent_s = 0.0

    async def measure_block(self) -> bool:
        """The next block; false when it was the last one, or the time is up."""
        block: list[float] = []
        for _ in range(self.sizes[len(self.blocks)]):
            block.append(await self._sample())
            if self._spent_s >= self.limits.max_seconds:
                break
        self.blocks.append(tuple(block))
        return self._spent_s < self.limits.max_seconds and len(self.blocks) < len(self.sizes)

    def result(self, facts: dict[str, Fact], together: str | None) -> BenchmarkResult:
        """What was measured. Says so where the time was up before all that was fixed was done."""
        done, wanted = sum(map(len, self.blocks)), self.limits.iterations
        if wanted is not None and done < wanted:
            self.warnings.append(f"the limit came after {done:,} of {wanted:,} iterations")
        return BenchmarkResult(
            name=self.subject.name,
            blocks=tuple(self.blocks),
            loops=self.subject.loops,
            warmups=tuple(self._warmups),
            together=together,
            facts=facts,
            warnings=tuple(self.warnings),
            started_at=self._started_at,
            duration_s=self._spent_s,
        )

    async def _calibrate(self) -> None:
        """Double the calls of a sample until it lasts long enough for the clock."""
        target_ns = max(self.limits.min_sample_s * 1e9, STEPS_A_SAMPLE * step_ns(self.clock))
        most = self.limits.max_iterations or _MOST_LOOPS
        taken_ns = await self._time(1)
        while taken_ns < target_ns and self.subject.loops < most:
            wanted = self.subject.loops * target_ns / taken_ns if taken_ns > 0 else math.inf
            self.subject.loops = int(min(wanted + 1, 10 * self.subject.loops, most))
            taken_ns = await self._time(self.subject.loops)

    async def _warm_up(self) -> None:
        if self.limits.warmup is not None:
            self._warmups = [await self._sample() for _ in range(self.limits.warmup)]
            return
        most_s, self._spent_s = self.limits.max_seconds * _WARM_SHARE, 0.0
        while not steady(self._warmups):
            if self._spent_s >= most_s or len(self._warmups) >= 1_000:
                self.warnings.append(f"it was not steady after {self._spent_s:.2g} s of warm-up")
                return
            self._warmups.append(await self._sample())

    async def _sample(self) -> float:
        taken_ns = await self._time(self.subject.loops)
        return max(taken_ns, 1) / 1e9 / self.subject.loops  # a coarse clock may not have moved

    async def _time(self, loops: int) -> int:
        """Nanoseconds of so many calls. What they took with setup and teardown is kept for the limits."""
        started = self.clock()
        taken_ns = await self.subject.time(self.clock, loops)
        all_s = (self.clock() - started) / 1e9
        self._spent_s += all_s
        self._all_s.append(all_s / loops)
        if not gc.isenabled():
            gc.collect(0)  # outside the time: what a collection would have done inside
        return taken_ns


def steady(warmups: list[float]) -> bool:
    """The newest samples are no faster than those before them."""
    if len(warmups) < 2 * _WINDOW:
        return False
    before, now = median(warmups[-2 * _WINDOW : -_WINDOW]), median(warmups[-_WINDOW:])
    return now >= before * (1 - _STEADY)


@contextmanager
def collecting(enabled: bool) -> Iterator[None]:
    """Garbage collection on or off for a time, after a whole collection; then as it was."""
    was = gc.isenabled()
    gc.collect()
    (gc.enable if enabled else gc.disable)()
    try:
        yield
    finally:
        (gc.enable if was else gc.disable)()
