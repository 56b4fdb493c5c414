"""The schedule of a load: known before the first request is sent."""

from collections import Counter

import pytest

from perftui.load.plan import MOST_REQUESTS, Plan
from perftui.load.schedule import Due, Schedule


def due_of(schedule: Schedule) -> list[Due]:
    return [schedule[number] for number in range(schedule.requests)]


def test_one_endpoint_has_evenly_spaced_requests() -> None:
    schedule = Schedule(Plan(rate_per_s=40, duration_s=2, warmup_s=1), 1)
    due = due_of(schedule)
    assert [at for at, *_ in due] == [number / 40 for number in range(120)]
    assert Counter(number >= 0 for *_, number in due) == {True: 80, False: 40}
    assert (schedule.measured_from_s, schedule.ends_s) == (1.0, 3.0)
    with pytest.raises(IndexError):
        schedule[120]


def test_several_have_turns_of_the_same_rate_and_begin_equally_often() -> None:
    schedule = Schedule(Plan(rate_per_s=40, duration_s=2, warmup_s=0), 2)
    due = due_of(schedule)
    assert Counter(endpoint for _, endpoint, _ in due) == {0: 80, 1: 80}
    assert [endpoint for _, endpoint, _ in due[::10]] == [0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0]
    assert max(number for *_, number in due) + 1 == schedule.rounds == 8
    assert schedule.round_s == 0.5


@pytest.mark.parametrize(("rate", "duration"), [(50, 2), (50, 10), (7, 3), (33, 3), (1, 1), (0.5, 1), (1000, 10)])
def test_whole_turns_make_all_requests(rate: float, duration: float) -> None:
    schedule = Schedule(Plan(rate_per_s=rate, duration_s=duration, warmup_s=0), 1)
    assert schedule.requests == max(round(rate * duration), 1)


def test_a_low_rate_has_turns_of_one_request() -> None:
    schedule = Schedule(Plan(rate_per_s=2, duration_s=5, warmup_s=0), 3)
    assert (schedule.turn, schedule.rounds, schedule.requests) == (1, 10, 30)


@pytest.mark.parametrize(
    ("plan", "endpoints", "words"),
    [
        (Plan(), 0, "one to 40 endpoints"),
        (Plan(), 41, "one to 40 endpoints"),
        (Plan(rate_per_s=0), 1, "the rate must be above 0 and at most 1,000"),
        (Plan(rate_per_s=1001), 1, "the rate must be above 0 and at most 1,000"),
        (Plan(duration_s=601), 1, "at most 600 s"),
        (Plan(warmup_s=-1), 1, "at most 600 s"),
        (Plan(concurrency=501), 1, "the concurrency must be 1 to 500"),
        (Plan(timeout_s=0), 1, "the timeout must be above 0"),
        (Plan(rate_per_s=1000, duration_s=100), 2, f"202,000 requests, and at most {MOST_REQUESTS:,} are allowed"),
    ],
)
def test_there_are_limits(plan: Plan, endpoints: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plan.checked(endpoints)


def test_what_is_within_the_limits_is_taken() -> None:
    assert Plan().checked(40) == Plan()
