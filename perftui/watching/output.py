"""Lines on stdout, written by a thread: a reader who does not read must not hold up the watching."""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable

from perftui.model.watch import WatchLine

_MOST_WAITING = 1000


class Output:
    """Writes to a file descriptor; `gone` is called, from the thread, when nobody reads it any more."""

    def __init__(self, descriptor: int, gone: Callable[[], object]) -> None:
        self._descriptor, self._gone = descriptor, gone
        self._waiting: deque[bytes] = deque()
        self._news, self._closing = threading.Condition(), False
        self.dropped = 0
        self.failed = False
        self._thread = threading.Thread(target=self._write_all, daemon=True, name="perftui-output")
        self._thread.start()

    def add(self, line: WatchLine) -> None:
        """Never waits; where a thousand lines wait already, this one is dropped and counted."""
        with self._news:
            if len(self._waiting) >= _MOST_WAITING:
                self.dropped += 1
                return
            self._waiting.append(line.to_json() + b"\n")
            self._news.notify()

    def close(self, within_s: float) -> None:
        """Write what waits, at most so long."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(within_s)

    def _write_all(self) -> None:
        while (text := self._next()) is not None:
            try:
                while text:
                    text = text[os.write(self._descriptor, text) :]
            except OSError:
                self.failed = True
                with contextlib.suppress(RuntimeError):  # everything has ended already
                    self._gone()
                return

    def _next(self) -> bytes | None:
        with self._news:
            while not self._waiting and not self._closing:
                self._news.wait()
            return self._waiting.popleft() if self._waiting else None
