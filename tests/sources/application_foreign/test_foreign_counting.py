"""Counters of any number of workers, in any order of answers and restarts, against a plain count of the requests."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from perftui.sources.application.counting import Growth
from perftui.sources.application.text import Series
from perftui.sources.application.workers import Workers

BEGUN = 1_700_000_000.0
INTERVAL_S = 10.0
SERIES = [
    Series("process_start_time_seconds", {}),
    Series("http_requests_total", {"route": "/a", "status": "200"}),
    Series("http_requests_created", {"route": "/a", "status": "200"}),
]
STEP = st.tuples(st.integers(0, 3), st.integers(0, 50), st.sampled_from(["answers", "answers", "restarts", "works"]))


class Simulated:
    """One worker: when it started and what it counted since."""

    def __init__(self, number: int, at: float) -> None:
        self.started = at + number * 0.01
        self.count = self.told = 0

    def page(self, with_start: bool, with_created: bool) -> list[float | None]:
        created = self.started + 0.005 if with_created and self.count else None
        return [self.started if with_start else None, float(self.count), created]


def run(steps: list[tuple[int, int, str]], page: Callable[[Simulated], list[float | None]]) -> None:
    growth = Growth(300.0)
    workers = Workers(growth)
    workers.lay_out(SERIES)
    team = [Simulated(number, BEGUN) for number in range(4)]
    expected, at = 0, 100.0
    for number, requests, what in steps:
        at += INTERVAL_S
        one = team[number]
        if what == "restarts":
            one = team[number] = Simulated(number, BEGUN + at - INTERVAL_S / 2)
        one.count += requests
        if what == "works":
            continue
        workers.take(page(one), at, BEGUN + at, whole=True)
        expected += one.count - one.told
        assert growth.total(1) == expected
        assert 0 <= growth.step(1) <= one.count - one.told
        one.told = one.count


@given(st.lists(STEP, max_size=30))
def test_every_request_is_counted_once_by_starts(steps: list[tuple[int, int, str]]) -> None:
    run(steps, lambda one: one.page(True, False))


@given(st.lists(STEP, max_size=30))
def test_every_request_is_counted_once_by_starts_and_creations(steps: list[tuple[int, int, str]]) -> None:
    run(steps, lambda one: one.page(True, True))


@given(st.lists(st.tuples(st.just(0), st.integers(0, 50), st.sampled_from(["answers", "works"])), max_size=30))
def test_one_process_that_tells_nothing_of_itself_only_grows(steps: list[tuple[int, int, str]]) -> None:
    run(steps, lambda one: one.page(False, False))


def test_more_workers_than_are_kept_take_no_more_memory() -> None:
    growth = Growth(300.0)
    workers = Workers(growth)
    workers.lay_out(SERIES)
    for number in range(1000):
        workers.take(Simulated(number, BEGUN).page(True, False), float(number), BEGUN, whole=True)
    assert len(growth.workers()) == 64
