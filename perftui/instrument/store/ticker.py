"""One thread a process that does what must not be done in a request's time."""

import contextlib
import os
import threading
import time
import weakref
from typing import Protocol

TICK_S = 1.0


class Ticking(Protocol):
    def tick(self, now: float) -> None: ...


_things: "weakref.WeakSet[Ticking]" = weakref.WeakSet()
_thread: threading.Thread | None = None
_lock = threading.Lock()


def begin_to_tick(thing: Ticking) -> None:
    """Call `thing.tick(monotonic)` once a second for as long as it lives. Starts no thread that cannot be started."""
    global _thread
    with _lock:
        _things.add(thing)
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, name="perftui", daemon=True)
            with contextlib.suppress(RuntimeError):  # the interpreter ends, or there are too many threads
                _thread.start()


def _run() -> None:
    while True:
        time.sleep(TICK_S)
        for thing in list(_things):
            with contextlib.suppress(Exception):  # a fault of ours must not end the others' ticks
                thing.tick(time.monotonic())


def _in_child() -> None:
    """Threads do not survive a fork, and the lock may have been held."""
    global _thread, _lock
    _thread, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_in_child)
