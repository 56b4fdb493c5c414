"""The endpoints' figures in process, for code that wants to look at itself."""

from typing import Literal

from msgspec.structs import replace

from perftui.instrument.endpoints.reading import api_document
from perftui.instrument.registry import Registry, default_registry
from perftui.model.metrics import ApiDocument, EndpointDocument, RateDocument

By = Literal["p50", "p90", "p95", "p99", "avg", "max", "total"]
_EVERY = 1 << 30
_LONGEST = 60


class EndpointStatistics:
    """`EndpointStatistics(registry).slowest(5)`. Windows are the running minute and up to 60 whole ones before it.

    >>> from perftui import EndpointStatistics, Registry, monitored
    >>> registry = Registry("nightly")
    >>> monitored(name="rebuild", registry=registry)(len)("abc")
    3
    >>> [one.route for one in EndpointStatistics(registry).slowest(5)]
    ['rebuild']
    """

    def __init__(self, registry: Registry | None = None) -> None:
        """Without a registry the default one is used."""
        self.registry = registry or default_registry()

    def overall(self, minutes: int = 5) -> ApiDocument:
        """All requests, without the list of endpoints. Raises `ValueError` for a window that is not kept."""
        return replace(self._read(minutes), endpoints=(), endpoints_omitted=0)

    def endpoints(self, minutes: int = 5) -> tuple[EndpointDocument, ...]:
        """Each endpoint that was counted or runs, the one that took most time first."""
        return self._read(minutes).endpoints

    def endpoint(self, method: str, route: str, minutes: int = 5) -> EndpointDocument | None:
        """One endpoint by method and route template; `None` where it was not called."""
        found = [one for one in self.endpoints(minutes) if (one.method, one.route) == (method, route)]
        return found[0] if found else None

    def slowest(self, number: int = 10, by: By = "p95", minutes: int = 5) -> tuple[EndpointDocument, ...]:
        """The slowest first, by a percentile, the average, the maximum or all time together."""
        known = [(figure, one) for one in self.endpoints(minutes) if (figure := _figure(one, by)) is not None]
        return tuple(one for _, one in sorted(known, key=lambda pair: pair[0], reverse=True)[:number])

    def rates(self) -> dict[int, RateDocument]:
        """Requests and errors a second over the last 1, 5, 15 and 60 minutes, by minutes."""
        return {round(rate.window_s / 60): rate for rate in self._read(1).rates}

    def _read(self, minutes: int) -> ApiDocument:
        if not 1 <= minutes <= _LONGEST:
            raise ValueError(f"minutes must be 1 to {_LONGEST}, not {minutes}")
        reading = self.registry.read()
        return api_document(reading, reading.since_minute(minutes), top=_EVERY)


def _figure(endpoint: EndpointDocument, by: By) -> float | None:
    latency = endpoint.latency
    if by == "avg":
        return latency.sum_s / latency.count if latency.count else None
    if by == "total":
        return latency.sum_s if latency.count else None
    figures = {
        "p50": latency.p50_s, "p90": latency.p90_s, "p95": latency.p95_s, "p99": latency.p99_s, "max": latency.max_s
    }  # fmt: skip
    if by not in figures:
        raise ValueError(f"by={by!r} is none of avg, total, {', '.join(figures)}")
    return figures[by]
