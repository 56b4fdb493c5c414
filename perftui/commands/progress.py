"""How far a long reading is, on stderr, and only where somebody watches."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_SHOWN_AFTER_S = 0.5


class Progress:
    """A bar that appears only when the reading takes long; nothing at all where stderr is no terminal."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._wanted = sys.stderr.isatty()
        self._from = time.monotonic() + _SHOWN_AFTER_S
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def bytes_read(self, done: int, size: int | None) -> None:
        """Of a file."""
        self._show(self._words, done, size)

    def entries_read(self, what: str, number: int) -> None:
        """Of a server."""
        self._show(f"{what}: {number:,}" if number else what, number, None)

    def _show(self, words: str, done: int, total: int | None) -> None:
        if not self._wanted or time.monotonic() < self._from:
            return
        if self._bar is None:
            self._bar = _bar()
            self._bar.start()
            self._task = self._bar.add_task("", total=total)
        if self._task is not None:
            self._bar.update(self._task, description=words[:60], completed=done, total=total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> "Bar":
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Bar(*columns, console=Console(stderr=True), transient=True)
