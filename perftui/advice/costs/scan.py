"""Walks the keys of an index as the server does: runs of keys within the bounds, and seeks between them."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from perftui.advice.costs.key_order import Level, Order, Ranges

_MOST_STEPS = 600
"""Steps after which the keys outside of bounds are extrapolated."""


@dataclass(slots=True)
class Run:
    """Keys within bounds that follow each other."""

    first: int
    end: int
    misses: int
    """Keys outside of the bounds that were examined on the way to it."""


def runs(order: Order, levels: Sequence[Level]) -> Iterator[Run]:
    """All keys within bounds, as the server finds them: it seeks past what is outside and examines where it lands.

    The last run is empty and carries what was examined after the last key.
    """
    last = max((at for at, level in enumerate(levels) if not level.full), default=-1)
    if last < 0:
        yield Run(0, len(order.keys), 0)
        return
    walk = _Walk(order, [level.ranges for level in levels[: last + 1]], [level.points for level in levels[: last + 1]])
    yield from walk.runs()


def missed(order: Order, levels: Sequence[Level]) -> float:
    """Keys outside of the bounds that a whole scan examines; of a long one the rest is taken to be like its begin."""
    last = max((at for at, level in enumerate(levels) if not level.full), default=-1)
    if last < 0:
        return 0.0
    walk = _Walk(order, [level.ranges for level in levels[: last + 1]], [level.points for level in levels[: last + 1]])
    count = 0
    for run in walk.runs(_MOST_STEPS):
        count += run.misses
    return count / max(walk.share, 1e-6)


def skipped(order: Order, levels: Sequence[Level], place: int) -> tuple[float, float]:
    """Different values of the fields up to this place within bounds, and the keys examined to find each once."""
    last = max(place, *(at for at, level in enumerate(levels) if not level.full))
    walk = _Walk(order, [level.ranges for level in levels[: last + 1]], [level.points for level in levels[: last + 1]])
    return walk.values(order.weights[place])


class _Walk:
    def __init__(self, order: Order, ranges: list[Ranges], points: list[bool]) -> None:
        self.keys = order.keys
        self.weights = order.weights
        self.ranges = ranges
        self.points = points
        self.starts = [[low for low, _ in each] for each in ranges]
        self.share = 1.0
        """Of the way that was walked."""

    def runs(self, most: int | None = None) -> Iterator[Run]:
        """At most so many steps."""
        if not all(self.ranges):
            return
        at = self._first()
        misses, count, begin, steps = 0, len(self.keys), at, 0
        while at < count:
            steps += 1
            if most is not None and steps > most:
                self.share = (at - begin) / max(1, self._end() - begin)
                break
            target, inside = self._check(self.keys[at])
            if inside:
                end = self._seek(target, at + 1)
                yield Run(at, end, misses)
                at, misses = end, 0
                continue
            misses += 1
            if target < 0:
                break
            at = self._seek(target, at + 1)
        yield Run(at, at, misses)

    def values(self, weight: int) -> tuple[float, float]:
        """From one value to the next: how many there are, and how many keys are examined."""
        if not all(self.ranges):
            return 0.0, 0.0
        at = self._first()
        found = examined = 0
        while at < len(self.keys):
            examined += 1
            target, inside = self._check(self.keys[at])
            if inside:
                found += 1
                target = (self.keys[at] // weight + 1) * weight
            elif target < 0:
                break
            at = self._seek(target, at + 1)
        return float(found), float(examined)

    def _first(self) -> int:
        return self._seek(sum(each[0][0] * weight for each, weight in zip(self.ranges, self.weights, strict=False)), 0)

    def _end(self) -> int:
        """Where the bounds of the first field end."""
        return self._seek(self.ranges[0][-1][1] * self.weights[0], 0)

    def _seek(self, target: int, start: int) -> int:
        """The first key at or after the target."""
        return bisect_right(self.keys, target - 1, start)

    def _check(self, key: int) -> tuple[int, bool]:
        """Inside: where the run ends. Outside: where to go on, -1 for nowhere."""
        base, rest, ended = 0, key, True
        for at, ranges in enumerate(self.ranges):
            weight = self.weights[at]
            digit, rest = divmod(rest, weight)
            place = bisect_right(self.starts[at], digit) - 1
            if place < 0 or digit >= ranges[place][1]:
                if place + 1 < len(ranges):
                    return base + self._start(at, ranges[place + 1][0]), False
                return (-1, False) if at == 0 or ended else (base + self.weights[at - 1], False)
            if at == len(self.ranges) - 1:
                return base + ranges[place][1] * weight, True
            ended = ended and self.points[at] and digit == ranges[-1][1] - 1
            base += digit * weight
        return base, True

    def _start(self, at: int, digit: int) -> int:
        """The first key with this digit that can lie within all later bounds."""
        later = zip(self.ranges[at + 1 :], self.weights[at + 1 :], strict=False)
        return digit * self.weights[at] + sum(each[0][0] * weight for each, weight in later)
