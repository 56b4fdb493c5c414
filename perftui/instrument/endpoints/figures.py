"""Endpoints' figures as a reading of all workers gives them, statuses put together."""

from collections.abc import Iterator
from typing import NamedTuple

from perftui.instrument.endpoints.kinds import ASKED, CALL, CALL_METHOD, ENDPOINT, GONE
from perftui.instrument.store.reading import Reading, SeriesReading
from perftui.instrument.store.tally import Tally

Name = tuple[str, str]
"""Method and route."""


class Totals(NamedTuple):
    """Since the application began; a clear leaves them."""

    requests: int
    seconds: float
    errors: int
    """Status 5xx; of a function: calls that raised."""
    queries: int = 0
    query_s: float = 0.0
    cache_calls: int = 0
    cache_s: float = 0.0
    client_errors: int = 0
    """Status 4xx, but for those whose client left."""


class EndpointFigures:
    """One endpoint, or one monitored function, over any window."""

    def __init__(self, method: str, route: str) -> None:
        self.method, self.route = method, route
        self.name: Name = (method, route)
        self._statuses: list[tuple[str, SeriesReading]] = []

    @property
    def is_call(self) -> bool:
        """Whether this is a monitored function: it has no statuses, and is in no sum of requests."""
        return self.method == CALL_METHOD

    @property
    def last_at(self) -> float:
        """When a request ended last, on the monotonic clock; 0: never."""
        return max((series.last_at for _, series in self._statuses), default=0.0)

    def totals(self) -> Totals:
        """All that was ever counted."""
        counted = [(status, series.total) for status, series in self._statuses]
        queries, query_us, calls, cache_us = (
            sum(tally.counters.get(name, 0.0) for _, tally in counted) for name in ASKED
        )
        return Totals(
            sum(tally.count for _, tally in counted),
            sum(tally.sum_us for _, tally in counted) / 1e6,
            sum(tally.count if status.startswith("5") else tally.counter("raised") for status, tally in counted),
            round(queries),
            query_us / 1e6,
            round(calls),
            cache_us / 1e6,
            sum(tally.count for status, tally in counted if status.startswith("4") and status != GONE),
        )

    def share(self, status: str, series: SeriesReading) -> None:
        """Add the requests of one status."""
        self._statuses.append((status, series))

    def window(self, since_minute: int) -> "EndpointWindow":
        """From the beginning of this minute on."""
        return EndpointWindow({status: series.window(since_minute) for status, series in self._statuses})


class EndpointWindow:
    """One endpoint's figures over one window."""

    def __init__(self, statuses: dict[str, Tally]) -> None:
        self.tally = Tally()
        """All statuses together."""
        for tally in statuses.values():
            self.tally.merge(tally)
        self.count = self.tally.count
        self.status = {status: tally.count for status, tally in sorted(statuses.items()) if tally.counts}
        self.status.pop("", None)
        self.errors = self.counted("5") + self.tally.counter("raised")
        """Status 5xx; of a function: calls that raised."""

    def counted(self, beginning: str) -> int:
        """Requests whose status begins with this."""
        return sum(number for status, number in self.status.items() if status.startswith(beginning))


def endpoint_figures(reading: Reading) -> Iterator[EndpointFigures]:
    """Each method and route that was ever counted, monitored functions included: for documents and budgets."""
    found: dict[Name, EndpointFigures] = {}
    for series in reading.series(ENDPOINT.name):
        method, route, status = series.labels
        name = (method, route)
        if name not in found:
            found[name] = EndpointFigures(method, route)
        found[name].share(status, series)
    yield from found.values()
    for series in reading.series(CALL.name):
        figures = EndpointFigures(CALL_METHOD, series.labels[0])
        figures.share("", series)
        yield figures
