"""One block of figures: the durations and counters of one thing in one process."""

import math
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from perftui.instrument.store.exclusive import EXCLUSIVE
from perftui.instrument.store.kinds import HEAD_WORDS, LAST_AT, SEQUENCE, Kind, minute_at
from perftui.model.histogram import BUCKETS, bounds_of

if TYPE_CHECKING:
    from perftui.instrument.store.history import History

SLOT_S = 60.0
_LAST = BUCKETS - 1
_LARGEST_US = bounds_of(_LAST)[0]


class Block:
    """Counts without a lock.

    Each change is one `+=` on one word with no call inside it, which CPython does not interrupt under its global lock:
    no count is lost between threads. Where Python runs without that lock, `LockedBlock` takes its place.
    """

    __slots__ = (
        "_buckets", "_counters", "_end", "_gauges", "_history", "_last", "_least", "_max", "_min", "_most",
        "_reals", "_words", "at", "kind",
    )  # fmt: skip

    def __init__(self, kind: Kind, words: Any, reals: Any, at: int, history: "History") -> None:
        layout = kind.layout
        self.kind, self.at = kind, at
        self._words, self._reals, self._history = words, reals, history
        self._gauges = at + HEAD_WORDS
        self._buckets = at + layout.live
        self._counters = self._buckets + layout.buckets
        self._last = at + LAST_AT
        self._end = 0.0
        self._least, self._most = math.inf, 0.0
        self._point_at(words[at + SEQUENCE])

    def record(self, now: float, seconds: float, number: float = 0, counter: int = 0) -> None:
        """Count one duration that ended at `now`, on the monotonic clock, and raise a counter as `add` does."""
        if now >= self._end:
            self.rotate(now)
        us = seconds * 1e6
        whole = int(us)
        # The bucket is computed in place: a call would cost as much as the rest of the record.
        if whole < 16:
            at = self._buckets + (whole if whole > 0 else 0)
        elif whole >= _LARGEST_US:
            at = self._buckets + _LAST
        else:
            shift = whole.bit_length() - 5
            at = self._buckets + (shift << 4) + (whole >> shift)
        reals = self._reals
        self._words[at] += 1
        reals[self._counters] += us
        if us > self._most:
            self._most = reals[self._max] = us
        if us < self._least:
            self._least = reals[self._min] = us
        reals[self._last] = now
        if number:
            reals[self._counters + 1 + counter] += number

    def add(self, counter: int, number: float = 1) -> None:
        """Raise the counter at this place of the kind's counters. `number` is 0 or more."""
        self._reals[self._counters + self.kind.timed + counter] += number

    def adder(self, counter: int) -> Callable[[float], None]:
        """`add` of one counter, for paths where each tenth of a microsecond counts."""
        reals, at = self._reals, self._counters + self.kind.timed + counter

        def add(number: float) -> None:
            reals[at] += number

        return add

    def set(self, gauge: int, value: float) -> None:
        """The gauge's value from now on."""
        self._reals[self._gauges + gauge] = value

    def shift(self, gauge: int, by: float) -> None:
        """Raise or lower a gauge."""
        self._reals[self._gauges + gauge] += by

    def rotate(self, now: float) -> bool:
        """Close the running minute, if it is over, and begin the one of `now`.

        False where it must stay open: this thread is at work on the store, and what it counts now came between.
        """
        return EXCLUSIVE.do(partial(self.close_minute, now)) is not None

    def close_minute(self, now: float) -> bool:
        """The same, for who holds the store already."""
        if now >= self._end:
            sequence, words, layout = self._words[self.at + SEQUENCE], self._words, self.kind.layout
            live = self.at + layout.live
            figures = words[live : live + layout.figures].tobytes()
            self._history.keep(self, sequence, figures)
            base = self.at + layout.base(sequence + 1)
            words[base : base + layout.figures] = memoryview(figures).cast("Q")
            head = self.at + minute_at(sequence + 1)
            words[head] = int(now // SLOT_S)
            self._reals[head + 1], self._reals[head + 2] = math.inf, 0.0
            words[self.at + SEQUENCE] = sequence + 1
            self._point_at(sequence + 1)
            self._end = (now // SLOT_S + 1) * SLOT_S
        return True

    def _point_at(self, sequence: int) -> None:
        head = self.at + minute_at(sequence)
        self._min, self._max = head + 1, head + 2
        # What these words hold, since memory is read slower than an attribute.
        self._least, self._most = math.inf, 0.0


class LockedBlock(Block):
    """For a Python without the global lock, where `+=` can be torn between threads."""

    __slots__ = ("_own",)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._own = threading.RLock()

    def record(self, now: float, seconds: float, number: float = 0, counter: int = 0) -> None:
        with self._own:
            super().record(now, seconds, number, counter)

    def rotate(self, now: float) -> bool:
        # Without waiting: `record` holds the block's own lock, for which the one at work on the store may wait.
        return EXCLUSIVE.do_if_free(partial(self.close_minute, now)) is not None

    def close_minute(self, now: float) -> bool:
        with self._own:
            return super().close_minute(now)

    def add(self, counter: int, number: float = 1) -> None:
        with self._own:
            super().add(counter, number)

    def adder(self, counter: int) -> Callable[[float], None]:
        return lambda number: self.add(counter, number)

    def shift(self, gauge: int, by: float) -> None:
        with self._own:
            super().shift(gauge, by)


def block_class() -> type[Block]:
    """The class that loses no count in this Python."""
    enabled = getattr(sys, "_is_gil_enabled", None)
    return Block if enabled is None or enabled() else LockedBlock
