"""Commands that were sent and not answered yet, and what becomes of those that never will be."""

from collections.abc import Mapping
from typing import Any

from perftui.instrument.endpoints.current import RequestInProgress
from perftui.instrument.queries.calls import Call
from perftui.instrument.queries.counting import QueryCounts, ShapeCounts
from perftui.instrument.queries.kinds import CANCELLED

MOST_RUNNING = 1_000
UNANSWERED_S = 600.0
"""PyMongo tells nothing of a command whose task was cancelled: one that was sent so long ago is taken for such."""

Running = tuple[ShapeCounts, Mapping[str, Any] | None, object, RequestInProgress | None, Call | None]
"""Its counts, itself where it may be explained (else it could be held for long), the cursor whose further batch it is,
or `None`, and for whom."""


class Unanswered:
    """Of one monitor. `running` is filled and emptied by that, twice a command; this only looks at what stays."""

    def __init__(self, counts: QueryCounts) -> None:
        self._counts = counts
        self.running: dict[object, Running] = {}
        self._seen: dict[object, tuple[Running, float]] = {}
        """Those of the last sweep, and since which one: to look at the clock for each command would cost."""
        counts.sweep_often(self)

    def sweep(self, now: float) -> None:
        """Give up what was not answered for too long. Every now and then, by the registry's thread."""
        seen = {}
        for key in list(self.running):
            found = self.running.get(key)
            if found is not None:
                before, since = self._seen.get(key, (found, now))
                # The batches of an exhaust cursor share a key, and each is a command of its own.
                seen[key] = found, since if before is found else now
                if now - seen[key][1] >= UNANSWERED_S:
                    self._give_up(key)
        self._seen = seen

    def give_up_oldest(self) -> None:
        """There are too many."""
        self._give_up(next(iter(self.running)))

    def forget(self) -> None:
        """After a fork: they run in the parent."""
        self.running.clear()
        self._seen = {}

    def _give_up(self, key: object) -> None:
        """How long it took is not known, so it is an error without a duration."""
        found = self.running.pop(key, None)
        if found is not None:
            self._counts.failed(found[0], CANCELLED)
