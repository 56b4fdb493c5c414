"""Prometheus text of any application -> its metrics."""

import time
from collections.abc import Callable, Sequence

from perftui.model.application import ApplicationMetrics, ApplicationQueries, EndpointStats, QueryGroup
from perftui.sources.application import caches, families
from perftui.sources.application.answer import unreadable
from perftui.sources.application.counting import Growth
from perftui.sources.application.extras import process, service
from perftui.sources.application.figures import Figures, places_counted
from perftui.sources.application.labels import EndpointKey
from perftui.sources.application.layout import Layout
from perftui.sources.application.text import TextReader
from perftui.sources.application.workers import Workers
from perftui.sources.numbers import whole

_MOST = 500
_NO_BUCKETS = "These metrics have no buckets, so only averages are known, no percentiles."
_NO_REQUESTS = "These metrics hold no request durations or counts that perftui knows."
_CUT = "Some lines of the metrics could not be read."
_MANY = f"The {_MOST} busiest endpoints are shown."
_ONE_OF_SEVERAL = (
    "Each answer comes from another worker and tells of that one alone. Have the exporter merge its workers, such as "
    "with PROMETHEUS_MULTIPROC_DIR."
)
_RAW_PATHS = "The exporter names paths, not routes; have it group by route, such as group_by='url_rule' of Flask's."


def is_wanted(name: str) -> bool:
    """Whether any reader here looks at this metric."""
    return families.is_wanted(name) or caches.is_wanted(name) or families.is_creation(name)


class PrometheusReader:
    """Latencies are of the window, or since the application's start until something came in it."""

    what = "Prometheus text"
    shows = "endpoints, process; caches and queries where it has them"

    def __init__(self, window_s: float, place: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_s, self._place, self._clock = window_s, place, clock
        self._text = TextReader(is_wanted)
        self._growth = Growth(window_s)
        self._workers = Workers(self._growth)
        self._figures = Figures(self._growth, window_s)
        self._layout = Layout()
        self._is_laid_out = False
        self._counted: dict[EndpointKey, list[int]] = {}

    def read(self, body: bytes) -> tuple[ApplicationMetrics, tuple[str, ...]]:
        """Raises `UnusableAnswer`."""
        text = body.decode("utf-8", "replace")
        self._forget()
        values = self._text.read(text)
        if self._text.broken_lines and (not values or self._text.broken_lines > 10 + text.count("\n") // 2):
            raise unreadable(self._place, "its lines are neither JSON nor Prometheus text")
        if not self._is_laid_out or self._layout.size != len(self._text.series):
            self._lay_out()
        now = self._clock()
        self._workers.take(values, now, time.time(), whole=not self._text.is_cut, returned=self._text.returned)
        is_part = self._workers.are_several(now, self._window_s)
        return self._metrics(values, is_part), self._notes(is_part)

    @property
    def series(self) -> int:
        """How many are kept: what one reading costs grows with them."""
        return len(self._text.series)

    def _forget(self) -> None:
        """Every deploy may bring series of its own, and leaves those of the one before."""
        kept = self._growth.forget(len(self._text.series))
        if kept is not None:
            self._text.keep(kept)
            self._is_laid_out = False

    def _lay_out(self) -> None:
        self._layout = Layout(self._text.series)
        self._workers.lay_out(self._text.series)
        self._growth.keep_together(self._layout.groups())
        self._counted = {
            key: places_counted(self._layout.histograms_of(key), self._layout.counters_of(key))
            for key in self._layout.keys
        }
        self._is_laid_out = True

    def _metrics(self, values: Sequence[float | None], is_part: bool) -> ApplicationMetrics:
        layout, figures = self._layout, self._figures
        busiest = sorted(layout.keys, key=lambda key: self._rank(key, values), reverse=True)[:_MOST]
        histograms, counters = layout.all_histograms(), layout.all_counters()
        latency, p95_bounds = figures.latency(layout.finest(), layout.scale_ms)
        server, client = figures.error_shares(histograms, counters)
        name, version = service(layout.plain)
        return ApplicationMetrics(
            format="openmetrics",
            service=name,
            version=version,
            complete=False if is_part else None,
            window_s=min(self._growth.covered_s or 0.0, self._window_s) or None,
            requests=figures.count(histograms, counters),
            per_s=figures.per_s(histograms, counters),
            active=whole(sum(values[place] or 0 for place in layout.active)) if layout.active else None,
            latency_ms=latency,
            p95_bounds=p95_bounds,
            server_error_rate=server,
            client_error_rate=client,
            endpoints=tuple(map(self._endpoint, busiest)),
            caches=caches.caches(layout.plain, self._growth),
            queries=self._queries(),
            process=process(layout.plain, values, self._growth),
        )

    def _notes(self, is_part: bool) -> tuple[str, ...]:
        layout = self._layout
        notes = {
            _CUT: self._text.broken_lines > 0,
            _NO_REQUESTS: not layout.keys,
            _NO_BUCKETS: bool(layout.keys) and not (layout.durations and layout.durations.has_buckets),
            _MANY: len(layout.keys) > _MOST,
            _RAW_PATHS: layout.has_raw_paths,
            _ONE_OF_SEVERAL: is_part,
        }
        return tuple(note for note, holds in notes.items() if holds)

    def _rank(self, key: EndpointKey, values: Sequence[float | None]) -> tuple[float, bool, float]:
        """Of two that nobody asked for lately, the one that is there yet comes first, whatever the other once had."""
        lately, in_all = self._figures.busyness(self._counted[key])
        return lately, any(values[place] is not None for place in self._counted[key]), in_all

    def _endpoint(self, key: EndpointKey) -> EndpointStats:
        histograms, counters = self._layout.histograms_of(key), self._layout.counters_of(key)
        latency, bounds = self._figures.latency(histograms, self._layout.scale_ms)
        server, client = self._figures.error_shares(histograms, counters)
        return EndpointStats(
            method=key.method,
            route=key.route,
            requests=self._figures.count(histograms, counters),
            per_s=self._figures.per_s(histograms, counters),
            latency_ms=latency,
            p95_bounds=bounds,
            server_error_rate=server,
            client_error_rate=client,
            recent=self._figures.recent(histograms, counters, self._layout.scale_ms),
        )

    def _queries(self) -> ApplicationQueries | None:
        database = self._layout.database
        if database is None:
            return None
        groups = []
        for key, histograms in database.by_key.items():
            latency, _ = self._figures.latency(histograms, database.scale_ms)
            groups.append(
                QueryGroup(
                    by="operation",
                    name=f"{key.route} {key.method}".strip() or "(all)",
                    collection=key.route or None,
                    operation=key.method or None,
                    count=self._figures.count(histograms),
                    latency_ms=latency,
                )
            )
        everything = database.histograms()
        overall, _ = self._figures.latency(everything, database.scale_ms)
        return ApplicationQueries(
            count=self._figures.count(everything), latency_ms=overall, groups=tuple(groups[:_MOST])
        )
