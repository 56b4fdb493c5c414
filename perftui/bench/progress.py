"""How far a benchmark is: a bar on a terminal, or calls of a function."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Progress = Callable[[str, int, int], None]
"""Hears the name, and how much is done of how much. Never called within the time."""
_WIDTH, _NAME, _SHOWN_AFTER_S, _STEP_S = 24, 40, 0.3, 0.1


class ProgressBar:
    """One line that is drawn over and over, and wiped at the end; nothing where the stream is no terminal.

    >>> import io
    >>> from perftui import ProgressBar
    >>> ProgressBar(io.StringIO())("sort", 1, 4)  # no terminal: nothing is drawn
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._wanted = self._stream.isatty()
        self._next, self._drawn = time.monotonic() + _SHOWN_AFTER_S, False

    def __call__(self, name: str, done: int, total: int) -> None:
        """Draw it, if it was not drawn a moment ago."""
        if not self._wanted or time.monotonic() < self._next:
            return
        self._next, self._drawn = time.monotonic() + _STEP_S, True
        self._stream.write(f"\r\x1b[K{line(name, done, total)}")
        self._stream.flush()

    def close(self) -> None:
        """Wipe the line."""
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False


def line(name: str, done: int, total: int) -> str:
    """The bar as text."""
    share = min(max(done / total, 0.0), 1.0) if total else 1.0
    filled = int(share * _WIDTH)
    shown = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {share:4.0%} {shown}"


@contextmanager
def progress_on(wanted: bool | Progress) -> Iterator[Progress]:
    """What is to be called, closed afterwards if it is our own bar."""
    if callable(wanted):
        yield wanted
        return
    bar = ProgressBar() if wanted else None
    try:
        yield bar or (lambda *_told: None)
    finally:
        if bar:
            bar.close()
