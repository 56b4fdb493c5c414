"""The tail of a profile against a model of it: order, equal entries, overruns, clocks."""

import random

from perftui.sources.mongodb.profile_tail import OVERLAP_S, ProfileTail, Stored


class Profile:
    """A profile as the server keeps it: entries become visible out of their order, the oldest are overwritten."""

    def __init__(self, capacity: int = 10_000) -> None:
        self.entries: list[Stored] = []
        self.capacity = capacity
        self.tail = ProfileTail()

    def write(self, at: float, document: bytes = b"same") -> None:
        self.entries = [*self.entries, stored(at, document)][-self.capacity :]

    def read(self, limit: int = 10_000) -> tuple[list[bytes], bool, bool]:
        newest_first = self.entries[::-1][:limit]
        look = self.tail.look(newest_first)
        self.tail.advance(newest_first)
        return [entry.document.partition(b"|")[2] for entry in look.fresh[::-1]], look.reached, look.met


def stored(at: float, document: bytes) -> Stored:
    """A document holds its own time, as a profile's do."""
    return Stored(at, b"%f|%s" % (at, document))


def test_each_entry_is_new_once_even_among_equal_ones() -> None:
    profile = Profile()
    profile.write(100.0)
    profile.write(100.0)
    assert profile.read()[0] == [b"same", b"same"]
    assert profile.read()[0] == []
    profile.write(100.0)
    assert profile.read()[0] == [b"same"]


def test_an_entry_that_becomes_visible_late_is_not_lost() -> None:
    profile = Profile()
    profile.write(100.0, b"a")
    profile.write(100.2, b"c")
    assert profile.read()[0] == [b"a", b"c"]
    profile.entries.insert(1, stored(100.1, b"late"))
    assert profile.read()[0] == [b"late"]
    assert profile.read()[0] == []


def test_random_histories_are_read_exactly_once() -> None:
    draw = random.Random(11)
    for _ in range(50):
        profile, written, found, clock = Profile(), [], [], 1000.0
        for number in range(300):
            clock += draw.choice([0.0, 0.001, 0.01, 0.5, 3.0])
            document = draw.choice([b"same", str(number).encode()])
            profile.write(clock - draw.choice([0.0, 0.0, 0.007]), document)
            written.append(document)
            if draw.random() < 0.2:
                found += profile.read()[0]
        found += profile.read()[0]
        assert sorted(found) == sorted(written)


def test_an_overrun_is_told_by_nothing_known_being_met() -> None:
    profile = Profile(capacity=3)
    profile.write(100.0, b"a")
    profile.read()
    for number in range(5):
        profile.write(101.0 + number, str(number).encode())
    fresh, reached, met = profile.read()
    assert (fresh, reached, met) == ([b"2", b"3", b"4"], False, False)


def test_a_read_that_is_too_short_is_not_complete() -> None:
    profile = Profile()
    for number in range(10):
        profile.write(100.0 + number, str(number).encode())
    profile.read()
    for number in range(10, 20):
        profile.write(100.0 + number, str(number).encode())
    assert profile.tail.look(profile.entries[::-1][:5]).reached is False
    assert profile.tail.look(profile.entries[::-1]).reached is True


def test_a_clock_that_steps_back_loses_and_doubles_nothing() -> None:
    for step in (0.5, 1.9, 5.0, 600.0, 86_400.0):
        profile, written, found, clock = Profile(), [], [], 100_000.0
        for number in range(200):
            clock += 0.4 if number != 100 else -step
            profile.write(clock, str(number).encode())
            written.append(str(number).encode())
            if number % 3 == 0:
                found += profile.read()[0]
        found += profile.read()[0]
        assert found == written, step


def test_what_is_known_is_bounded_by_the_overlap() -> None:
    profile = Profile()
    for number in range(1000):
        profile.write(100.0 + number / 100, str(number).encode())
    profile.read()
    assert profile.tail.overlapping <= OVERLAP_S * 100 + 1
    profile.tail.settle()
    assert profile.tail.overlapping == 1
    assert profile.read()[0] == []
