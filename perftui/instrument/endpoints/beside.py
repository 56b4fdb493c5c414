"""What is kept beside the endpoints' durations: exceptions, first bytes, what is in flight, slow requests."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from perftui.instrument.endpoints.figures import Name
from perftui.instrument.endpoints.kinds import (
    CALL_METHOD,
    EXCEPTION,
    FIRST_BYTE,
    IN_FLIGHT,
    SLOW_REQUESTS,
    WEBSOCKET_METHOD,
)
from perftui.instrument.store.reading import Reading
from perftui.instrument.store.tally import Tally
from perftui.model.metrics import SlowRequestDocument

NO_REQUESTS = (CALL_METHOD, WEBSOCKET_METHOD)


class InFlight(NamedTuple):
    """What runs now."""

    number: int = 0
    oldest_s: float | None = None

    def plus(self, number: int, oldest_s: float) -> "InFlight":
        return InFlight(self.number + number, max(oldest_s, self.oldest_s or 0.0))


class Beside:
    """Over the window that begins with a minute, by method and route."""

    def __init__(self, reading: Reading, since_minute: int) -> None:
        self.first_bytes: dict[Name, Tally] = {
            (series.labels[0], series.labels[1]): series.window(since_minute)
            for series in reading.series(FIRST_BYTE.name)
        }
        self.in_flight = in_flight(reading)
        self.exceptions: dict[Name, dict[str, int]] = {}
        for series in reading.series(EXCEPTION.name):
            method, route, name = series.labels
            raised = series.window(since_minute).counter("raised")
            if raised:
                self.exceptions.setdefault((method, route), {})[name] = raised

    def requests_in_flight(self) -> InFlight:
        """HTTP requests only."""
        whole = InFlight()
        for (method, _), one in self.in_flight.items():
            if method not in NO_REQUESTS:
                whole = whole.plus(one.number, one.oldest_s or 0.0)
        return whole

    def exceptions_of_requests(self) -> dict[str, int]:
        whole: dict[str, int] = {}
        for (method, _), classes in self.exceptions.items():
            if method not in NO_REQUESTS:
                _add(whole, classes)
        return whole


def in_flight(reading: Reading) -> dict[Name, InFlight]:
    """All workers' requests, calls and websockets that run, as of up to a second ago."""
    found: dict[Name, InFlight] = {}
    for method, route, number, oldest_s in _published(reading, IN_FLIGHT, list[tuple[str, str, int, float]]):
        found[method, route] = found.get((method, route), InFlight()).plus(number, oldest_s)
    return found


def slow_requests(reading: Reading) -> tuple[SlowRequestDocument, ...]:
    """All workers' slow requests that are still remembered, the newest first."""
    found = _published(reading, SLOW_REQUESTS, list[SlowRequestDocument])
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def _published(reading: Reading, name: str, form: Any) -> list[Any]:
    """What all workers published; what has another form (another version's) is left out."""
    found: list[Any] = []
    for _, value in reading.side(name):
        try:
            found += msgspec.convert(value, form)
        except msgspec.ValidationError:
            continue
    return found


def _add(whole: dict[str, int], more: Mapping[str, int]) -> None:
    for name, number in more.items():
        whole[name] = whole.get(name, 0) + number
