"""Which shape a cursor belongs to, bounded: the oldest are forgotten first."""

from collections.abc import Iterable

from perftui.instrument.queries.counting import ShapeCounts

_MOST = 10_000


class Cursors:
    """Safe between threads: each step is one operation on a dict."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: dict[int, ShapeCounts] = {}

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, cursor: int, counts: ShapeCounts) -> None:
        """Remember it until it is exhausted or killed."""
        self._open[cursor] = counts
        if len(self._open) > _MOST:
            self._open.pop(next(iter(self._open)), None)

    def of(self, cursor: object) -> ShapeCounts | None:
        return self._open.get(cursor) if isinstance(cursor, int) else None

    def exhausted(self, cursor: object) -> None:
        if isinstance(cursor, int):
            self._open.pop(cursor, None)

    def killed(self, cursors: object) -> None:
        """The application closed them before their end."""
        for cursor in cursors if isinstance(cursors, Iterable) else ():
            counts = self._open.pop(cursor, None)
            if counts is not None:
                counts.add_killed(1)

    def forget(self) -> None:
        self._open = {}
