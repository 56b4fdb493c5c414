"""Writes that were accepted and not yet written, in their order, up to a limit."""

import threading
import time
from collections.abc import Iterable
from itertools import islice, takewhile

from perftui.cache.spill_records import Waiting


class QueueFull(Exception):  # noqa: N818 - an answer, not a fault
    """The write was not accepted: the store has been behind for longer than the caller would wait.

    >>> from perftui import QueueFull
    >>> str(QueueFull("10000 writes wait"))
    '10000 writes wait'
    """


class WriteQueue:
    """The lock can be taken again by who holds it: a signal may come while its handler's own thread is inside."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.changed = threading.Condition(threading.RLock())
        self._writes: dict[int, Waiting] = {}
        self._last = 0
        self.closed = False

    def put(self, write: Waiting, timeout_s: float | None) -> None:
        """Wait for room; raises `QueueFull` after `timeout_s`, and `RuntimeError` once it is closed."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self.changed:
            while len(self._writes) >= self.most and not self.closed:
                rest = None if deadline is None else deadline - time.monotonic()
                if rest is not None and rest <= 0:
                    raise QueueFull(f"{len(self._writes)} writes wait for a store that does not take them")
                self.changed.wait(rest)
            if self.closed:
                raise RuntimeError("this write-behind is closed: the write was not accepted")
            self._add(write)
            self.changed.notify_all()

    def replay(self, writes: Iterable[Waiting]) -> int:
        """In front of all others, whatever the limit; the number of the last one."""
        with self.changed:
            for write in writes:
                self._add(write)
            return self._last

    def _add(self, write: Waiting) -> None:
        self._last += 1
        self._writes[self._last] = write

    def first(self, number: int) -> dict[int, Waiting]:
        """The next ones, which stay."""
        with self.changed:
            return dict(islice(self._writes.items(), number))

    def after(self, number: int) -> dict[int, Waiting]:
        """Those numbered above."""
        with self.changed:
            return {at: write for at, write in self._writes.items() if at > number}

    def up_to(self, number: int) -> dict[int, Waiting]:
        """Those numbered so, or below."""
        with self.changed:
            return dict(takewhile(lambda one: one[0] <= number, self._writes.items()))

    def remove(self, numbers: Iterable[int]) -> None:
        with self.changed:
            for number in numbers:
                self._writes.pop(number, None)
            self.changed.notify_all()

    def first_number(self) -> int | None:
        with self.changed:
            return next(iter(self._writes), None)

    def last_number(self) -> int:
        """The number of the last write that was accepted."""
        return self._last

    def __len__(self) -> int:
        return len(self._writes)

    def wait(self, seconds: float, at_least: int) -> None:
        """Until there are so many, or it is closed, or the time is over."""
        with self.changed:
            self.changed.wait_for(lambda: self.closed or len(self._writes) >= at_least, seconds)

    def wait_written(self, seconds: float | None) -> bool:
        """Whether all that is in it now was written in time."""
        with self.changed:
            last = self._last
            done = self.changed.wait_for(lambda: next(iter(self._writes), last + 1) > last, seconds)
            return bool(done)

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def abandon(self) -> None:
        """`close` for the garbage collector, which may come while its thread holds any lock: nobody is woken, and who
        waits looks again in a moment."""
        self.closed = True
