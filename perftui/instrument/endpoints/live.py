"""What runs now. A request pays for one entry in a set; routes are looked up when somebody reads."""

from time import monotonic

from perftui.instrument.endpoints.current import RequestInProgress
from perftui.instrument.endpoints.kinds import UNMATCHED

MOST_PUBLISHED = 200
Published = tuple[str, str, int, float]
"""Method, route, number and age of the oldest, in seconds."""


class LiveRequests:
    """`running.add` and `running.discard` are those of a set: CPython does not interrupt them."""

    def __init__(self) -> None:
        self.running: set[RequestInProgress] = set()

    def published(self) -> list[Published]:
        """By method and route, the oldest first; `(unmatched)` also stands for what is not routed yet."""
        now = monotonic()
        found: dict[tuple[str, str], tuple[int, float]] = {}
        for request in self.running.copy():
            name = (request.method, request.route() or UNMATCHED)
            number, oldest = found.get(name, (0, 0.0))
            found[name] = (number + 1, max(oldest, now - request.started))
        ordered = sorted(found.items(), key=lambda item: item[1][1], reverse=True)
        return [(*name, number, oldest) for name, (number, oldest) in ordered[:MOST_PUBLISHED]]

    def forget(self) -> None:
        """After a fork: they run in the parent."""
        self.running.clear()
