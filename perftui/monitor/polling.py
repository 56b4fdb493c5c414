"""When one source is polled, what its last poll gave, and what its polls cost."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from perftui.model.redaction import redact
from perftui.model.sample import Failure, FailureKind, Sample
from perftui.model.snapshot import SourceState
from perftui.monitor.asking_again import REFUSED, is_refusal, pause_s
from perftui.monitor.metering import Metered
from perftui.sources.base import Source

Outcome = Literal["first", "good", "lost", "failed", "recovered", "cancelled"]

_BUSY_SHARE = 0.1
_LONGEST_INTERVAL_S = 60.0
_WEIGHT = 0.3
_RATES_WITHIN_S = 2.0
_COMMAND_BYTES = 300
"""What an answer costs on the wire beside its own bytes."""
_NOT_REACHED: frozenset[FailureKind] = frozenset({"name", "refused", "unreachable", "timeout", "tls", "login"})


class Polling:
    """One source. Never polled while its last poll still runs."""

    def __init__(self, source: Source, tick_s: float) -> None:
        self.source = source
        self.task: asyncio.Task[Sample] | None = None
        self.failure: Failure | None = None
        self.answers = 0
        self.due_at = -math.inf
        self.received_in_all = 0
        self.stretch = 1.0
        """How many times longer than wanted the interval is, so that a slow link is not filled."""
        self._tick_s = tick_s
        self._started_at = 0.0
        self._good_at: float | None = None
        self._sample: Sample | None = None
        self._slot: str | None = None
        self._failing_since: float | None = None
        self._refusals = 0
        self._durations_ms: deque[float] = deque(maxlen=5)
        self._meter: Metered[Sample] | None = None
        self._cpu_ms: float | None = None
        self._bytes: float | None = None
        self._reconnect = False
        self._asked_anew = False

    @property
    def running(self) -> bool:
        return self.task is not None

    @property
    def answered(self) -> bool:
        """Has said something, good or bad."""
        return self.answers > 0 or self.failure is not None

    @property
    def settled(self) -> bool:
        """Has answered as often as rates need, or failed; one with a long interval need not answer twice."""
        enough = 2 if self.base_interval_s <= _RATES_WITHIN_S else 1
        return self.failure is not None or self.answers >= enough

    @property
    def unreached(self) -> bool:
        """The last poll did not get as far as an answer."""
        return self.failure is not None and self.failure.kind in _NOT_REACHED

    @property
    def parked(self) -> bool:
        """Refused, and not asked anew before its time: it tells nothing of whether the target is there."""
        return self.failure is not None and self.failure.kind in REFUSED and not self._asked_anew

    @property
    def lacks_rights(self) -> bool:
        """Something was refused, all of it or a part."""
        refused = self.failure is not None and self.failure.kind in REFUSED
        return refused or any(capability.state == "missing" for capability in self.source.capabilities)

    @property
    def base_interval_s(self) -> float:
        """The interval without back-off: whole ticks, at least what the source asks for."""
        return self._tick_s * max(math.ceil(self.source.interval_s / self._tick_s - 0.05), 1)

    @property
    def interval_s(self) -> float:
        """The interval in force, so long that polling takes at most a tenth of it."""
        wanted = max(self._typical_ms() / 1000 / _BUSY_SHARE, self.base_interval_s * self.stretch)
        if self.failure is not None or wanted <= self.base_interval_s:
            return self.base_interval_s
        return max(min(math.ceil(wanted / self._tick_s) * self._tick_s, _LONGEST_INTERVAL_S), self.base_interval_s)

    @property
    def wait_s(self) -> float:
        """From the beginning of one poll to the next; after refusals longer than the interval."""
        if self._asked_anew:
            return self.interval_s
        return max(self.interval_s, pause_s(self.failure, self._refusals, has_answered=self.answers > 0))

    @property
    def wanted_bytes_per_s(self) -> float:
        """What it would receive without any stretching; 0 until it has answered twice: the first time may be more."""
        return 0.0 if self._bytes is None else (self._bytes + _COMMAND_BYTES) / self.base_interval_s

    def set_tick(self, tick_s: float, now: float) -> None:
        self._tick_s = tick_s
        self.due_at = min(self.due_at, now + self.wait_s)

    def expected_within(self, seconds: float) -> bool:
        """It usually answers so fast that a tick can wait for it."""
        return self.failure is None and self.answers > 0 and self._typical_ms() <= seconds * 1000

    def ask_again(self, now: float, *, reconnect: bool) -> None:
        """Poll at the next chance, where wanted with a new connect; one that was refused too, before its time."""
        self._reconnect, self._asked_anew, self.due_at = reconnect or self._reconnect, True, now
        self.source.hurry()

    def start(self, now: float, done: Callable[["Polling", asyncio.Task[Sample]], None]) -> asyncio.Task[Sample]:
        """Begin a poll; `done` is called on the event loop when it ends."""
        if self._reconnect or self.parked:
            self._reconnect = False
            self.source.reconnect()
        self._asked_anew = False
        self.source.expect_every(self.interval_s)
        self._started_at = now
        self.due_at = now + self.interval_s
        self._meter = Metered(self.source.poll())
        self.task = asyncio.create_task(_run(self._meter), name=f"poll {self.source.name}")
        self.task.add_done_callback(lambda task: done(self, task))
        return self.task

    def finish(self, now: float) -> tuple[Sample | None, Outcome]:
        """Take what the poll gave."""
        task, self.task = self.task, None
        if task is None or task.cancelled():
            return None, "cancelled"
        error = task.exception()
        sample = self._broken(error, now) if error is not None else task.result()
        self.received_in_all += (sample.received_bytes or 0) + _COMMAND_BYTES
        if self.answered:  # the first poll imports and connects, which will not be paid again
            self._count_cost(sample)
        if sample.failure is not None:
            outcome: Outcome = "lost" if self.failure is None else "failed"
            self.failure = sample.failure
            self._refusals += is_refusal(sample.failure)
            self._failing_since = sample.taken_at if self._failing_since is None else self._failing_since
        else:
            outcome = self._take_good(sample, now)
        self.due_at = self._started_at + self.wait_s
        return sample, outcome

    def filled(self, slot: str | None) -> None:
        """Remember which field of the target's state this source fills."""
        self._slot = slot or self._slot

    def state(self, now: float) -> SourceState:
        """How the source fares, figures rounded so that nothing changes without need."""
        interval_s = self.interval_s
        sample = self._sample
        return SourceState(
            source=self.source.name,
            interval_s=interval_s,
            read_at=None if sample is None else sample.taken_at,
            failure=self.failure,
            failing_since=self._failing_since,
            waiting=self.running and now - self._started_at >= self.base_interval_s * 0.95,
            stale=self._good_at is not None and now - self._good_at > 2 * interval_s + self._typical_ms() / 1000,
            notes=() if sample is None else sample.notes,
            capabilities=self.source.capabilities,
            cost_ms_per_s=_rounded(self._cpu_ms, interval_s, 2),
            received_bytes_per_s=_rounded(self._bytes, interval_s, 0),
            latency_ms=None if sample is None else round(sample.duration_ms, 1),
            slot=self._slot,
        )

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait({self.task}, timeout=1)
        await self.source.close()

    def _take_good(self, sample: Sample, now: float) -> Outcome:
        outcome: Outcome = "first" if self.answers == 0 else "good" if self.failure is None else "recovered"
        if outcome == "good":  # the first one connected, and one after a failure may have hung: neither is typical
            self._durations_ms.append(sample.duration_ms)
        self.answers += 1
        self.failure = self._failing_since = None
        self._refusals = 0
        self._sample, self._good_at = sample, now
        return outcome

    def _typical_ms(self) -> float:
        """Of the last polls: one slow answer means nothing, and one fast answer ends a back-off."""
        if not self._durations_ms:
            return 0.0
        middle = sorted(self._durations_ms)[len(self._durations_ms) // 2]
        return min(middle, 2 * self._durations_ms[-1])

    def _count_cost(self, sample: Sample) -> None:
        cpu_ms = 0.0 if self._meter is None else self._meter.cpu_s * 1000
        self._cpu_ms = _averaged(self._cpu_ms, cpu_ms)
        if sample.received_bytes is not None:
            self._bytes = _averaged(self._bytes, sample.received_bytes)

    def _broken(self, error: BaseException, now: float) -> Sample:
        message = redact(f"Reading {self.source.name} failed: {type(error).__name__}: {error}")[:300]
        failure = Failure(kind="internal", message=message, help="This is a fault of perftui; please report it.")
        return Sample(
            source=self.source.name,
            target=self.source.target,
            taken_at=time.time(),
            duration_ms=(now - self._started_at) * 1000,
            failure=failure,
        )


async def _run(meter: Metered[Sample]) -> Sample:
    return await meter


def _averaged(before: float | None, value: float) -> float:
    return value if before is None else before + _WEIGHT * (value - before)


def _rounded(total: float | None, seconds: float, digits: int) -> float | None:
    return None if total is None else round(total / seconds, digits)
