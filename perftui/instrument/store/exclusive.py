"""What one thread at a time does to the store, and none in the midst of its own doing it.

A count may come from anywhere: the garbage collector ends a measured generator, or a signal handler counts, while its
own thread opens a place for figures or closes a minute. It can neither wait for itself, nor may it come between.
"""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


class Exclusive:
    """All stores share one, so that no thread can wait for a second while it holds a first."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """In a child after a fork: the thread that held it is not here."""
        self._lock = threading.RLock()
        self._busy = False

    def do(self, work: Callable[[], Made]) -> Made | None:
        """What `work` gives, `None` where this thread is in the midst of another. Waits for other threads."""
        # Entered by C code: an exception of a signal handler comes before it, or once the lock will be released.
        with self._lock:
            return self._once(work)

    def do_if_free(self, work: Callable[[], Made]) -> Made | None:
        """The same, and `None` too where another thread is at it."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._once(work)
        finally:
            self._lock.release()

    def _once(self, work: Callable[[], Made]) -> Made | None:
        if self._busy:  # the lock is ours already, so it is this thread
            return None
        self._busy = True
        try:
            return work()
        finally:
            self._busy = False


EXCLUSIVE = Exclusive()
os.register_at_fork(after_in_child=EXCLUSIVE.begin_anew)
