"""The load itself: each request is sent when it is due, however long the answers before it take.

As many workers as there may be requests under way take one after the other from the schedule. A worker that is free
waits until its request is due; where all are busy, the next request waits for a worker, and its time counts from when
it was due.
"""

import asyncio
import gc
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from perftui.load.plan import Plan
from perftui.load.records import LoadRun, Record
from perftui.load.request import Request
from perftui.load.schedule import Due, Schedule
from perftui.load.sending import Answer, Sender, origins

Watcher = Callable[[LoadRun, float], None]
"""Hears several times a second what was recorded so far, and how many seconds of the schedule are over."""
_LEAD_S, _WATCH_S, _TICK_S = 0.05, 0.2, 0.05


def ask_once(requests: Sequence[Request], timeout_s: float) -> list[Answer]:
    """One request to each, one after the other, before there is any load: what would be measured?"""
    with _runner() as runner:
        return runner.run(_ask_each(requests, timeout_s))


def generate(requests: Sequence[Request], plan: Plan, watch: Watcher | None = None) -> LoadRun:
    """Run the load. The first Ctrl-C ends it early, with what was measured until then; the second raises.

    Raises `ValueError` for a plan beyond the limits.
    """
    schedule = Schedule(plan.checked(len(requests), origins(requests)), len(requests))
    run = LoadRun(tuple(requests), plan, schedule, started_at=time.time())
    with _runner() as runner, _garbage_set_aside():
        runner.run(_Generator(run).go(watch))
    return run


class _Generator:
    def __init__(self, run: LoadRun) -> None:
        self._run, self._schedule = run, run.schedule
        self._next, self._start, self._stop = 0, 0.0, asyncio.Event()
        self._sender = Sender(run.requests, run.plan.timeout_s)
        self._last_s = self._schedule.ends_s + run.plan.timeout_s
        """After this nothing more is sent: what still waits could not be sent."""

    async def go(self, watch: Watcher | None) -> None:
        loop = asyncio.get_running_loop()
        workers = [asyncio.ensure_future(self._work()) for _ in range(self._run.plan.concurrency)]
        self._start = loop.time() + _LEAD_S
        beside = [asyncio.ensure_future(self._count_cpu()), asyncio.ensure_future(self._tick(watch))]
        try:
            with _first_interrupt(loop, self._stop):
                await self._until_done(workers)
        finally:
            for task in (*workers, *beside):
                task.cancel()
            await asyncio.gather(*workers, *beside, return_exceptions=True)
            await self._sender.close()
        self._count_unsent()

    async def _until_done(self, workers: Sequence["asyncio.Future[None]"]) -> None:
        stop = asyncio.ensure_future(self._stop.wait())
        all_done = asyncio.gather(*workers)
        await asyncio.wait((stop, all_done), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        self._run.ended_s, self._run.stopped = self._now(), not all_done.done()
        if all_done.done():
            all_done.result()
        else:
            all_done.cancel()
            with suppress(asyncio.CancelledError):
                await all_done

    async def _work(self) -> None:
        await asyncio.sleep(0)  # until the start is known
        while self._next < self._schedule.requests:
            due = self._schedule[self._next]
            wait_s = due.at_s - self._now()
            if wait_s <= 0 and self._now() > self._last_s:
                return
            self._next += 1
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            await self._send(due, late=wait_s <= 0)

    async def _send(self, due: Due, *, late: bool) -> None:
        sent_s = self._now()
        counts = due.round >= 0
        if counts and not late:
            self._run.behind_s.append(sent_s - due.at_s)
        try:
            answer = await self._sender.send(due.endpoint)
        except asyncio.CancelledError:
            if counts:
                self._run.unfinished.append(due)
            raise
        if counts:
            self._run.records.append(Record(due, sent_s, self._now(), answer, late))

    async def _count_cpu(self) -> None:
        """From the end of the warm-up to the end."""
        await asyncio.sleep(self._start + self._schedule.measured_from_s - asyncio.get_running_loop().time())
        before = time.process_time()
        try:
            await asyncio.Event().wait()
        finally:
            self._run.cpu_s = time.process_time() - before

    async def _tick(self, watch: Watcher | None) -> None:
        """See how late a timer is, also where no connection is ever free; and tell the watcher."""
        told_s = -_WATCH_S
        while True:
            before_s = self._now()
            await asyncio.sleep(_TICK_S)
            now_s = self._now()
            if before_s >= self._schedule.measured_from_s:
                self._run.behind_s.append(now_s - before_s - _TICK_S)
            if watch is not None and now_s - told_s >= _WATCH_S:
                watch(self._run, now_s)
                told_s = now_s

    def _count_unsent(self) -> None:
        """What was due and no worker took. What a worker waited with when the run was stopped was not due yet."""
        for number in range(self._next, self._schedule.requests):
            due = self._schedule[number]
            if due.at_s > self._run.ended_s:
                return
            if due.round >= 0:
                self._run.unsent.append(due)

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._start


async def _ask_each(requests: Sequence[Request], timeout_s: float) -> list[Answer]:
    sender = Sender(requests, timeout_s)
    try:
        return [await sender.send(number) for number in range(len(requests))]
    finally:
        await sender.close()


def _runner() -> asyncio.Runner:
    """A loop whose timers are exact to microseconds: the usual one rounds each wait up to a millisecond."""
    return asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector()))


@contextmanager
def _first_interrupt(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C sets the event; the next is as usual. None is heard in other threads, or where it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as nohup does
        yield
        return

    def interrupted() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    with suppress(ValueError, RuntimeError, NotImplementedError):
        loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        with suppress(ValueError, RuntimeError, NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)


@contextmanager
def _garbage_set_aside() -> Iterator[None]:
    """What exists before is not looked through while the load runs: a full collection would take milliseconds."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
