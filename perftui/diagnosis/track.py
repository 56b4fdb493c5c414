"""One figure over the last minutes: what it is, what it usually was, and when that changed."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

KEPT, KEPT_OF_MANY = 600, 200
"""Readings; the second of endpoints and shapes, of which there may be many."""
_LATELY_S = 5.0
_ENOUGH = 6
_SAMPLED = 80
_SLACK = 1.25
_MANY, _SPACED = 3, 2.5
"""Fewer readings than these make no median: then those of so many spacings."""
_EVERY = 0.1
"""Of a spacing: readings come a little early or late."""


class Change(NamedTuple):
    """A step from one level to another that lasts."""

    at: float
    before: float
    after: float


class Track:
    """Readings with their times, oldest first, bounded."""

    __slots__ = ("_kept", "_most", "_times", "_usual", "_values")

    def __init__(self, kept: int = KEPT) -> None:
        self._kept, self._most = kept, int(kept * _SLACK)
        self._times, self._values = array("d"), array("d")
        self._usual: tuple[int, float | None] = (0, None)

    def add(self, at: float, value: float) -> None:
        """Take a reading; one that is older than the last, as after a clock was set back, begins anew."""
        times = self._times
        if times and at < times[-1]:
            self._times, self._values, self._usual = array("d"), array("d"), (0, None)
            times = self._times
        times.append(at)
        self._values.append(value)
        if len(times) > self._most:
            del times[: -self._kept], self._values[: -self._kept]
            self._usual = (0, None)

    @property
    def last(self) -> float | None:
        return self._values[-1] if self._values else None

    @property
    def last_at(self) -> float:
        """0: never."""
        return self._times[-1] if self._times else 0.0

    @property
    def first_at(self) -> float:
        """Of the readings that are kept; 0: there is none."""
        return self._times[0] if self._times else 0.0

    @property
    def spacing(self) -> float:
        """Seconds between readings: the lesser of the last two gaps, for a pause makes no spacing; 0: not known yet."""
        times = self._times
        return min(times[-1] - times[-2], times[-2] - times[-3]) if len(times) > 2 else 0.0

    def since(self, moment: float) -> Sequence[float]:
        """The readings from this moment on."""
        return self._values[bisect_left(self._times, moment) :]

    def pairs(self, moment: float) -> Iterator[tuple[float, float]]:
        """Times and readings from this moment on."""
        place = bisect_left(self._times, moment)
        return zip(self._times[place:], self._values[place:], strict=True)

    def before(self, moment: float) -> float | None:
        """The last reading before this moment."""
        place = bisect_left(self._times, moment)
        return self._values[place - 1] if place else None

    def lately(self, now: float, seconds: float = _LATELY_S) -> float | None:
        """The median of the last seconds: one odd reading among three is nothing. What is read rarely counts longer."""
        return median(self._latest(now, seconds))

    def peak(self, now: float, seconds: float = _LATELY_S) -> float:
        """The greatest of the readings whose median is `lately`, which is dearer to know; 0: there is none."""
        return max(self._latest(now, seconds), default=0.0)

    def _latest(self, now: float, seconds: float) -> Sequence[float]:
        values = self._values[bisect_left(self._times, now - seconds) :]
        if len(values) < _MANY and (spaced := _SPACED * self.spacing) > seconds:
            return self.since(now - spaced)
        return values

    def least(self, now: float, seconds: float, readings: int) -> float:
        """The smallest of the last seconds, but for one stray; 0 while there are too few readings."""
        values = self.since(now - seconds)
        if len(values) < readings:
            return self._least_spaced(now, seconds, readings)
        return sorted(values)[len(values) > readings]

    def _least_spaced(self, now: float, seconds: float, readings: int) -> float:
        """The same where readings are too far apart for so many: as many as cover these seconds, but two in a row."""
        gap = self.spacing
        if gap * readings <= seconds:
            return 0.0
        needed = max(2, min(readings, ceil(seconds / gap - _EVERY)))
        most = needed + (needed > 2)
        values = sorted(self.since(now - (needed + 1) * gap)[-most:])
        return values[len(values) > needed] if len(values) >= needed else 0.0

    def usual(self, before: float) -> float | None:
        """The median of all readings before this moment; `None` where there are too few to call anything usual."""
        number = bisect_left(self._times, before)
        if number < _ENOUGH:
            return None
        known = self._usual[0]
        if abs(number - known) * _SAMPLED > known:  # one reading more among so many makes no other median
            self._usual = number, median(self._values[: number : max(number // _SAMPLED, 1)])
        return self._usual[1]

    def change(self, now: float, usual: float | None = None) -> Change | None:
        """When the level of the last seconds began, and what was usual before that; `None` while nothing changed.

        `usual`: what it was, where that is remembered.
        """
        after, before = self.lately(now), self.usual(now - 2 * _LATELY_S) if usual is None else usual
        if after is None or before is None or after == before:
            return None
        return Change(self.began(before, after), before, after)

    def began(self, before: float, after: float) -> float:
        """When the level changed: back from the end while no two readings in a row stand beyond the middle."""
        middle, rising = (before + after) / 2, after > before
        began, strays = self.last_at, 0
        for place in range(len(self._times) - 1, -1, -1):
            if (self._values[place] > middle) == rising:
                began, strays = self._times[place], 0
            else:
                strays += 1
                if strays > 1:
                    break
        return began


def median(values: Sequence[float]) -> float | None:
    """The middle one, the lower of two; `None` of none."""
    return sorted(values)[(len(values) - 1) // 2] if values else None
