"""perftui's own document -> the application's metrics."""

import msgspec

from perftui.model.application import (
    ApplicationMetrics,
    ApplicationProcess,
    ApplicationQueries,
    BudgetState,
    CacheStats,
    EndpointStats,
    KeyUse,
    QueryGroup,
)
from perftui.model.metrics import (
    ApiDocument,
    BudgetDocument,
    CacheDocument,
    EndpointDocument,
    LatencyDocument,
    MetricsDocument,
    QueryDocument,
    QueryGroupDocument,
)
from perftui.model.query import LatencySummary
from perftui.sources.application.answer import unreadable
from perftui.sources.rates import CounterRates

_NEAR = 0.8
"""A budget used up to this share is a warning."""
CLEAR_TYPES = ("api", "query", "cache", "all")


class DocumentReader:
    """Figures are the document's own, over its window; only the live request rates are differences of polls."""

    what = "perftui's metrics document"
    shows = "endpoints, budgets, queries, caches, process"

    def __init__(self, place: str) -> None:
        self._place = place
        self._rates = CounterRates()
        self._workers: tuple[tuple[int, float | None], ...] = ()

    def read(self, body: bytes) -> tuple[ApplicationMetrics, tuple[str, ...]]:
        """Raises `UnusableAnswer`."""
        try:
            document = msgspec.json.decode(body, type=MetricsDocument)
        except msgspec.DecodeError as error:
            raise unreadable(self._place, f"it does not fit perftui.metrics/1 ({error})") from None
        notes = ("These figures are of one worker of several.",) if document.complete is False else ()
        return self._metrics(document), notes

    def _metrics(self, document: MetricsDocument) -> ApplicationMetrics:
        self._count(document)
        api, window_s = document.api, _window_s(document)
        shared = ApplicationMetrics(
            format="perftui",
            service=document.service.name,
            version=document.service.version,
            complete=document.complete,
            window_s=window_s,
            caches=tuple(_cache(name, cache, window_s) for name, cache in sorted((document.cache or {}).items())),
            queries=None if document.query is None else _queries(document.query),
            process=_process(document),
            clear_types=CLEAR_TYPES,
        )
        return shared if api is None else self._with_api(shared, api, window_s)

    def _with_api(self, shared: ApplicationMetrics, api: ApiDocument, window_s: float | None) -> ApplicationMetrics:
        return msgspec.structs.replace(
            shared,
            requests=api.requests,
            per_s=self._rate("", api.requests_total, api.rate_per_s),
            active=api.active,
            latency_ms=latency(api.latency),
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
            budget=budget_state(one.budgets),
            budgets=tuple(_budget(budget) for budget in one.budgets),
            last_seen_at=one.last_seen,
        )

    def _count(self, document: MetricsDocument) -> None:
        workers = tuple((worker.pid, worker.started_at) for worker in document.workers)
        if workers != self._workers:
            self._workers = workers
            self._rates.reset()
        api = document.api
        counters: dict[str, float | None] = {}
        if api is not None:
            counters = {f"{one.method} {one.route}": one.requests_total for one in api.endpoints}
            counters[""] = api.requests_total
        self._rates.update(document.generated_at, counters)

    def _rate(self, name: str, total: int | None, fallback: float | None) -> float | None:
        live = self._rates.rate(name)
        return fallback if total is None or live is None else live


def _window_s(document: MetricsDocument) -> float | None:
    """Rates over less than a millisecond mean nothing."""
    return document.window_s if document.window_s and document.window_s >= 0.001 else None


def latency(document: LatencyDocument) -> LatencySummary:
    """Seconds -> milliseconds."""
    return LatencySummary(
        average=document.sum_s / document.count * 1000 if document.count else None,
        p50=_ms(document.p50_s),
        p95=_ms(document.p95_s),
        p99=_ms(document.p99_s),
        maximum=_ms(document.max_s),
        total=document.sum_s * 1000,
    )


def budget_state(budgets: tuple[BudgetDocument, ...]) -> BudgetState | None:
    """The worst of the budgets that could be judged."""
    judged = [budget for budget in budgets if budget.ok is not None]
    if not judged:
        return None
    if any(budget.ok is False for budget in judged):
        return "over"
    return "warning" if any(_is_near(budget) for budget in judged) else "within"


def _is_near(budget: BudgetDocument) -> bool:
    if budget.value is None or not budget.limit or "<" not in budget.expr:
        return False
    return budget.value >= _NEAR * budget.limit


def _budget(budget: BudgetDocument) -> str:
    if budget.value is None:
        return f"{budget.expr}: not measured yet"
    left = ""
    if budget.limit is not None and budget.value <= budget.limit and "<" in budget.expr:
        left = f", {_in_its_unit(budget, budget.limit - budget.value)} left"
    shown, state = _in_its_unit(budget, budget.value), "within" if budget.ok else "over"
    return f"{budget.expr}: {shown}, {state}{left}, {budget.violations:,} over the limit"


def _in_its_unit(budget: BudgetDocument, value: float) -> str:
    if budget.expr.lstrip().startswith("error_rate"):
        return f"{value:.1%}"
    return f"{value:.1f}/s" if budget.expr.lstrip().startswith("rate") else f"{value * 1000:.0f} ms"


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _of_class(status: dict[str, int], first: str) -> int:
    return sum(number for code, number in status.items() if code.startswith(first))


def _cache(name: str, cache: CacheDocument, window_s: float | None) -> CacheStats:
    get, put = latency(cache.get), latency(cache.set)
    return CacheStats(
        name=name,
        hits=cache.hits,
        misses=cache.misses,
        hit_rate=cache.hit_rate,
        gets_per_s=(cache.hits + cache.misses) / window_s if window_s else None,
        sets=cache.sets,
        deletes=cache.deletes,
        evictions=cache.evictions,
        keys=cache.keys,
        used_bytes=cache.bytes,
        get_ms=get.average,
        set_ms=put.average,
        efficiency=cache.efficiency.score,
        top_keys=tuple(KeyUse(key=key.key, count=key.count) for key in cache.top_keys),
    )


def _queries(query: QueryDocument) -> ApplicationQueries:
    groups = [
        *(_group("collection", one) for one in query.by_collection),
        *(_group("operation", one) for one in query.by_operation),
    ]
    for one in query.shapes:
        group = QueryGroup(
            by="shape",
            name=one.shape,
            collection=one.collection,
            operation=one.op,
            shape_id=one.id,
            count=one.count,
            latency_ms=latency(one.latency),
            examined_documents=one.examined,
            returned=one.returned,
        )
        groups.append(group)
    return ApplicationQueries(
        count=query.count, slow=query.slow, latency_ms=latency(query.latency), groups=tuple(groups)
    )


def _group(by: str, one: QueryGroupDocument) -> QueryGroup:
    return QueryGroup(
        by="collection" if by == "collection" else "operation",
        name=one.name,
        collection=one.name if by == "collection" else None,
        operation=one.name if by == "operation" else None,
        count=one.latency.count,
        latency_ms=latency(one.latency),
    )


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
