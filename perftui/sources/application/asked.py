"""What each endpoint's requests asked of MongoDB and of caches, from totals that only grow."""

from collections.abc import Iterator
from typing import NamedTuple

from perftui.model.metrics import EndpointDocument, QueryDocument
from perftui.sources.rates import CounterRates


def totals(one: EndpointDocument) -> Iterator[tuple[str, float | None]]:
    """Name and value of each; `None` where the application does not tell."""
    yield "seconds", one.seconds_total
    yield "errors", one.errors_total
    yield "client errors", one.client_errors_total
    yield "queries", one.queries_total
    yield "query seconds", one.query_seconds_total
    yield "cache calls", one.cache_calls_total
    yield "cache seconds", one.cache_seconds_total


class Callers(NamedTuple):
    """Which shapes each endpoint sends, of those that are told."""

    counters: dict[str, float | None] = {}
    shapes_of: dict[str, list[str]] = {}

    def most(self, name: str, rates: CounterRates) -> tuple[str | None, float | None]:
        """The shape that this endpoint sent most of since the reading before, and how many."""
        known = [(rates.step(f"calls {shape} {name}"), shape) for shape in self.shapes_of.get(name, ())]
        sent = [(number, shape) for number, shape in known if number]
        number, shape = max(sent, default=(None, None))
        return shape, number


def callers(query: QueryDocument | None) -> Callers:
    found = Callers({}, {})
    for shape in () if query is None else query.shapes:
        for one in shape.callers:
            name = f"{one.method} {one.route}"
            found.counters[f"calls {shape.id} {name}"] = one.calls_total
            found.shapes_of.setdefault(name, []).append(shape.id)
    return found
