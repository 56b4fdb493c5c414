"""perftui's own document -> the application's metrics."""

from typing import Any

import msgspec

from perftui.model.application import (
    ApplicationMetrics,
    ApplicationProcess,
    CacheStats,
    EndpointStats,
    RecentRequests,
)
from perftui.model.budgets.changes import words
from perftui.model.budgets.standing import worst
from perftui.model.metrics import (
    ApiDocument,
    EndpointDocument,
    MetricsDocument,
)
from perftui.sources.application.answer import unreadable
from perftui.sources.application.asked import Callers, callers, totals
from perftui.sources.application.document_sections import (
    application_queries,
    cache_counters,
    cache_stats,
    latency,
)
from perftui.sources.numbers import whole
from perftui.sources.rates import CounterRates

CLEAR_TYPES = ("api", "query", "cache", "all")


class DocumentReader:
    """Figures are the document's own, over its window; only the live request rates are differences of polls."""

    what = "perftui's metrics document"
    shows = "endpoints, budgets, queries, caches, process"

    def __init__(self, place: str) -> None:
        self._place = place
        self._rates = CounterRates()
        self._workers: tuple[tuple[int, float | None], ...] = ()
        self._callers = Callers()

    def expect_every(self, seconds: float) -> None:
        """Documents come this often from now on."""
        self._rates.expect_every(seconds)

    def read(self, body: bytes) -> tuple[ApplicationMetrics, tuple[str, ...]]:
        """Raises `UnusableAnswer`."""
        document = self.document(body)
        notes = ("These figures are of one worker of several.",) if document.complete is False else ()
        return self._metrics(document), (*notes, *document.remarks)

    def document(self, body: bytes) -> MetricsDocument:
        """As it was served. Raises `UnusableAnswer`."""
        try:
            return msgspec.json.decode(body, type=MetricsDocument)
        except msgspec.DecodeError as error:
            raise unreadable(self._place, f"it does not fit perftui.metrics/1 ({error})") from None

    def _metrics(self, document: MetricsDocument) -> ApplicationMetrics:
        self._count(document)
        api, window_s = document.api, _window_s(document)
        shared = ApplicationMetrics(
            format="perftui",
            service=document.service.name,
            version=document.service.version,
            complete=document.complete,
            window_s=window_s,
            caches=self._caches(document, window_s),
            queries=None if document.query is None else application_queries(document.query),
            process=_process(document),
            clear_types=CLEAR_TYPES,
        )
        return shared if api is None else self._with_api(shared, api, window_s)

    def _caches(self, document: MetricsDocument, window_s: float | None) -> tuple[CacheStats, ...]:
        caches = sorted((document.cache or {}).items())
        return tuple(cache_stats(name, cache, window_s, self._rates) for name, cache in caches)

    def _with_api(self, shared: ApplicationMetrics, api: ApiDocument, window_s: float | None) -> ApplicationMetrics:
        return msgspec.structs.replace(
            shared,
            requests=api.requests,
            per_s=self._rate("", api.requests_total, api.rate_per_s),
            active=api.active,
            latency_ms=latency(api.latency),
            slow_requests=api.slow_requests,
            websockets=api.websockets,
            server_error_rate=_share(api.errors_5xx, api.requests),
            client_error_rate=_share(api.errors_4xx, api.requests),
            endpoints=tuple(self._endpoint(one, window_s) for one in api.endpoints),
        )

    def _endpoint(self, one: EndpointDocument, window_s: float | None) -> EndpointStats:
        count = one.latency.count
        fallback = count / window_s if window_s else None
        return EndpointStats(
            method=one.method,
            route=one.route,
            requests=count,
            per_s=self._rate(f"{one.method} {one.route}", one.requests_total, fallback),
            latency_ms=latency(one.latency),
            server_error_rate=_share(_of_class(one.status, "5"), count),
            client_error_rate=_share(_of_class(one.status, "4"), count),
            budget=worst(one.budgets),
            budgets=tuple(words(budget) for budget in one.budgets),
            limits=one.budgets,
            last_seen_at=one.last_seen,
            active=one.active,
            recent=self._recent(f"{one.method} {one.route}"),
            streams=one.streams,
            exceptions=one.exceptions,
            disconnects=one.disconnects,
            request_bytes=one.request_bytes,
            response_bytes=one.response_bytes,
        )

    def _count(self, document: MetricsDocument) -> None:
        workers = tuple((worker.pid, worker.started_at) for worker in document.workers)
        if workers != self._workers:
            self._workers = workers
            self._rates.reset()
        api = document.api
        counters: dict[str, float | None] = {}
        if api is not None:
            for one in api.endpoints:
                name = f"{one.method} {one.route}"
                counters[name] = one.requests_total
                counters |= {f"{what} {name}": value for what, value in totals(one)}
            counters[""] = api.requests_total
        self._callers = callers(document.query)
        counters |= self._callers.counters
        counters |= cache_counters(document.cache or {})
        self._rates.update(document.generated_at, counters)

    def _recent(self, name: str) -> RecentRequests | None:
        span_s, requests = self._rates.elapsed_s, self._rates.step(name)
        if span_s is None or requests is None:
            return None
        return RecentRequests(
            span_s=span_s,
            requests=int(requests),
            average_ms=self._rates.mean(f"seconds {name}", name, 1000),
            server_errors=whole(self._rates.step(f"errors {name}")),
            client_errors=whole(self._rates.step(f"client errors {name}")),
            **self._asked(name),
        )

    def _asked(self, name: str) -> dict[str, Any]:
        """What these requests asked of database and caches."""
        step, (shape, number) = self._rates.step, self._callers.most(name, self._rates)
        query_s, cache_s = step(f"query seconds {name}"), step(f"cache seconds {name}")
        return {
            "queries": whole(step(f"queries {name}")),
            "query_ms": None if query_s is None else query_s * 1000,
            "cache_calls": whole(step(f"cache calls {name}")),
            "cache_ms": None if cache_s is None else cache_s * 1000,
            "mostly": shape,
            "mostly_queries": whole(number),
        }

    def _rate(self, name: str, total: int | None, fallback: float | None) -> float | None:
        live = self._rates.rate(name)
        return fallback if total is None or live is None else live


def _window_s(document: MetricsDocument) -> float | None:
    """Rates over less than a millisecond mean nothing."""
    return document.window_s if document.window_s and document.window_s >= 0.001 else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _of_class(status: dict[str, int], first: str) -> int:
    return sum(number for code, number in status.items() if code.startswith(first))


def _process(document: MetricsDocument) -> ApplicationProcess:
    workers = len(document.workers) or None
    system = document.system
    if system is None:
        return ApplicationProcess(workers=workers)
    return ApplicationProcess(
        resident_bytes=system.rss_bytes,
        cpu_share=system.cpu,
        threads=system.threads,
        uptime_s=system.uptime_s,
        workers=workers,
    )
