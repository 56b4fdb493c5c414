"""What budgets can hold: each endpoint, shape and cache of all workers, with its figures over any window."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from perftui.instrument.caches.efficiency import efficiency
from perftui.instrument.caches.kinds import CACHE, CACHE_GET
from perftui.instrument.endpoints.beside import InFlight, in_flight
from perftui.instrument.endpoints.figures import EndpointFigures, endpoint_figures
from perftui.instrument.queries.kinds import QUERY
from perftui.instrument.store.reading import Reading, SeriesReading
from perftui.instrument.store.tally import Tally
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.figures import Figures, TallyLatencies
from perftui.model.budgets.limits import On


class Subject(NamedTuple):
    """One thing with its name in words."""

    on: On
    key: tuple[str, ...]
    """Method and route; a shape's id, collection, operation and text; a cache's name."""
    figures: Callable[[int], Figures]
    """Over the running minute and as many whole ones before it."""

    @property
    def name(self) -> str:
        """For people."""
        if self.on == "query":
            return f"{self.key[1]} {self.key[3]}"
        return " ".join(self.key)

    def held_by(self, budget: Budget) -> bool:
        if self.on == "endpoint":
            return budget.matches(*self.key)
        return budget.matches_shape(*self.key) if self.on == "query" else budget.matches_cache(*self.key)


def subjects(reading: Reading) -> Iterator[Subject]:
    """Everything that was ever counted."""
    running = in_flight(reading)
    for endpoint in endpoint_figures(reading):
        yield _endpoint(reading, endpoint, running.get(endpoint.name, InFlight()).number)
    for series in reading.series(CACHE.name):
        yield _cache(reading, series.labels[0])
    for series in reading.series(QUERY.name):
        yield _shape(reading, series)


def _endpoint(reading: Reading, endpoint: EndpointFigures, running: int) -> Subject:
    def figures(minutes: int) -> Figures:
        since = reading.since_minute(minutes)
        window = endpoint.window(since)
        latencies = TallyLatencies(window.tally)
        return Figures(window.count, reading.covered_s("api", since), latencies, window.errors, in_flight=running)

    return Subject("endpoint", endpoint.name, figures)


def _shape(reading: Reading, series: SeriesReading) -> Subject:
    def figures(minutes: int) -> Figures:
        since = reading.since_minute(minutes)
        window = series.window(since)
        covered_s = reading.covered_s("query", since)
        # Failed statements of one write, and cancelled commands, are more errors than there are durations.
        errors = min(window.counter("errors"), window.count)
        return Figures(window.count, covered_s, TallyLatencies(window), errors)

    return Subject("query", series.labels, figures)


def _cache(reading: Reading, name: str) -> Subject:
    def figures(minutes: int) -> Figures:
        since = reading.since_minute(minutes)
        counts, got = _window(reading, CACHE.name, name, since), _window(reading, CACHE_GET.name, name, since)
        hits, misses, average_s = counts.counter("hits"), counts.counter("misses"), got.average_s()
        gets = hits + misses
        hit_rate = hits / gets if gets else None
        score = efficiency(hit_rate, gets, None if average_s is None else average_s * 1000)
        covered_s = reading.covered_s("cache", since)
        return Figures(gets, covered_s, TallyLatencies(got), hits=hits, misses=misses, efficiency=score)

    return Subject("cache", (name,), figures)


def _window(reading: Reading, kind: str, name: str, since: int) -> Tally:
    series = reading.one(kind, name)
    return Tally() if series is None else series.window(since)
