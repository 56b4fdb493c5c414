"""What the monitor sees of each thing that a budget may hold, as the figures that budgets judge."""

from collections import deque
from collections.abc import Iterator

from perftui.model.application import ApplicationMetrics, CacheStats, EndpointStats, QueryGroup, Uncertainty
from perftui.model.budgets.figures import INFINITE, Figures, Held, KnownQuantiles, Span
from perftui.model.query import DigestRow, LatencySummary, QueryDigest
from perftui.model.redis import RedisServer

_READINGS = 1000


def endpoint(one: EndpointStats, application: ApplicationMetrics, window_s: float) -> Held:
    figures = Figures(
        one.requests,
        application.window_s,
        _latencies(one.latency_ms, one.p95_bounds),
        error_rate=one.server_error_rate,
        rate_per_s=one.per_s,
        in_flight=one.active,
    )
    return Held(figures, application.window_s or window_s)


def cache(one: CacheStats, application: ApplicationMetrics, window_s: float) -> Held:
    gets = None if one.hits is None or one.misses is None else one.hits + one.misses
    in_window = application.format != "openmetrics"  # else counted since the process started, but for the rate
    figures = Figures(
        gets,
        application.window_s,
        KnownQuantiles({}, average_s=_seconds(one.get_ms)),
        hits=one.hits if in_window else None,
        misses=one.misses if in_window else None,
        hit_rate=one.hit_rate,
        rate_per_s=one.gets_per_s,
        efficiency=one.efficiency,
    )
    return Held(figures, application.window_s or window_s)


def group(one: QueryGroup, application: ApplicationMetrics, window_s: float) -> Held:
    """Of a shape that the application itself counted."""
    figures = Figures(one.count, application.window_s, _latencies(one.latency_ms, None), one.errors)
    return Held(figures, application.window_s or window_s)


def shape(row: DigestRow, digest: QueryDigest) -> Held:
    """Of the executions that were profiled or logged."""
    figures = Figures(row.count, digest.covered_s, _latencies(row.latency_ms, None), row.errors, rate_per_s=row.per_s)
    return Held(figures, digest.window_s)


class RedisGets:
    """Hits and misses over a window: Redis's own counters are since its start."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, float, float, float]] = deque(maxlen=_READINGS)

    def add(self, server: RedisServer, at: float, longest_step_s: float = 60.0) -> None:
        """Take a reading, once each; a gap before it counts for no more than the longest step."""
        last = self._readings[-1] if self._readings else None
        if server.hits_per_s is None or server.misses_per_s is None or (last is not None and at <= last[0]):
            return
        step = 0.0 if last is None else min(at - last[0], longest_step_s)
        self._readings.append((at, step, server.hits_per_s * step, server.misses_per_s * step))

    def held(self, server: RedisServer, window_s: float, at: float) -> Held:
        recent = [reading for reading in self._readings if reading[0] > at - window_s]
        hits, misses = (round(sum(reading[place] for reading in recent)) for place in (2, 3))
        covered = sum(reading[1] for reading in recent)
        figures = Figures(hits + misses, covered, hits=hits, misses=misses, rate_per_s=server.commands_per_s)
        if not covered:  # one reading alone has a rate, but no time
            figures = Figures(None, None, hit_rate=server.hit_rate, rate_per_s=server.commands_per_s)
        return Held(figures, window_s)


def _latencies(latency: LatencySummary, p95_bounds: Uncertainty | None) -> KnownQuantiles:
    known = {q: Span(value / 1000, value / 1000) for q, value in _quantiles(latency) if value is not None}
    if p95_bounds is not None and p95_bounds.high is None and 0.95 in known:
        known[0.95] = Span(p95_bounds.low / 1000, INFINITE)
    return KnownQuantiles(known, average_s=_seconds(latency.average), max_s=_seconds(latency.maximum))


def _quantiles(latency: LatencySummary) -> Iterator[tuple[float, float | None]]:
    yield from ((0.5, latency.p50), (0.95, latency.p95), (0.99, latency.p99))


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
