"""Queries by collection, operation and shape, bounded."""

from collections import deque
from typing import NamedTuple

from perftui.instrument.series import Series

OVERFLOW_ID = "(other)"
SLOW_SAMPLES = 50


class ShapeKey(NamedTuple):
    id: str
    collection: str
    op: str
    text: str


class SlowQuery(NamedTuple):
    at: float
    shape: ShapeKey
    seconds: float


class QueryCounts:
    """One shape: a series of its first commands, and sums that a clear sets to zero."""

    __slots__ = ("errors", "get_more_s", "get_mores", "returned", "series", "slow")

    def __init__(self) -> None:
        self.series = Series()
        self.reset()

    def reset(self) -> None:
        self.errors = self.get_mores = self.slow = 0
        self.returned: int | None = None
        self.get_more_s = 0.0


class QueryTable:
    """Records under the registry's lock."""

    def __init__(self, max_shapes: int, slow_s: float) -> None:
        self.max_shapes, self.slow_s = max_shapes, slow_s
        self.shapes: dict[str, tuple[ShapeKey, QueryCounts]] = {}
        self.slow_samples: deque[SlowQuery] = deque(maxlen=SLOW_SAMPLES)

    def record(
        self, shape: ShapeKey, now: float, at: float, seconds: float, returned: int | None, *, failed: bool
    ) -> None:
        counts = self._counts(shape)
        counts.series.record(now, seconds)
        counts.errors += failed
        _add_returned(counts, returned)
        if seconds > self.slow_s:
            counts.slow += 1
            self.slow_samples.append(SlowQuery(at, shape, seconds))

    def record_more(self, shape: ShapeKey, seconds: float, returned: int | None, *, failed: bool) -> None:
        """A cursor's further batch: no execution of its own."""
        counts = self._counts(shape)
        counts.get_mores += 1
        counts.get_more_s += seconds
        counts.errors += failed
        _add_returned(counts, returned)

    def clear(self, now: float) -> None:
        self.slow_samples.clear()
        for _, counts in self.shapes.values():
            counts.series.clear(now)
            counts.reset()

    def _counts(self, shape: ShapeKey) -> QueryCounts:
        found = self.shapes.get(shape.id)
        if found is None:
            if len(self.shapes) >= self.max_shapes:
                shape = ShapeKey(OVERFLOW_ID, OVERFLOW_ID, OVERFLOW_ID, "all shapes beyond the bound")
            found = self.shapes.setdefault(shape.id, (shape, QueryCounts()))
        return found[1]


def _add_returned(counts: QueryCounts, returned: int | None) -> None:
    if returned is not None:
        counts.returned = (counts.returned or 0) + returned
