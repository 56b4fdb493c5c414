"""A registry's figures over a window as the metrics document."""

import os
import time
from collections.abc import Collection, Iterable
from typing import NamedTuple

from perftui.instrument.budgets import Figures
from perftui.instrument.caches import CacheCounts, efficiency
from perftui.instrument.queries import QueryCounts, ShapeKey
from perftui.instrument.registry import Registry
from perftui.instrument.series import SLOT_S, Merged, Series
from perftui.instrument.system import ProcessReader
from perftui.model.metrics import (
    SECTIONS,
    ApiDocument,
    BudgetDocument,
    CacheDocument,
    EfficiencyDocument,
    EndpointDocument,
    KeyDocument,
    LatencyDocument,
    MetricsDocument,
    QueryDocument,
    QueryGroupDocument,
    QueryShapeDocument,
    ServiceDocument,
    SlowQueryDocument,
    WorkerDocument,
)

_PROCESS = ProcessReader()


class Span(NamedTuple):
    """The minutes that a document covers."""

    now: float
    since_minute: int

    def covered_s(self, epoch: float) -> float:
        """Whole minutes before the running one, less what lies before the start or the last clear."""
        return max(self.now - max(self.since_minute * SLOT_S, epoch), 1e-9)


def span_of(minutes: int) -> Span:
    """The running minute and as many whole ones before it."""
    now = time.monotonic()
    return Span(now, int(now // SLOT_S) - minutes)


def build_document(
    registry: Registry, *, sections: Collection[str] = SECTIONS, minutes: int = 5, top: int = 50
) -> MetricsDocument:
    """Everything that was counted in the last `minutes` and the running one."""
    span, now = span_of(minutes), time.time()
    with registry.lock:
        api = _api(registry, span, top) if "api" in sections else None
        query = _query(registry, span, top) if "query" in sections else None
        cache = None
        if "cache" in sections:
            cache = {name: _cache(counts, span, top) for name, counts in registry.caches.items()}
    first = next((name for name in SECTIONS if name in sections and name in registry.epochs), None)
    return MetricsDocument(
        generated_at=now,
        window_s=None if first is None else span.covered_s(registry.epochs[first]),
        complete=registry.complete,
        service=ServiceDocument(name=registry.service, version=registry.version),
        workers=(WorkerDocument(pid=os.getpid(), started_at=registry.started_at, last_seen=now),),
        api=api,
        query=query,
        cache=cache,
        system=_PROCESS.read(registry.started) if "system" in sections else None,
    )


def _wall(registry: Registry, at: float) -> float | None:
    return registry.started_at + at - registry.started if at else None


def _api(registry: Registry, span: Span, top: int) -> ApiDocument:
    whole, errors_5xx, errors_4xx, requests_total = Merged(), 0, 0, 0
    endpoints: list[tuple[float, EndpointDocument]] = []
    for (method, route), statuses in registry.endpoints.grouped():
        merged, by_status = _merged_statuses(statuses, span)
        total = sum(sum(series.totals()[0].values()) for _, series in statuses)
        whole.merge(merged)
        requests_total += total
        errors_5xx += sum(number for status, number in by_status.items() if status >= 500)
        errors_4xx += sum(number for status, number in by_status.items() if 400 <= status < 500)
        last = max(series.last_at for _, series in statuses)
        if merged.count:
            document = EndpointDocument(
                method=method,
                route=route,
                requests_total=total,
                status={str(status): number for status, number in sorted(by_status.items()) if number},
                latency=merged.document(),
                budgets=tuple(_budgets(registry, method, route, statuses, span)),
                last_seen=_wall(registry, last),
            )
            endpoints.append((merged.sum_us, document))
    endpoints.sort(key=lambda pair: pair[0], reverse=True)
    return ApiDocument(
        requests=whole.count,
        requests_total=requests_total,
        errors_5xx=errors_5xx,
        errors_4xx=errors_4xx,
        rate_per_s=whole.count / span.covered_s(registry.epochs["api"]),
        error_rate=errors_5xx / whole.count if whole.count else None,
        active=registry.endpoints.active,
        latency=whole.document(),
        endpoints=tuple(document for _, document in endpoints[:top]),
        endpoints_omitted=max(len(endpoints) - top, 0),
    )


def _merged_statuses(statuses: Iterable[tuple[int, Series]], span: Span) -> tuple[Merged, dict[int, int]]:
    whole, by_status = Merged(), {}
    for status, series in statuses:
        merged = Merged(series.slots(span.since_minute))
        by_status[status] = merged.count
        whole.merge(merged)
    return whole, by_status


def _budgets(
    registry: Registry, method: str, route: str, statuses: list[tuple[int, Series]], span: Span
) -> Iterable[BudgetDocument]:
    for budget in registry.budgets:
        if budget.matches(method, route):
            own = Span(span.now, int(span.now // SLOT_S) - budget.minutes)
            merged, by_status = _merged_statuses(statuses, own)
            errors = sum(number for status, number in by_status.items() if status >= 500)
            yield from budget.evaluate(Figures(merged, errors, own.covered_s(registry.epochs["api"])))


def _query(registry: Registry, span: Span, top: int) -> QueryDocument:
    whole = Merged()
    collections: dict[str, tuple[Merged, int]] = {}
    operations: dict[str, tuple[Merged, int]] = {}
    shapes: list[tuple[float, QueryShapeDocument]] = []
    for shape, counts in registry.queries.shapes.values():
        merged = Merged(counts.series.slots(span.since_minute))
        if not merged.count and not counts.get_mores:
            continue
        whole.merge(merged)
        for groups, name in ((collections, shape.collection), (operations, shape.op)):
            group, errors = groups.get(name) or (Merged(), 0)
            group.merge(merged)
            groups[name] = (group, errors + counts.errors)
        shapes.append((merged.sum_us, _shape(shape, counts, merged)))
    shapes.sort(key=lambda pair: pair[0], reverse=True)
    return QueryDocument(
        count=whole.count,
        slow=whole.above(registry.queries.slow_s),
        latency=whole.document(),
        by_collection=_groups(collections, top),
        by_operation=_groups(operations, top),
        shapes=tuple(document for _, document in shapes[:top]),
        shapes_omitted=max(len(shapes) - top, 0),
        slow_samples=tuple(
            SlowQueryDocument(
                at=slow.at, shape_id=slow.shape.id, collection=slow.shape.collection, duration_s=slow.seconds
            )
            for slow in reversed(registry.queries.slow_samples)
        ),
    )


def _groups(groups: dict[str, tuple[Merged, int]], top: int) -> tuple[QueryGroupDocument, ...]:
    ordered = sorted(groups.items(), key=lambda item: item[1][0].sum_us, reverse=True)
    return tuple(
        QueryGroupDocument(name=name, latency=merged.document(), errors=errors)
        for name, (merged, errors) in ordered[:top]
    )


def _shape(shape: ShapeKey, counts: QueryCounts, merged: Merged) -> QueryShapeDocument:
    return QueryShapeDocument(
        id=shape.id,
        collection=shape.collection,
        op=shape.op,
        shape=shape.text,
        count=merged.count,
        latency=merged.document(),
        errors=counts.errors,
        get_mores=counts.get_mores,
        get_more_s=counts.get_more_s,
        returned=counts.returned,
    )


def _cache(cache: CacheCounts, span: Span, top: int) -> CacheDocument:
    counts = cache.counts.since(span.since_minute)
    gets = counts["hits"] + counts["misses"]
    hit_rate = counts["hits"] / gets if gets else None
    get = Merged(cache.get.slots(span.since_minute)).document()
    get_ms = _average_ms(get)
    score = efficiency(hit_rate, gets, get_ms)
    return CacheDocument(
        **counts,
        keys=cache.keys,
        bytes=cache.bytes,
        hit_rate=hit_rate,
        get=get,
        set=Merged(cache.set.slots(span.since_minute)).document(),
        efficiency=EfficiencyDocument(score=score, inputs={"hit_rate": hit_rate, "gets": gets, "get_ms": get_ms}),
        top_keys=tuple(KeyDocument(key=key, count=number) for key, number in cache.top.top(min(top, 50))),
    )


def _average_ms(latency: LatencyDocument) -> float | None:
    return latency.sum_s / latency.count * 1000 if latency.count else None
