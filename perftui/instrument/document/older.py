"""The metrics in the form of the older system, for programs that read that."""

from collections.abc import Collection
from typing import Any

from perftui.model.metrics import (
    CacheDocument,
    EndpointDocument,
    LatencyDocument,
    MetricsDocument,
    QueryDocument,
    SystemDocument,
)


def older_document(document: MetricsDocument, sections: Collection[str]) -> dict[str, Any]:
    """Times in milliseconds, rates 0 to 1; `None` where nothing is known."""
    older: dict[str, Any] = {}
    if document.api is not None and "api" in sections:
        older["api"] = _api(document)
    if document.query is not None and "query" in sections:
        older["query"] = _query(document.query)
    if document.cache is not None and "cache" in sections:
        older["cache"] = _cache(list(document.cache.values()))
    if document.system is not None:
        older["system"] = _system(document.system, document.generated_at)
    return older


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _average(latency: LatencyDocument) -> float | None:
    return latency.sum_s / latency.count * 1000 if latency.count else None


def _api(document: MetricsDocument) -> dict[str, Any]:
    api = document.api
    if api is None:
        return {}
    slowest = sorted(api.endpoints, key=lambda endpoint: _average(endpoint.latency) or 0, reverse=True)
    return {
        "totalRequests": api.requests,
        "totalErrors": api.errors_5xx + api.errors_4xx,
        "errorRate": (api.errors_5xx + api.errors_4xx) / api.requests if api.requests else None,
        "averageDuration": _average(api.latency),
        "p95Duration": _ms(api.latency.p95_s),
        "p99Duration": _ms(api.latency.p99_s),
        "requestsPerMinute": None if api.rate_per_s is None else api.rate_per_s * 60,
        "slowestEndpoints": [
            {"path": f"{one.method} {one.route}", "avgDuration": _average(one.latency)} for one in slowest[:10]
        ],
        "endpoints": [_endpoint(one) for one in api.endpoints],
    }


def _endpoint(endpoint: EndpointDocument) -> dict[str, Any]:
    latency = endpoint.latency
    return {
        "path": f"{endpoint.method} {endpoint.route}",
        "requestCount": latency.count,
        "errorCount": sum(number for status, number in endpoint.status.items() if status >= "400"),
        "averageDuration": _average(latency),
        "minDuration": _ms(latency.min_s),
        "maxDuration": _ms(latency.max_s),
        "p50Duration": _ms(latency.p50_s),
        "p95Duration": _ms(latency.p95_s),
        "p99Duration": _ms(latency.p99_s),
        "budgetViolations": sum(budget.violations for budget in endpoint.budgets),
        "lastRequest": _ms(endpoint.last_seen),
    }


def _query(query: QueryDocument) -> dict[str, Any]:
    return {
        "totalQueries": query.count,
        "slowQueries": query.slow,
        "averageQueryTime": _average(query.latency),
        "p95QueryTime": _ms(query.latency.p95_s),
        "p99QueryTime": _ms(query.latency.p99_s),
        "byCollection": {
            one.name: {"count": one.latency.count, "avgTime": _average(one.latency)} for one in query.by_collection
        },
        "byOperation": {
            one.name: {"count": one.latency.count, "avgTime": _average(one.latency)} for one in query.by_operation
        },
    }


def _cache(caches: list[CacheDocument]) -> dict[str, Any]:
    hits, misses = sum(one.hits for one in caches), sum(one.misses for one in caches)
    gets, sets = sum(one.get.count for one in caches), sum(one.set.count for one in caches)
    scores = [one.efficiency.score for one in caches if one.efficiency.score is not None]
    keys = sorted((key for one in caches for key in one.top_keys), key=lambda key: key.count, reverse=True)
    return {
        "hits": hits,
        "misses": misses,
        "sets": sum(one.sets for one in caches),
        "deletes": sum(one.deletes for one in caches),
        "evictions": sum(one.evictions for one in caches),
        "hitRate": hits / (hits + misses) if hits + misses else None,
        "missRate": misses / (hits + misses) if hits + misses else None,
        "averageGetTime": sum(one.get.sum_s for one in caches) / gets * 1000 if gets else None,
        "averageSetTime": sum(one.set.sum_s for one in caches) / sets * 1000 if sets else None,
        "totalKeys": _known_sum([one.keys for one in caches]),
        "memoryUsage": _known_sum([one.bytes for one in caches]),
        "efficiencyScore": min(scores, default=None),
        "mostAccessed": [{"key": key.key, "count": key.count} for key in keys[:10]],
    }


def _known_sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _system(system: SystemDocument, generated_at: float) -> dict[str, Any]:
    memory = {"rss": system.rss_bytes, "heapTotal": None, "heapUsed": None, "external": None}
    return {"memory": memory, "uptime": system.uptime_s, "timestamp": generated_at * 1000}
