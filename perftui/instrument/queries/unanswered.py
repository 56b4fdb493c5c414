"""Commands that were sent and not answered yet, and what becomes of those that never will be."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from perftui.instrument.endpoints.current import RequestInProgress
from perftui.instrument.queries.calls import Call
from perftui.instrument.queries.counting import QueryCounts, ShapeCounts
from perftui.instrument.queries.kinds import CANCELLED

MOST_RUNNING = 10_000
"""Each that really runs has a connection of its own, so that only thousands of these reach it."""

SENT: ContextVar[object] = ContextVar("perftui_sent", default=None)
"""The number of the command that this task or thread sent last. All monitors give it the same."""

Running = tuple[ShapeCounts, Mapping[str, Any] | None, object, RequestInProgress | None, Call | None]
"""Its counts, itself where it may be explained (else it could be held for long), the cursor whose further batch it is,
or `None`, and for whom."""


class Unanswered:
    """Of one monitor. `running` is filled and emptied by that, twice a command; this only looks at what stays."""

    def __init__(self, counts: QueryCounts) -> None:
        self._counts = counts
        self.running: dict[object, Running] = {}

    def given_back(self) -> None:
        """This task or thread gives its connection back. PyMongo tells nothing of a command whose task was cancelled,
        but who still waits for an answer keeps the connection, for hours if need be."""
        found = self.running.pop(SENT.get(), None)
        if found is not None:  # how long it took is not known, so it is an error without a duration
            self._counts.failed(found[0], CANCELLED)

    def forget_oldest(self) -> None:
        """There are too many. It may run still, so nothing is told of it."""
        self.running.pop(next(iter(self.running)), None)

    def forget(self) -> None:
        """After a fork: they run in the parent."""
        self.running.clear()
