"""Counters of any process added up over its restarts, and their growth over a poll and over the window."""

from collections import deque
from collections.abc import Sequence

from perftui.sources.numbers import LARGEST

_CHECKPOINTS = 10


class Growth:
    """One value for each place: what was counted since the first reading, plus the first reading."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._last: list[float | None] = []
        self._grown: list[float] = []
        self._before: list[float] = []
        self._checkpoints: deque[tuple[float, list[float]]] = deque()
        self._at: float | None = None
        self.elapsed_s: float | None = None
        """Between the last two readings."""
        self.covered_s: float | None = None
        """What the window really covers; `None` at first."""

    def update(self, now: float, values: Sequence[float | None], *, restarted: bool) -> None:
        """Take the next reading; a value that fell, or any after a restart, was counted from 0."""
        self._before = list(self._grown)
        more = len(values) - len(self._grown)
        self._last += [None] * more
        self._grown += [0.0] * more
        last, grown = self._last, self._grown
        for place, value in enumerate(values):
            if value is None or not -LARGEST <= value <= LARGEST:  # absent, or no number that can be added up
                continue
            before = last[place]
            if before is None or restarted or value < before:
                grown[place] += value
            else:
                grown[place] += value - before
            last[place] = value
        self.elapsed_s = None if self._at is None else now - self._at
        self._at = now
        self._keep_checkpoint(now)

    def total(self, place: int) -> float:
        """Since the process started, restarts included."""
        return self._grown[place]

    def step(self, place: int) -> float:
        """Since the reading before."""
        before = self._before
        return self._grown[place] - (before[place] if place < len(before) else 0.0)

    def in_window(self, place: int) -> float:
        base = self._checkpoints[0][1] if self._checkpoints else ()
        return self._grown[place] - (base[place] if place < len(base) else 0.0)

    def _keep_checkpoint(self, now: float) -> None:
        points = self._checkpoints
        if not points or now - points[-1][0] >= self._window_s / _CHECKPOINTS:
            points.append((now, list(self._grown)))
        while len(points) > 1 and now - points[1][0] >= self._window_s:
            points.popleft()
        self.covered_s = now - points[0][0] or None
