"""Which keys are used most, in bounded memory."""

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Any

from perftui.instrument.caches.keys import text_of

BATCH = 512
"""So many keys are counted together: a hit only appends."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key and its count: used `count - error` to `count` times."""

    key: Any
    count: int
    error: int


class Unkept(str):
    """The text of a key that is counted by its template only."""

    __slots__ = ()


class SpaceSaving:
    """The heavy hitters of a stream.

    A key's true count lies between `count - error` and `count`, and one that is not held was used at most `floor`
    times; `floor` is at most the length of the stream divided by `size`. Holds up to eight times `size` between
    two prunings, so that pruning costs next to nothing a key.
    """

    __slots__ = ("_counts", "_errors", "_limit", "_size", "floor")

    def __init__(self, size: int) -> None:
        self._size, self._limit = size, 8 * size
        self.clear()

    def clear(self) -> None:
        self._counts: dict[Hashable, int] = {}
        self._errors: dict[Hashable, int] = {}
        self.floor = 0

    def add(self, counted: Iterable[tuple[Hashable, int]]) -> None:
        counts, errors, floor = self._counts, self._errors, self.floor
        for key, number in counted:
            if key in counts:
                counts[key] += number
            else:
                counts[key] = floor + number
                if floor:
                    errors[key] = floor
        if len(counts) > self._limit:
            self._prune()

    def top(self, number: int) -> list[KeyUse]:
        """The most used first; another thread may count meanwhile."""
        found = nlargest(number, list(self._counts.items()), key=lambda pair: pair[1])
        return [KeyUse(key, count, self._errors.get(key, 0)) for key, count in found]

    def _prune(self) -> None:
        ranked = sorted(self._counts.items(), key=lambda pair: pair[1], reverse=True)
        self._counts = dict(ranked[: self._size])
        self._errors = {key: error for key, error in self._errors.items() if key in self._counts}
        self.floor = max(self.floor, ranked[self._size][1])


class KeyLog:
    """Takes keys one by one and counts them in batches: their templates, and as they are where that was asked for."""

    __slots__ = ("_cleared", "_fold", "_lock", "kept", "pending", "templates")

    def __init__(self, fold: Callable[[Sequence[str]], Iterable[str]], size: int, keep: int) -> None:
        """`keep`: how many raw keys to hold; 0: none."""
        self._fold, self._lock = fold, threading.Lock()
        self.pending: list[Any] = []
        self._cleared = False
        self.templates = SpaceSaving(size)
        self.kept = SpaceSaving(keep) if keep else None

    def settle(self) -> None:
        """Count what is pending. Keys that come meanwhile wait for the next time; none is lost.

        So do all of them while another settles, or this thread itself does: a finalizer may use a cache just then.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._settle()
            if self._cleared:
                self._forget()
        finally:
            self._lock.release()

    def clear(self) -> None:
        """Forget all keys; where some are being settled, after that."""
        self._cleared = True
        if self._lock.acquire(blocking=False):
            try:
                self._forget()
            finally:
                self._lock.release()

    def _settle(self) -> None:
        pending = self.pending
        number = len(pending)
        batch = Counter(pending[:number])
        del pending[:number]
        # Without kept keys all are texts already.
        plain = self.kept is None
        folded = self._fold(list(batch) if plain else [key if type(key) is str else text_of(key) for key in batch])
        once = len(batch) == number
        self.templates.add(Counter(folded).items() if once else zip(folded, batch.values(), strict=True))
        if self.kept is not None:
            self.kept.add((key, times) for key, times in batch.items() if type(key) is not Unkept)

    def _forget(self) -> None:
        self._cleared = False
        self.pending.clear()
        self.templates.clear()
        if self.kept is not None:
            self.kept.clear()
