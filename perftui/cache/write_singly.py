"""Writes one by one what the store refused together, and judges whether it or the write is at fault."""

import sys
from collections.abc import Callable
from typing import NamedTuple

from perftui.cache.refusals import Refusals
from perftui.cache.spill_records import Waiting
from perftui.cache.write_types import WriteOptions

_AT_LEAST = 10
"""So many others are asked in one round where the batch is smaller."""


class Attempts(NamedTuple):
    """What the writing thread does for it."""

    write: Callable[[dict[int, Waiting]], Exception | None]
    """What the store took is no longer in the queue."""
    first: Callable[[int], dict[int, Waiting]]
    """So many of the queue, which may be written."""
    stopped: Callable[[], bool]
    closing: Callable[[], bool]


class Halted(Exception):  # noqa: N818 - an answer, not a fault
    """The store is down, or nothing more is to be written: what was not asked yet waits."""


class Singly:
    """Of one write-behind."""

    def __init__(self, options: WriteOptions, refusals: Refusals, attempts: Attempts) -> None:
        self._options, self._refusals, self._attempts = options, refusals, attempts

    def write(self, batch: dict[int, Waiting]) -> tuple[dict[int, Exception], list[int]]:
        """What the store refused, and what of it was refused too often. Those of a key wait for each other.

        Raises `Halted`.
        """
        refused: dict[int, Exception] = {}
        keys: set[str] = set()
        before, only = self._refusals.taken_count, False
        for number, one in batch.items():
            error = None if one.key in keys else self._try(number, one)
            if error is not None:
                refused[number] = error
                keys.add(one.key)
        if self._refusals.taken_count == before:
            only = not self._write_others(keys) and len(refused) == 1
        return refused, self._refusals.count(refused, only=only, closing=self._attempts.closing())

    def _try(self, number: int, one: Waiting) -> Exception | None:
        """The error where the store refuses it."""
        if self._attempts.stopped():
            raise Halted
        error = self._attempts.write({number: one})
        if self._attempts.stopped() or not (error is None or self._options.refused(error)):
            raise Halted
        if error is not None:
            self._refusals.refused(number)
        return error

    def _write_others(self, keys: set[str]) -> bool:
        """Whether any wait whose key is none of these. Some are written: they tell what is at fault, and need not wait.

        The newest first, since what was wrong may have been mended, but all of them in turn.
        """
        waiting = self._attempts.first(sys.maxsize)
        first = {one.key: number for number, one in reversed(waiting.items()) if one.key not in keys}
        others = sorted(first.values(), key=lambda number: (self._refusals.tries(number), -number))
        for number in others[: max(self._options.batch, _AT_LEAST)]:
            self._try(number, waiting[number])
        return bool(others)
