"""Prometheus text of any application -> its metrics."""

import time
from collections.abc import Callable, Mapping, Sequence

from perftui.model.application import (
    ApplicationMetrics,
    ApplicationQueries,
    EndpointStats,
    QueryGroup,
    Uncertainty,
)
from perftui.model.query import LatencySummary
from perftui.sources.application import families
from perftui.sources.application.answer import unreadable
from perftui.sources.application.counting import Growth
from perftui.sources.application.extras import caches, process, service
from perftui.sources.application.families import EndpointKey, Family, Histogram
from perftui.sources.application.quantiles import Quantile, quantile
from perftui.sources.application.text import Series, TextReader
from perftui.sources.numbers import real, whole

_MOST = 500
_NO_BUCKETS = "These metrics have no buckets, so only averages are known, no percentiles."
_NO_REQUESTS = "These metrics hold no request durations or counts that perftui knows."
_CUT = "Some lines of the metrics could not be read."
_MANY = f"The {_MOST} busiest endpoints are shown."


class PrometheusReader:
    """Latencies are of the window, or since the application's start until something came in it."""

    what = "Prometheus text"
    shows = "endpoints, process; caches and queries where it has them"

    def __init__(self, window_s: float, place: str) -> None:
        self._window_s, self._place = window_s, place
        self._text = TextReader(families.is_wanted)
        self._growth = Growth(window_s)
        self._laid_out = -1
        self._plain: list[tuple[int, Series]] = []
        self._active: list[int] = []
        self._durations: Family | None = None
        self._database: Family | None = None
        self._counters: dict[EndpointKey, list[tuple[str, int]]] = {}
        self._started: float | None = None

    def read(self, body: bytes) -> tuple[ApplicationMetrics, tuple[str, ...]]:
        """Raises `UnusableAnswer`."""
        text = body.decode("utf-8", "replace")
        values = self._text.read(text)
        if self._text.broken_lines and (not values or self._text.broken_lines > 10 + text.count("\n") // 2):
            raise unreadable(self._place, "its lines are neither JSON nor Prometheus text")
        self._lay_out()
        started = self._single(values, "process_start_time_seconds")
        restarted = None not in (started, self._started) and started != self._started
        self._started = started
        self._growth.update(time.monotonic(), values, restarted=restarted)
        return self._metrics(values), self._notes()

    def _metrics(self, values: Sequence[float | None]) -> ApplicationMetrics:
        endpoints = [self._endpoint(key) for key in self._keys()]
        everything = [one for found in self._histograms().values() for one in found]
        latency, p95_bounds = self._latency(everything, self._scale)
        counters = [pair for found in self._counters.values() for pair in found]
        shares = self._error_shares(everything, counters)
        endpoints.sort(key=lambda one: one.requests or 0, reverse=True)
        name, version = service(self._plain)
        return ApplicationMetrics(
            format="openmetrics",
            service=name,
            version=version,
            window_s=min(self._growth.covered_s or 0.0, self._window_s) or None,
            requests=self._count(everything, counters, self._growth.total),
            per_s=self._per_s(everything, counters),
            active=whole(sum(values[place] or 0 for place in self._active)) if self._active else None,
            latency_ms=latency,
            p95_bounds=p95_bounds,
            server_error_rate=shares[0],
            client_error_rate=shares[1],
            endpoints=tuple(endpoints[:_MOST]),
            caches=caches(self._plain, self._growth),
            queries=self._queries(),
            process=process(self._plain, values, self._growth),
        )

    def _notes(self) -> tuple[str, ...]:
        notes = [_CUT] if self._text.broken_lines else []
        keys = self._keys()
        if not keys:
            notes.append(_NO_REQUESTS)
        elif self._durations is None or not self._durations.rank[1]:
            notes.append(_NO_BUCKETS)
        return (*notes, _MANY) if len(keys) > _MOST else tuple(notes)

    @property
    def _scale(self) -> float:
        return 1.0 if self._durations is None else self._durations.scale_ms

    def _lay_out(self) -> None:
        """Find the families anew when a series is new."""
        if self._laid_out != len(self._text.series):
            self._laid_out = len(self._text.series)
            parts = ("_bucket", "_count", "_sum")
            self._plain = [pair for pair in enumerate(self._text.series) if not pair[1].name.endswith(parts)]
            self._active = [place for place, one in self._plain if families.ACTIVE.search(one.name)]
            self._durations = families.durations(self._text.series)
            self._database = families.database(self._text.series)
            self._counters = families.counters(self._text.series)

    def _histograms(self) -> Mapping[EndpointKey, list[Histogram]]:
        return {} if self._durations is None else self._durations.by_key

    def _keys(self) -> list[EndpointKey]:
        known = dict.fromkeys(self._histograms())
        if not known or any(key.route == "(all)" for key in known):
            known |= dict.fromkeys(self._counters)
        return list(known)

    def _endpoint(self, key: EndpointKey) -> EndpointStats:
        histograms = self._histograms().get(key, [])
        counters = self._counters.get(key, [])
        latency, bounds = self._latency(histograms, self._scale)
        server, client = self._error_shares(histograms, counters)
        return EndpointStats(
            method=key.method,
            route=key.route,
            requests=self._count(histograms, counters, self._growth.total),
            per_s=self._per_s(histograms, counters),
            latency_ms=latency,
            p95_bounds=bounds,
            server_error_rate=server,
            client_error_rate=client,
        )

    def _count(
        self, histograms: Sequence[Histogram], counters: Sequence[tuple[str, int]], of: Callable[[int], float]
    ) -> int:
        places = [one.counted for one in histograms if one.counted is not None] or [place for _, place in counters]
        return whole(round(sum(of(place) for place in places))) or 0

    def _per_s(self, histograms: Sequence[Histogram], counters: Sequence[tuple[str, int]]) -> float | None:
        elapsed = self._growth.elapsed_s
        return self._count(histograms, counters, self._growth.step) / elapsed if elapsed else None

    def _error_shares(
        self, histograms: Sequence[Histogram], counters: Sequence[tuple[str, int]]
    ) -> tuple[float | None, float | None]:
        """5xx and 4xx of all, from the durations where they know the status, else from the counters."""
        pairs = [(one.status, one.counted) for one in histograms if one.status and one.counted is not None]
        places: list[tuple[str, int]] = [(status, place) for status, place in pairs if place is not None]
        places = places or list(counters)
        for of in (self._growth.in_window, self._growth.total):
            counted = sum(of(place) for _, place in places)
            if counted > 0:
                server = sum(of(place) for status, place in places if status == "5")
                client = sum(of(place) for status, place in places if status == "4")
                return real(server / counted), real(client / counted)
            if self._window_is_full:
                break
        return None, None

    @property
    def _window_is_full(self) -> bool:
        return (self._growth.covered_s or 0.0) >= self._window_s

    def _latency(self, histograms: Sequence[Histogram], scale_ms: float) -> tuple[LatencySummary, Uncertainty | None]:
        for of in (self._growth.in_window, self._growth.total):
            counted = sum(of(one.counted) for one in histograms if one.counted is not None)
            if counted > 0:
                return _summary(histograms, of, counted, scale_ms)
            if self._window_is_full:
                break
        return LatencySummary(), None

    def _queries(self) -> ApplicationQueries | None:
        if self._database is None:
            return None
        groups, everything = [], []
        for key, histograms in self._database.by_key.items():
            everything += histograms
            latency, _ = self._latency(histograms, self._database.scale_ms)
            count = self._count(histograms, (), self._growth.total)
            groups.append(
                QueryGroup(
                    by="operation",
                    name=f"{key.route} {key.method}".strip() or "(all)",
                    collection=key.route or None,
                    operation=key.method or None,
                    count=count,
                    latency_ms=latency,
                )
            )
        overall, _ = self._latency(everything, self._database.scale_ms)
        count = self._count(everything, (), self._growth.total)
        return ApplicationQueries(count=count, latency_ms=overall, groups=tuple(groups[:_MOST]))

    def _single(self, values: Sequence[float | None], name: str) -> float | None:
        return next((values[place] for place, one in self._plain if one.name == name and not one.labels), None)


def _summary(
    histograms: Sequence[Histogram], of: Callable[[int], float], counted: float, scale_ms: float
) -> tuple[LatencySummary, Uncertainty | None]:
    total = sum(of(one.summed) for one in histograms if one.summed is not None) * scale_ms
    has_sum = any(one.summed is not None for one in histograms)
    merged: dict[float, float] = {}
    for one in histograms:
        for bound, place in one.buckets:
            merged[bound] = merged.get(bound, 0.0) + of(place)
    buckets = sorted(merged.items())
    p50, p95, p99 = (quantile(buckets, q, scale_ms) for q in (0.5, 0.95, 0.99))
    summary = LatencySummary(
        average=real(total / counted) if has_sum else None,
        p50=_value(p50),
        p95=_value(p95),
        p99=_value(p99),
        total=total,
    )
    return summary, None if p95 is None else p95.bounds


def _value(found: Quantile | None) -> float | None:
    return None if found is None else found.value
