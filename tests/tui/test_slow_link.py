"""Frames that wait until what was drawn is paid for, by a clock that the test sets."""

from helpers.waiting import wait_until_async

from perftui.tui.slow_link import SlowLink


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def link(limit: int = 1000) -> tuple[SlowLink, Clock]:
    clock = Clock()
    return SlowLink(limit, clock), clock


def test_a_frame_waits_until_what_was_drawn_is_paid_for() -> None:
    slow, clock = link()
    assert slow.wait_s() == 0
    slow.wrote("x" * 3000)
    assert slow.wait_s() == 2.0
    clock.now = 1.5
    assert slow.wait_s() == 0.5
    clock.now = 2.0
    assert slow.wait_s() == 0


def test_bytes_are_counted_and_not_characters() -> None:
    slow, _ = link()
    slow.wrote("▁" * 1000)
    assert slow.wait_s() == 2.0


def test_a_long_pause_saves_no_more_than_a_second() -> None:
    slow, clock = link()
    clock.now = 3600.0
    slow.wrote("x" * 2000)
    assert slow.wait_s() == 1.0


def test_nobody_waits_longer_than_five_seconds() -> None:
    slow, _ = link()
    slow.wrote("x" * 1_000_000)
    assert slow.wait_s() == 5.0


async def test_several_that_wait_are_drawn_once() -> None:
    slow, clock = link(100_000)
    drawn: list[str] = []
    slow.when_free(lambda: drawn.append("first"))
    assert drawn == ["first"]
    slow.wrote("x" * 105_000)
    for _ in range(3):
        slow.when_free(lambda: drawn.append("late"))
    assert drawn == ["first"]
    clock.now = 1.0
    await wait_until_async(lambda: len(drawn) > 1)
    assert drawn == ["first", "late"]
