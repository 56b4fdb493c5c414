"""Counters of any process added up over its restarts, and their growth over a poll and over the window."""

from collections import deque
from collections.abc import Hashable, Iterable, Sequence

from perftui.sources.numbers import LARGEST

_CHECKPOINTS = 10
_MOST_WORKERS = 64


class Growth:
    """One value for each place: what was counted when it was first seen, and what grew since then."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._last: dict[Hashable, list[float | None]] = {}
        self._base: list[float] = []
        self._grown: list[float] = []
        self._before: list[float] = []
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

    def update(
        self,
        now: float,
        values: Sequence[float | None],
        *,
        restarted: bool,
        worker: Hashable = None,
        whole: bool = True,
    ) -> None:
        """Take the next reading, of one of the workers.

        A value that fell, or any after a restart, was counted from 0. What a worker had counted before it was first
        seen did not grow since the last reading, nor did what was left out of a reading that is not `whole`.
        """
        unseen = (not restarted and worker not in self._last) or not self._was_whole
        last = self._last_of(worker, restarted, len(values))
        self._before, self._was_whole = list(self._grown), whole
        previous, fallen = list(last), set[int]()
        for place, value in enumerate(values):
            if value is None or not -LARGEST <= value <= LARGEST:  # absent, or no number that can be added up
                continue
            before = previous[place]
            if before is None:
                (self._base if unseen else self._grown)[place] += value
            elif value < before:
                fallen.add(place)
                self._grown[place] += value
            else:
                self._grown[place] += value - before
            last[place] = value
        if fallen:
            self._count_from_zero(fallen, previous, values)
        self.elapsed_s = None if self._at is None else now - self._at
        self._at = now
        self._keep_checkpoint(now)

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

    def _last_of(self, worker: Hashable, restarted: bool, length: int) -> list[float | None]:
        """What the worker said last, made the newest of those that are kept."""
        last = self._last.pop(worker, [])
        if restarted:
            last = []
        last += [None] * (length - len(last))
        self._last[worker] = last
        if len(self._last) > _MOST_WORKERS:
            del self._last[next(iter(self._last))]
        more = [0.0] * (length - len(self._grown))
        self._base += more
        self._grown += more
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
