"""The older system's document -> the application's metrics. Any field may be missing or of another type."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from perftui.model.application import (
    ApplicationMetrics,
    ApplicationProcess,
    ApplicationQueries,
    CacheStats,
    EndpointStats,
    KeyUse,
    QueryGroup,
)
from perftui.model.query import LatencySummary
from perftui.sources.application.answer import unreadable
from perftui.sources.numbers import real, whole

CLEAR_TYPES = ("api", "query", "cache", "all")
_NOTE = "The older document counts 4xx and 5xx together; both are shown as errors."
_MOST = 1000


class OlderReader:
    """Times in ms, rates 0 to 1, over the window that was asked for."""

    what = "the older system's metrics document"
    shows = "endpoints, queries, one cache, process"

    def __init__(self, place: str, window_s: float) -> None:
        self._place, self._window_s = place, window_s

    def read(self, body: bytes) -> tuple[ApplicationMetrics, tuple[str, ...]]:
        """Raises `UnusableAnswer`."""
        try:
            document = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise unreadable(self._place, f"its JSON is broken ({error})") from None
        api, system = _part(document, "api"), _part(document, "system")
        uptime_s = _number(system, "uptime")
        covered_s = self._window_s if uptime_s is None else max(min(self._window_s, uptime_s), 1.0)
        per_minute = _number(api, "requestsPerMinute")
        metrics = ApplicationMetrics(
            format="older",
            window_s=covered_s,
            requests=_whole(api, "totalRequests"),
            per_s=None if per_minute is None else per_minute / 60,
            latency_ms=_latency(api),
            server_error_rate=_number(api, "errorRate"),
            endpoints=tuple(_endpoint(one, covered_s) for one in _list(api, "endpoints")),
            caches=_caches(_part(document, "cache")),
            queries=_queries(_part(document, "query")),
            process=ApplicationProcess(resident_bytes=_whole(_part(system, "memory"), "rss"), uptime_s=uptime_s),
            clear_types=CLEAR_TYPES,
        )
        return metrics, (_NOTE,) if api else ()


Part = Mapping[str, Any]


def _part(document: Part, name: str) -> Part:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _list(document: Part, name: str) -> list[Part]:
    found = document.get(name)
    return [one for one in found[:_MOST] if isinstance(one, dict)] if isinstance(found, list) else []


def _number(document: Part, name: str) -> float | None:
    return real(document.get(name))


def _whole(document: Part, name: str) -> int | None:
    return whole(document.get(name))


def _latency(part: Part, average: str = "averageDuration") -> LatencySummary:
    mean = _number(part, average)
    count = _number(part, "requestCount") or _number(part, "totalRequests") or 0.0
    return LatencySummary(
        average=mean,
        p50=_number(part, "p50Duration"),
        p95=_number(part, "p95Duration"),
        p99=_number(part, "p99Duration"),
        maximum=_number(part, "maxDuration"),
        total=(mean or 0.0) * count,
    )


def _endpoint(one: Part, covered_s: float) -> EndpointStats:
    method, _, route = str(one.get("path", "")).partition(" ")
    if not route:
        method, route = "", method
    count, errors = _whole(one, "requestCount"), _number(one, "errorCount")
    violations = _whole(one, "budgetViolations")
    last_ms = _number(one, "lastRequest")
    return EndpointStats(
        method=method[:20],
        route=route[:300],
        requests=count,
        per_s=None if count is None else count / covered_s,
        latency_ms=_latency(one),
        server_error_rate=errors / count if count and errors is not None else None,
        budget=None if violations is None else "over" if violations else "within",
        budgets=() if violations is None else (f"{violations:,} violations",),
        last_seen_at=None if last_ms is None else last_ms / 1000,
    )


def _caches(cache: Part) -> tuple[CacheStats, ...]:
    if not cache:
        return ()
    uses = [one for one in _list(cache, "mostAccessed") if _whole(one, "count") is not None]
    stats = CacheStats(
        name="cache",
        hits=_whole(cache, "hits"),
        misses=_whole(cache, "misses"),
        hit_rate=_number(cache, "hitRate") if _number(cache, "hits") or _number(cache, "misses") else None,
        sets=_whole(cache, "sets"),
        deletes=_whole(cache, "deletes"),
        evictions=_whole(cache, "evictions"),
        keys=_whole(cache, "totalKeys"),
        used_bytes=_whole(cache, "memoryUsage"),
        get_ms=_number(cache, "averageGetTime"),
        set_ms=_number(cache, "averageSetTime"),
        efficiency=_number(cache, "efficiencyScore"),
        top_keys=tuple(KeyUse(key=str(one.get("key", ""))[:300], count=_whole(one, "count") or 0) for one in uses),
    )
    return (stats,)


def _queries(query: Part) -> ApplicationQueries | None:
    if not query:
        return None
    slow = query.get("slowQueries")
    latency = LatencySummary(
        average=_number(query, "averageQueryTime"),
        p95=_number(query, "p95QueryTime"),
        p99=_number(query, "p99QueryTime"),
    )
    return ApplicationQueries(
        count=_whole(query, "totalQueries"),
        slow=len(slow) if isinstance(slow, list) else _whole(query, "slowQueries"),
        latency_ms=latency,
        groups=(*_groups("collection", query, "byCollection"), *_groups("operation", query, "byOperation")),
    )


def _groups(by: Literal["collection", "operation"], query: Part, name: str) -> tuple[QueryGroup, ...]:
    groups = []
    for group, figures in list(_part(query, name).items())[:_MOST]:
        if isinstance(figures, dict):
            count, average = _whole(figures, "count") or 0, _number(figures, "avgTime")
            latency = LatencySummary(average=average, total=(average or 0.0) * count)
            groups.append(
                QueryGroup(
                    by=by,
                    name=group[:300],
                    collection=group[:300] if by == "collection" else None,
                    operation=group[:300] if by == "operation" else None,
                    count=count,
                    latency_ms=latency,
                )
            )
    return tuple(groups)
