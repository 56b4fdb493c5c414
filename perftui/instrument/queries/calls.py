"""The one call whose commands `wrap` measures: known by its task or thread."""

from contextvars import ContextVar

from perftui.instrument.queries.counting import ShapeCounts


class Call:
    """What one call of a wrapped collection sent."""

    __slots__ = ("batches", "commands", "counts", "returned", "seconds")

    def __init__(self) -> None:
        self.counts: ShapeCounts | None = None
        self.commands = self.batches = self.returned = 0
        self.seconds = 0.0

    def add(self, counts: ShapeCounts, seconds: float, returned: int, *, more: bool) -> None:
        """A command of it ended."""
        if self.counts is None:
            self.counts = counts
        self.commands += not more
        self.batches += 1
        self.returned += returned
        self.seconds += seconds


class Calls:
    """Looked at only once anybody wrapped a collection."""

    __slots__ = ("_current", "wanted")

    def __init__(self) -> None:
        self.wanted = False
        self._current: ContextVar[Call | None] = ContextVar("perftui_call", default=None)

    def get(self) -> Call | None:
        return self._current.get()

    def begin(self) -> "Started":
        """Measure what this task or thread sends until the end of the `with`."""
        self.wanted = True
        return Started(self._current)


class Started:
    """A context: its commands belong to the call."""

    def __init__(self, current: ContextVar[Call | None]) -> None:
        self._current = current

    def __enter__(self) -> Call:
        call = Call()
        self._token = self._current.set(call)
        return call

    def __exit__(self, *_error: object) -> None:
        self._current.reset(self._token)


CALLS = Calls()
