"""The part of the metrics document about endpoints, from a reading of all workers."""

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple, Self

from perftui.instrument.endpoints.beside import Beside, InFlight, slow_requests
from perftui.instrument.endpoints.figures import EndpointFigures, EndpointWindow, Totals, endpoint_figures
from perftui.instrument.endpoints.kinds import ENDPOINT, GONE, WEBSOCKET, WEBSOCKET_CLOSE, WEBSOCKET_METHOD
from perftui.instrument.store.block import SLOT_S
from perftui.instrument.store.reading import Reading, SeriesReading
from perftui.instrument.store.tally import merged
from perftui.model.metrics import (
    ApiDocument,
    BudgetDocument,
    EndpointDocument,
    LatencyDocument,
    RateDocument,
    WebSocketDocument,
)

BudgetsOf = Callable[[str, str], tuple[BudgetDocument, ...]]
"""How an endpoint, by method and route, stands to its budgets."""
RATE_MINUTES = (1, 5, 15, 60)
Pair = tuple[EndpointFigures, EndpointWindow]


def api_document(
    reading: Reading, since_minute: int, *, top: int = 50, budgets_of: BudgetsOf | None = None
) -> ApiDocument:
    """Everything about endpoints since the beginning of a minute, which `Reading.since_minute(minutes)` gives.

    The endpoints that took most time come first; `top` bounds each list.
    """
    by_window = rates(reading)
    beside, known = Beside(reading, since_minute), list(endpoint_figures(reading))
    pairs = _busy(known, beside, since_minute)
    requests = [window for figures, window in pairs if not figures.is_call]
    totals = {figures.name: figures.totals() for figures in known}
    asks = Asks.of(totals.values())
    whole, running = merged(window.tally for window in requests), beside.requests_in_flight()
    count, errors = whole.count, sum(window.errors for window in requests)
    return ApiDocument(
        requests=count,
        requests_total=sum(totals[figures.name].requests for figures in known if not figures.is_call),
        errors_5xx=errors,
        errors_4xx=sum(window.counted("4") for window in requests),
        rate_per_s=count / reading.covered_s("api", since_minute),
        error_rate=errors / count if count else None,
        active=running.number,
        oldest_s=running.oldest_s,
        latency=whole.document(),
        endpoints=tuple(
            endpoint_document(reading, beside, pair, totals.get(pair[0].name, Totals(0, 0.0, 0)), asks, budgets_of)
            for pair in pairs[:top]
        ),
        endpoints_omitted=max(len(pairs) - top, 0),
        disconnects=sum(window.status.get(GONE, 0) for window in requests),
        exceptions=beside.exceptions_of_requests(),
        request_bytes=whole.counter("request_bytes"),
        response_bytes=whole.counter("response_bytes"),
        rates=by_window,
        websockets=tuple(_websockets(reading, beside, since_minute))[:top],
        slow_requests=slow_requests(reading)[:top],
    )


def _busy(known: Collection[EndpointFigures], beside: Beside, since_minute: int) -> list[Pair]:
    """What was counted in the window or runs now, the most time first."""
    names = {figures.name for figures in known}
    running = [EndpointFigures(*name) for name in beside.in_flight if name[0] != WEBSOCKET_METHOD]
    everything = [*known, *(figures for figures in running if figures.name not in names)]
    pairs = [(figures, figures.window(since_minute)) for figures in everything]
    busy = [pair for pair in pairs if pair[1].count or pair[0].name in beside.in_flight]
    return sorted(busy, key=lambda pair: pair[1].tally.sum_us, reverse=True)


class Asks(NamedTuple):
    """Whether requests are known to ask MongoDB or a cache: where none ever did, nobody may be counting it."""

    queries: bool
    caches: bool

    @classmethod
    def of(cls, totals: Collection[Totals]) -> Self:
        return cls(any(one.queries for one in totals), any(one.cache_calls for one in totals))


def endpoint_document(
    reading: Reading, beside: Beside, pair: Pair, totals: Totals, asks: Asks, budgets_of: BudgetsOf | None = None
) -> EndpointDocument:
    """One endpoint or monitored function over one window."""
    figures, window = pair
    name, tally, http = figures.name, window.tally, not figures.is_call
    running = beside.in_flight.get(name, InFlight())
    first_byte = beside.first_bytes.get(name)
    return EndpointDocument(
        method=figures.method,
        route=figures.route,
        requests_total=totals.requests,
        seconds_total=totals.seconds,
        errors_total=totals.errors,
        client_errors_total=totals.client_errors if http else None,
        queries_total=totals.queries if asks.queries and http else None,
        query_seconds_total=totals.query_s if asks.queries and http else None,
        cache_calls_total=totals.cache_calls if asks.caches and http else None,
        cache_seconds_total=totals.cache_s if asks.caches and http else None,
        status=window.status,
        latency=tally.document(),
        budgets=() if budgets_of is None else budgets_of(*name),
        last_seen=reading.wall_at(figures.last_at),
        errors=window.errors,
        exceptions=beside.exceptions.get(name, {}),
        disconnects=window.status.get(GONE, 0) if http else None,
        active=running.number,
        oldest_s=running.oldest_s,
        request_bytes=tally.counter("request_bytes") if http else None,
        response_bytes=tally.counter("response_bytes") if http else None,
        streams=(0 if first_byte is None else first_byte.count) if http else None,
        first_byte=first_byte.document() if first_byte else None,
    )


def rates(reading: Reading) -> tuple[RateDocument, ...]:
    """Requests and errors a second over 1, 5, 15 and 60 minutes, or since the start or the last clear if later."""
    # The longest first: a series keeps what it read for the shorter ones.
    return tuple(reversed([_rate(reading, minutes) for minutes in reversed(RATE_MINUTES)]))


def _rate(reading: Reading, minutes: int) -> RateDocument:
    since, count, errors = reading.since_minute(minutes), 0, 0
    for series in reading.series(ENDPOINT.name):
        number = series.count(since)
        count += number
        errors += number if series.labels[2].startswith("5") else 0
    return RateDocument(
        window_s=minutes * SLOT_S,
        requests=count,
        errors_5xx=errors,
        rate_per_s=count / reading.covered_s("api", since),
        error_rate=errors / count if count else None,
    )


def _websockets(reading: Reading, beside: Beside, since_minute: int) -> Iterator[WebSocketDocument]:
    codes: dict[str, dict[str, int]] = {}
    for series in reading.series(WEBSOCKET_CLOSE.name):
        if number := series.window(since_minute).counter("closed"):
            codes.setdefault(series.labels[0], {})[series.labels[1]] = number
    for series in reading.series(WEBSOCKET.name):
        found = _websocket(series, beside, codes.get(series.labels[0], {}), since_minute)
        if found.connections or found.active or found.received or found.sent:
            yield found


def _websocket(series: SeriesReading, beside: Beside, codes: dict[str, int], since_minute: int) -> WebSocketDocument:
    tally, route = series.window(since_minute), series.labels[0]
    running = beside.in_flight.get((WEBSOCKET_METHOD, route), InFlight())
    return WebSocketDocument(
        route=route,
        connections=tally.count,
        active=running.number,
        oldest_s=running.oldest_s,
        rejected=tally.counter("rejected"),
        duration=tally.document() if tally.counts else LatencyDocument(),
        received=tally.counter("received"),
        sent=tally.counter("sent"),
        received_bytes=tally.counter("received_bytes"),
        sent_bytes=tally.counter("sent_bytes"),
        close_codes=codes,
        exceptions=beside.exceptions.get((WEBSOCKET_METHOD, route), {}),
    )
