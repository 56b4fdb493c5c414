"""Caches and queries of perftui's own document, as the monitor sees them."""

from collections.abc import Iterable, Mapping

from perftui.model.application import ApplicationQueries, CacheStats, KeyUse, QueryGroup
from perftui.model.metrics import (
    CacheDocument,
    KeyDocument,
    LatencyDocument,
    QueryDocument,
    QueryGroupDocument,
    QueryShapeDocument,
)
from perftui.model.query import LatencySummary
from perftui.sources.numbers import whole
from perftui.sources.rates import CounterRates


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


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _key_uses(keys: Iterable[KeyDocument]) -> tuple[KeyUse, ...]:
    return tuple(KeyUse(key=key.key, count=key.count) for key in keys)


def cache_counters(caches: Mapping[str, CacheDocument]) -> dict[str, float | None]:
    """What `cache_stats` needs the steps of."""
    counters: dict[str, float | None] = {}
    for name, cache in caches.items():
        counters[f"hits {name}"], counters[f"misses {name}"] = cache.hits_total, cache.misses_total
    return counters


def cache_stats(name: str, cache: CacheDocument, window_s: float | None, rates: CounterRates) -> CacheStats:
    """Over the window, and how it is now: between the last two readings."""
    hits, misses = rates.step(f"hits {name}"), rates.step(f"misses {name}")
    gets = None if hits is None or misses is None else hits + misses
    per_s = (cache.hits + cache.misses) / window_s if window_s else None
    get, put = latency(cache.get), latency(cache.set)
    return CacheStats(
        name=name,
        hits=cache.hits,
        misses=cache.misses,
        hit_rate=cache.hit_rate,
        gets_per_s=per_s if gets is None or not rates.elapsed_s else gets / rates.elapsed_s,
        sets=cache.sets,
        deletes=cache.deletes,
        evictions=cache.evictions,
        keys=cache.keys,
        used_bytes=cache.bytes,
        get_ms=get.average,
        set_ms=put.average,
        efficiency=cache.efficiency.score,
        top_keys=_key_uses(cache.top_keys),
        limits=cache.budgets,
        expirations=cache.expirations,
        errors=cache.errors,
        missed_keys=_key_uses(cache.missed_keys),
        hit_rate_now=hits / gets if hits is not None and gets else None,
        capacity=cache.capacity,
        evictions_by_reason=cache.evictions_by_reason,
        value_bytes=cache.value_bytes,
    )


def application_queries(query: QueryDocument) -> ApplicationQueries:
    groups = (
        *(_group("collection", one) for one in query.by_collection),
        *(_group("operation", one) for one in query.by_operation),
        *(_shape(one) for one in query.shapes),
    )
    return ApplicationQueries(
        count=query.count,
        slow=query.slow,
        latency_ms=latency(query.latency),
        groups=groups,
        errors=query.errors,
        pools=query.pools,
    )


def _shape(one: QueryShapeDocument) -> QueryGroup:
    return QueryGroup(
        by="shape",
        name=one.shape,
        collection=one.collection,
        operation=one.op,
        shape_id=one.id,
        count=one.count,
        latency_ms=latency(one.latency),
        # The document tells what one execution examined; beside `returned` it stands for all.
        examined_documents=None if one.examined is None else whole(one.examined * one.count),
        returned=one.returned,
        limits=one.budgets,
        errors=one.errors,
        slow=one.slow,
        plan=one.plan,
        score=one.score,
        advice=one.advice,
        callers=one.callers,
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
