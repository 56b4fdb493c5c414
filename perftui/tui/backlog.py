"""A terminal that takes nothing, as when ssh hangs: what it would show is dropped, and nobody waits for it."""

import asyncio
import signal
import sys
import termios
import time
from collections.abc import Callable
from queue import Empty, Queue
from threading import Thread
from typing import Any

MOST_WAITING = 24
"""Texts: what starts the screen is 15 of them, and a frame is up to three."""
_LOOK_AGAIN_S = 0.1
_PATIENCE_S = 1.0
_LONGEST_END_S = 5.0


class Backlog:
    """Decides what still may join the texts that wait to be written.

    A frame says only what differs from the one before, so that after one is dropped so are all, until the queue is
    empty and `repaint` is called.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, repaint: Callable[[], object]) -> None:
        self.dropping = False
        self._loop, self._repaint = loop, repaint

    def takes(self, waiting: "Queue[Any]") -> bool:
        """Whether a text may join them; may be asked from any thread."""
        if not self.dropping and waiting.qsize() >= MOST_WAITING:
            self.dropping = True
            self._loop.call_soon_threadsafe(self._look, waiting)
        return not self.dropping

    def clear(self, waiting: "Queue[Any]") -> None:
        """Throw away the frames that wait: what ends the screen must not stand behind them."""
        while self.dropping:
            try:
                waiting.get_nowait()
            except Empty:
                return

    def _look(self, waiting: "Queue[Any]") -> None:
        if waiting.qsize():
            self._loop.call_later(_LOOK_AGAIN_S, self._look, waiting)
        else:
            self.dropping = False
            self._repaint()


def end_writing(thread: Thread, fileno: int) -> bool:
    """Wait for a writing thread that was told to end; free it from a terminal that takes nothing. False: it stays.

    The kernel's buffer is emptied for it, so that the last texts still stand there for when the terminal goes on.
    """
    thread.join(_PATIENCE_S)
    before = signal.signal(signal.SIGURG, _wake) if thread.is_alive() and sys.platform != "win32" else None
    deadline = time.monotonic() + _LONGEST_END_S
    while thread.is_alive() and time.monotonic() < deadline:
        _empty_kernel_buffer(thread, fileno)
        thread.join(_LOOK_AGAIN_S)
    if before is not None:
        signal.signal(signal.SIGURG, before)
    return not thread.is_alive()


def _empty_kernel_buffer(thread: Thread, fileno: int) -> None:
    """The signal makes the blocked write look at the room again: emptying alone does not wake it."""
    try:
        termios.tcflush(fileno, termios.TCOFLUSH)
        if sys.platform != "win32" and thread.ident is not None:
            signal.pthread_kill(thread.ident, signal.SIGURG)
    except (termios.error, OSError):
        return


def _wake(*_: object) -> None:
    return
