"""Counters of any process added up over its restarts, and their growth over a poll and over the window."""

import math
from collections import deque
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import TypeVar

from perftui.sources.numbers import LARGEST

_Value = TypeVar("_Value")

_CHECKPOINTS = 10
_MOST_WORKERS = 64
_WINDOWS_KEPT = 2
_MOST_ABSENT = 5_000
"""Series that are not on the page just read, where these are more than twice those that are."""


class Growth:
    """One value for each place: what was counted when it was first seen, and what grew since then."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._last: dict[Hashable, list[float | None]] = {}
        self._base: list[float] = []
        self._grown: list[float] = []
        self._before: list[float] = []
        self._seen_at: list[float] = []
        self._read_at: dict[Hashable, float] = {}
        self._forgot_at: float | None = None
        self._present = 0
        self._group: dict[int, Sequence[int]] = {}
        self._checkpoints: deque[tuple[float, list[float]]] = deque()
        self._at: float | None = None
        self._was_whole = True
        self.elapsed_s: float | None = None
        """Between the last two readings."""
        self.covered_s: float | None = None
        """What the window really covers; `None` at first."""

    def keep_together(self, groups: Iterable[Sequence[int]]) -> None:
        """Places that are counted by one histogram: when one falls, all were counted from 0."""
        self._group = {place: group for group in groups for place in group}

    def workers(self) -> list[Hashable]:
        """Those whose last reading is kept, the one that answered last at the end."""
        return list(self._last)

    def rename(self, worker: Hashable, name: Hashable) -> None:
        """More is known now of who a worker is."""
        self._last[name] = self._last.pop(worker)
        self._read_at[name] = self._read_at.pop(worker)

    def update(
        self,
        now: float,
        values: Sequence[float | None],
        *,
        restarted: bool,
        worker: Hashable = None,
        whole: bool = True,
        returned: Collection[int] = (),
    ) -> None:
        """Take the next reading, of one of the workers.

        A value that fell, or any after a restart, was counted from 0. What a worker had counted before it was first
        seen did not grow since the last reading, nor did what was left out of a reading that is not `whole`, nor what
        was dropped and `returned`.
        """
        unseen = (not restarted and worker not in self._last) or not self._was_whole
        last = self._last_of(worker, restarted, len(values))
        self._before, self._was_whole = list(self._grown), whole
        previous, fallen, seen_at = list(last), set[int](), self._seen_at
        for place, value in enumerate(values):
            if value is None:
                continue
            seen_at[place] = now
            if not -LARGEST <= value <= LARGEST:  # no number that can be added up
                continue
            before = previous[place]
            if before is None:
                (self._base if unseen or place in returned else self._grown)[place] += value
            elif value < before:
                fallen.add(place)
                self._grown[place] += value
            else:
                self._grown[place] += value - before
            last[place] = value
        if fallen:
            self._count_from_zero(fallen, previous, values)
        self._present, self._read_at[worker] = len(values) - values.count(None), now
        self._pass_to(now)

    def _pass_to(self, now: float) -> None:
        self.elapsed_s = None if self._at is None else now - self._at
        self._at = now
        self._keep_checkpoint(now)

    def forget(self, size: int) -> Sequence[int] | None:
        """Drop the places of what is gone for longer than the window needs.

        Returns which of the reader's `size` places stay, in their order; `None` for all of them.
        """
        known, latest = len(self._seen_at), self._latest_to_forget()
        kept = [place for place, at in enumerate(self._seen_at) if at > latest]
        if len(kept) == known:
            return None
        self._base, self._grown, self._before, self._seen_at = (
            _at(kept, values) for values in (self._base, self._grown, self._before, self._seen_at)
        )
        # A worker that was not read since then told of what is dropped: it must count as unseen when it comes again.
        self._last = {one: _at(kept, last) for one, last in self._last.items() if self._read_at[one] > latest}
        self._read_at = {one: at for one, at in self._read_at.items() if one in self._last}
        self._checkpoints = deque((at, _at(kept, grown)) for at, grown in self._checkpoints)
        self._group = {}
        return [*kept, *range(known, size)]

    def total(self, place: int) -> float:
        """Since the process started, restarts included."""
        return self._base[place] + self._grown[place]

    def step(self, place: int) -> float:
        """Since the reading before."""
        before = self._before
        return self._grown[place] - (before[place] if place < len(before) else 0.0)

    def in_window(self, place: int) -> float:
        base = self._checkpoints[0][1] if self._checkpoints else ()
        return self._grown[place] - (base[place] if place < len(base) else 0.0)

    def _latest_to_forget(self) -> float:
        """What was seen after this stays. By the last reading, so that a time without any makes nothing old."""
        if self._at is None or not self._is_time_to_forget():
            return -math.inf
        self._forgot_at = self._at
        oldest = self._at - _WINDOWS_KEPT * self._window_s
        absent = sorted(at for at in self._seen_at if at < self._at)
        return max(oldest, absent[-self._most_absent - 1]) if len(absent) > self._most_absent else oldest

    def _is_time_to_forget(self) -> bool:
        if len(self._seen_at) - self._present > self._most_absent or self._forgot_at is None:
            return True
        return (self._at or 0.0) - self._forgot_at >= self._window_s / _CHECKPOINTS

    @property
    def _most_absent(self) -> int:
        return max(_MOST_ABSENT, 2 * self._present)

    def _last_of(self, worker: Hashable, restarted: bool, length: int) -> list[float | None]:
        """What the worker said last, made the newest of those that are kept."""
        last = self._last.pop(worker, [])
        if restarted:
            last = []
        last += [None] * (length - len(last))
        self._last[worker] = last
        if len(self._last) > _MOST_WORKERS:
            del self._read_at[oldest := next(iter(self._last))], self._last[oldest]
        more = [0.0] * (length - len(self._grown))
        self._base += more
        self._grown += more
        self._seen_at += more
        return last

    def _count_from_zero(
        self, fallen: set[int], previous: Sequence[float | None], values: Sequence[float | None]
    ) -> None:
        """The other parts of a histogram that fell somewhere did not grow by their difference either."""
        others = {other for place in fallen for other in self._group.get(place, ())} - fallen
        for place in others:
            if values[place] is not None:
                self._grown[place] += previous[place] or 0.0

    def _keep_checkpoint(self, now: float) -> None:
        points = self._checkpoints
        if not points or now - points[-1][0] >= self._window_s / _CHECKPOINTS:
            points.append((now, list(self._grown)))
        while len(points) > 1 and now - points[1][0] >= self._window_s:
            points.popleft()
        self.covered_s = now - points[0][0] or None


def _at(places: Sequence[int], values: Sequence[_Value]) -> list[_Value]:
    """The values of these places, which ascend; there may be fewer values."""
    return [values[place] for place in places if place < len(values)]
