"""A metrics document as a page for people: what took most time comes first."""

from collections.abc import Iterator

from perftui.instrument.document import words
from perftui.instrument.document.page import Page, Table, columns
from perftui.instrument.document.standings import standings, state_of
from perftui.model.metrics import (
    ApiDocument,
    BudgetDocument,
    CacheDocument,
    EndpointDocument,
    LatencyDocument,
    MetricsDocument,
    QueryDocument,
    QueryShapeDocument,
)


def report_page(document: MetricsDocument, top: int) -> Page:
    """Tables of at most `top` rows; those of what was never used are left out."""
    tables = [
        _endpoints(document.api, top) if document.api else None,
        _queries(document.query, top) if document.query else None,
        _caches(document.cache or {}, top),
        _budgets(document, top),
    ]
    service = document.service
    title = " ".join(part for part in (service.name or "application", service.version) if part)
    return Page(title, tuple(_facts(document)), tuple(table for table in tables if table is not None and table.rows))


def _facts(document: MetricsDocument) -> Iterator[str]:
    yield f"last {words.span(document.window_s)}"
    workers = len(document.workers)
    yield f"{workers} worker{'' if workers == 1 else 's'}" + ("" if document.complete else ", others are missing")
    system = document.system
    if system is not None:
        yield f"memory {words.size(system.rss_bytes)}"
        yield f"CPU {words.share(system.cpu)}"
        yield f"threads {words.number(system.threads)}"
        yield f"up {words.span(system.uptime_s)}"


def _endpoints(api: ApiDocument, top: int) -> Table:
    facts = (
        f"{words.number(api.requests)} requests",
        words.rate(api.rate_per_s),
        f"p95 {words.seconds(api.latency.p95_s)}",
        f"5xx {words.share(api.error_rate)}",
        f"4xx {words.share(_part(api.errors_4xx, api.requests))}",
        f"in flight {words.number(api.active)}",
    )
    rows = tuple(_endpoint(one) for one in api.endpoints[:top])
    omitted = len(api.endpoints) + api.endpoints_omitted - len(rows)
    return Table("Endpoints", facts, columns("ENDPOINT", "COUNT 5XX AVG P50 P95 P99 MAX"), rows, omitted)


def _endpoint(one: EndpointDocument) -> tuple[str, ...]:
    count = one.latency.count
    errors = one.errors if one.errors is not None else sum(n for code, n in one.status.items() if code >= "500")
    return (f"{one.method} {one.route}", words.number(count), words.share(_part(errors, count)), *_latency(one.latency))


def _queries(query: QueryDocument, top: int) -> Table:
    facts = (
        f"{words.number(query.count)} commands",
        f"{words.number(query.slow)} slow",
        f"p95 {words.seconds(query.latency.p95_s)}",
    )
    rows = tuple(_shape(one) for one in query.shapes[:top])
    omitted = len(query.shapes) + query.shapes_omitted - len(rows)
    shown = columns("COLLECTION SHAPE PLAN", "COUNT ERRORS AVG P50 P95 P99 MAX")
    return Table("Queries", facts, shown, rows, omitted)


def _shape(one: QueryShapeDocument) -> tuple[str, ...]:
    # The text of a shape begins with its operation.
    return (
        one.collection,
        one.shape,
        one.plan or words.UNKNOWN,
        words.number(one.latency.count),
        words.number(one.errors),
        *_latency(one.latency),
    )


def _latency(latency: LatencyDocument) -> tuple[str, ...]:
    average = latency.sum_s / latency.count if latency.count else None
    figures = (average, latency.p50_s, latency.p95_s, latency.p99_s, latency.max_s)
    return tuple(words.seconds(figure) for figure in figures)


def _caches(caches: dict[str, CacheDocument], top: int) -> Table:
    ordered = sorted(caches.items(), key=lambda item: item[1].hits + item[1].misses, reverse=True)
    rows = tuple(_cache(name, cache) for name, cache in ordered[:top])
    shown = columns("CACHE", "HITS MISSES HIT-RATE SETS EVICTED KEYS MEMORY GET SCORE")
    return Table("Caches", (), shown, rows, len(ordered) - len(rows))


def _cache(name: str, cache: CacheDocument) -> tuple[str, ...]:
    get = cache.get.sum_s / cache.get.count if cache.get.count else None
    return (
        name,
        words.number(cache.hits),
        words.number(cache.misses),
        words.share(cache.hit_rate),
        words.number(cache.sets),
        words.number(cache.evictions),
        words.number(cache.keys),
        words.size(cache.bytes),
        words.seconds(get),
        words.number(cache.efficiency.score),
    )


def _budgets(document: MetricsDocument, top: int) -> Table:
    found = sorted(standings(document), key=lambda pair: _rank(pair[1]))
    rows = tuple(_budget(name, budget) for name, budget in found[:top])
    over = sum(state_of(budget) == "over" for _, budget in found)
    facts = (f"{over} of {len(found)} over",)
    return Table("Budgets", facts, columns("FOR LIMIT STATE", "VALUE LEFT"), rows, len(found) - len(rows))


def _budget(name: str, budget: BudgetDocument) -> tuple[str, ...]:
    left = "none" if budget.left is not None and budget.left <= 0 else words.share(budget.left)
    return (name, budget.expr, state_of(budget), _in_its_unit(budget), left)


def _rank(budget: BudgetDocument) -> tuple[int, float]:
    """Over first, then the least left."""
    order = ("over", "warning", "ok", "unknown")
    return order.index(state_of(budget)), 1.0 if budget.left is None else budget.left


def _in_its_unit(budget: BudgetDocument) -> str:
    name = budget.expr.lstrip()
    if name.startswith(("p", "avg", "max", "min")):
        return words.seconds(budget.value)
    if name.startswith(("error_rate", "hit_rate")):
        return words.share(budget.value)
    if name.startswith("rate"):
        return words.rate(budget.value)
    return words.UNKNOWN if budget.value is None else f"{budget.value:,.4g}"


def _part(part: float, whole: float) -> float | None:
    return part / whole if whole else None
