"""Timers on a clock of their own: stretches, marks, nesting, tasks and threads."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from perftui import Timer, measure
from perftui.bench.timer import Times


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_stretch_is_timed_in_nanoseconds_also_where_it_fails(clock: Clock) -> None:
    timer = Timer("work", clock=clock)
    with timer:
        clock.now += 7
        assert timer.nanoseconds == 7
        clock.now += 3
    assert (timer.count, timer.nanoseconds, timer.seconds) == (1, 10, 1e-8)
    with pytest.raises(KeyError), timer:  # noqa: PT012 - what is done before the failure counts
        clock.now += 30
        raise KeyError
    assert (timer.count, timer.total_ns, timer.min_ns, timer.max_ns) == (2, 40, 10, 30)
    assert (timer.total_seconds, timer.mean_seconds) == (4e-8, 2e-8)


def test_marks_and_measures_between_them(clock: Clock) -> None:
    with Timer(clock=clock) as timer:
        clock.now += 100
        timer.mark("read")
        clock.now += 20
        timer.mark("parsed")
        clock.now += 3
        assert timer.measure("parsed") == 3e-9
    clock.now += 1000
    assert timer.measure("read", "parsed") == 20e-9
    assert (timer.measure(end="read"), timer.measure("read"), timer.measure()) == (100e-9, 23e-9, 123e-9)
    assert timer.marks == {"read": 100, "parsed": 120}
    with pytest.raises(KeyError):
        timer.measure("nowhere")
    with pytest.raises(RuntimeError, match="does not run here"):
        timer.mark("late")


def test_a_timer_that_never_ran_says_so() -> None:
    timer = Timer("idle")
    assert (timer.count, timer.mean_seconds) == (0, 0)
    with pytest.raises(RuntimeError, match="has not run yet"):
        _ = timer.seconds
    with pytest.raises(RuntimeError, match="left where it was not entered"):
        timer.__exit__(None, None, None)


def test_one_timer_within_itself_and_others(clock: Clock) -> None:
    outer, inner = Timer("outer", clock=clock), Timer("inner", clock=clock)
    with outer:
        clock.now += 1
        with outer:
            clock.now += 10
            for _ in range(2):
                with inner:
                    clock.now += 100
        assert outer.nanoseconds == 211
        clock.now += 1000
    assert (outer.count, outer.min_ns, outer.max_ns) == (2, 210, 1211)
    assert outer.nested == {"inner": Times(2, 200), "outer": Times(1, 210)}
    assert inner.nested == {}


def test_calls_are_timed_and_keep_their_names(clock: Clock) -> None:
    timer = Timer(clock=clock)

    @timer
    def work(number: int, *, more: int = 0) -> int:
        """Works."""
        clock.now += number
        return number + more

    assert [work(1), work(2, more=5)] == [1, 7]
    assert (timer.count, timer.total_ns, work.__name__, work.__doc__) == (2, 3, "work", "Works.")


async def test_a_coroutine_is_timed_until_it_is_done(clock: Clock) -> None:
    timer = Timer(clock=clock)

    @timer
    async def work() -> str:
        await asyncio.sleep(0)
        clock.now += 5
        return "done"

    calling = work()
    assert timer.count == 0
    assert await calling == "done"
    assert (timer.count, timer.total_ns) == (1, 5)


def test_generators_are_refused() -> None:
    def numbers() -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="generator"):
        Timer()(numbers)


async def test_tasks_at_once_have_stretches_of_their_own(clock: Clock) -> None:
    timer, started, page = Timer("query", clock=clock), asyncio.Event(), Timer("page", clock=clock)
    found: dict[str, int] = {}

    async def first() -> None:
        with page, timer:
            timer.mark("sent")
            await started.wait()
            clock.now += 100
        found["first"] = timer.nanoseconds

    async def second() -> None:
        await asyncio.sleep(0)
        with timer:
            clock.now += 10
        with pytest.raises(KeyError):
            timer.measure("sent")
        started.set()
        await asyncio.sleep(0.001)
        found["second"] = timer.nanoseconds

    await asyncio.gather(first(), second())
    assert found == {"first": 110, "second": 10}
    assert (timer.count, page.nested) == (2, {"query": Times(1, 110)})


def test_threads_add_up() -> None:
    timer = Timer()

    def work() -> None:
        for _ in range(500):
            with timer:
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert timer.count == 4000


def test_measure_gives_the_result_and_raises_what_is_raised() -> None:
    measured = measure(int, "11", base=2)
    assert measured.result == 3
    assert measured.seconds > 0
    with pytest.raises(ValueError, match="invalid literal"):
        measure(int, "x")


async def test_measure_awaits() -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0.002)
        return number

    measured = await measure(work, 7)
    assert (measured.result, measured.seconds >= 0.002) == (7, True)
    assert measured.waited_s > 0
    hidden = await measure(lambda: work(8))
    assert (hidden.result, hidden.seconds >= 0.002) == (8, True)
