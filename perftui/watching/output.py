"""Lines on stdout, written by a thread: a reader who does not read must not hold up the watching."""

import contextlib
import errno
import os
import select
import threading
from collections import deque
from collections.abc import Callable

from perftui.model.watch import WatchLine

_MOST_WAITING = 1000


class Output:
    """Writes to a file descriptor; `gone` is called, from the thread, when nobody reads it any more.

    A line that cannot be written, as on a full disk, is dropped and counted; `say` is told of the first.
    """

    def __init__(self, descriptor: int, gone: Callable[[], object], say: Callable[[str], object]) -> None:
        self._descriptor, self._gone, self._say = descriptor, gone, say
        self._cut = self._told = False
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
                self._write(b"\n" + text if self._cut else text)
            except OSError as error:
                if isinstance(error, BrokenPipeError | ConnectionResetError) or error.errno == errno.EBADF:
                    self.failed = True
                    with contextlib.suppress(RuntimeError):  # everything has ended already
                        self._gone()
                    return
                self._drop(error)

    def _write(self, text: bytes) -> None:
        """All of it, however slowly it is taken."""
        whole = len(text)
        while text:
            try:
                text = text[os.write(self._descriptor, text) :]
                self._cut = 0 < len(text) < whole
            except BlockingIOError:
                select.select((), (self._descriptor,), (), 1.0)

    def _drop(self, error: OSError) -> None:
        self.dropped += 1
        if not self._told:
            self._told = True
            self._say(f"A line could not be written ({error.strerror}); the watching goes on without it.")

    def _next(self) -> bytes | None:
        with self._news:
            while not self._waiting and not self._closing:
                self._news.wait()
            return self._waiting.popleft() if self._waiting else None
