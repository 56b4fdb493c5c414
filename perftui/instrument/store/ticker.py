"""One thread a process that does what must not be done in a request's time."""

import contextlib
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Protocol

TICK_S = 1.0


class Ticking(Protocol):
    def tick(self, now: float) -> None: ...


class Job:
    """What is done every so many seconds."""

    def __init__(self, seconds: float, function: Callable[[], Any], *, at_once: bool) -> None:
        self.seconds, self.function = seconds, function
        self._next: float | None = 0.0 if at_once else None

    def due(self, now: float) -> bool:
        if self._next is None:
            self._next = now + self.seconds
        if now < self._next:
            return False
        self._next = now + self.seconds
        return True


_things: "weakref.WeakSet[Ticking]" = weakref.WeakSet()
_thread: threading.Thread | None = None


def begin_to_tick(thing: Ticking) -> None:
    """Call `thing.tick(monotonic)` once a second for as long as it lives. Starts no thread that cannot be started.

    For who holds the store: `EXCLUSIVE`.
    """
    global _thread
    _things.add(thing)
    if (_thread is None or not _thread.is_alive()) and not sys.is_finalizing():
        _thread = threading.Thread(target=_run, name="perftui", daemon=True)
        with contextlib.suppress(RuntimeError):  # there are too many threads
            _thread.start()


def _run() -> None:
    while True:
        time.sleep(TICK_S)
        for thing in _alive():
            with contextlib.suppress(Exception):  # a fault of ours must not end the others' ticks
                thing.tick(time.monotonic())


def _alive() -> list[Ticking]:
    while True:
        with contextlib.suppress(RuntimeError):  # another was added meanwhile
            return list(_things)


def _in_child() -> None:
    """Threads do not survive a fork."""
    global _thread
    _thread = None


os.register_at_fork(after_in_child=_in_child)
