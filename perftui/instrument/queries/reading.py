"""The queries' part of the metrics document, merged over all workers."""

from collections.abc import Iterable
from typing import Any

import msgspec

from perftui.instrument.queries.explained import Explained
from perftui.instrument.queries.kinds import (
    OTHER,
    PLANS,
    POOL,
    QUERY,
    QUERY_CALLER,
    QUERY_ERROR,
    READS,
    SLOW_QUERIES,
    WRITES,
)
from perftui.instrument.queries.pool_advice import pool_advice
from perftui.instrument.store.reading import Reading, SeriesReading
from perftui.instrument.store.tally import Tally, merged
from perftui.model.metrics import (
    QueryCallerDocument,
    QueryDocument,
    QueryFindingDocument,
    QueryGroupDocument,
    QueryPoolDocument,
    QueryShapeDocument,
    SlowQueryDocument,
)

_MOST_CALLERS = 10
_MOST_CODES = 50
_MOST_SAMPLES = 50
_CLOSED = ("idle", "stale", "error", "pool")
_FAILED = ("timeout", "error", "closed")


class _Slow(msgspec.Struct, array_like=True):
    at: float
    id: str
    collection: str
    op: str
    seconds: float
    endpoint: tuple[str, str] | None = None
    returned: int | None = None


def query_document(reading: Reading, since_minute: int, *, top: int = 50) -> QueryDocument:
    """All that was counted since this minute; `top` bounds each list."""
    windows = [(series, series.window(since_minute)) for series in reading.series(QUERY.name)]
    windows = [(series, tally) for series, tally in windows if tally]
    whole = merged(tally for _, tally in windows)
    windows.sort(key=lambda pair: pair[1].sum_us + pair[1].counters.get("get_more_us", 0), reverse=True)
    details = _Details(reading, since_minute)
    return QueryDocument(
        count=whole.count,
        slow=whole.counter("slow"),
        warnings=whole.counter("warnings"),
        errors=whole.counter("errors"),
        error_codes=_top_codes(details.codes_of.values()),
        retries=whole.counter("retries"),
        latency=whole.document(),
        by_collection=_groups(windows, 1, top),
        by_operation=_groups(windows, 2, top),
        shapes=tuple(_shape(series, tally, details) for series, tally in windows[:top]),
        shapes_omitted=max(len(windows) - top, 0),
        slow_samples=tuple(_samples(reading)),
        pools=tuple(_pool(series, series.window(since_minute)) for series in reading.series(POOL.name)[:top]),
    )


class _Details:
    """What stands beside the shapes' own figures, by shape."""

    def __init__(self, reading: Reading, since_minute: int) -> None:
        self.codes_of: dict[str, dict[str, int]] = {}
        for series in reading.series(QUERY_ERROR.name):
            number = series.window(since_minute).counter("errors")
            if number:
                self.codes_of.setdefault(series.labels[0], {})[series.labels[1]] = number
        self.callers_of: dict[str, list[tuple[int, str, str, int]]] = {}
        for series in reading.series(QUERY_CALLER.name):
            calls = series.window(since_minute).counter("calls")
            if calls:
                shape, method, route = series.labels
                total = series.total.counter("calls")
                self.callers_of.setdefault(shape, []).append((calls, method, route, total))
        self.plans: dict[str, Explained] = {}
        self.unexplained: dict[str, str] = {}
        for _, published in reading.side(PLANS):
            self._take(published)

    def _take(self, published: Any) -> None:
        for plan in _decoded(published.get("plans") if isinstance(published, dict) else None, list[Explained]) or ():
            known = self.plans.get(plan.id)
            if known is None or plan.at > known.at:
                self.plans[plan.id] = plan
        refused = published.get("refused") if isinstance(published, dict) else None
        self.unexplained.update(_decoded(refused, dict[str, str]) or {})


def _decoded(value: Any, kind: Any) -> Any:
    """Another worker's samples, or `None` where they are of another version."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def _shape(series: SeriesReading, tally: Tally, details: _Details) -> QueryShapeDocument:
    id_, collection, op, text = series.labels
    plan = details.plans.get(id_)
    reads, writes = op in READS or id_ == OTHER, op in WRITES or id_ == OTHER
    callers = sorted(details.callers_of.get(id_, ()), reverse=True)[:_MOST_CALLERS]
    return QueryShapeDocument(
        id=id_,
        collection=collection,
        op=op,
        shape=text,
        count=tally.count,
        latency=tally.document(),
        errors=tally.counter("errors"),
        error_codes=_top_codes([details.codes_of.get(id_, {})]),
        get_mores=tally.counter("get_mores"),
        get_more_s=tally.counters.get("get_more_us", 0.0) / 1e6,
        slow=tally.counter("slow"),
        warnings=tally.counter("warnings"),
        returned=tally.counter("returned") if reads else None,
        matched=tally.counter("matched") if writes and op != "insert" else None,
        modified=tally.counter("modified") if writes else None,
        retries=tally.counter("retries"),
        cursors_killed=tally.counter("killed"),
        callers=tuple(
            QueryCallerDocument(method=method, route=route, calls=calls, calls_total=total)
            for calls, method, route, total in callers
        ),
        **({"unexplained": details.unexplained.get(id_)} if plan is None else _explained(plan)),
    )


def _explained(plan: Explained) -> dict[str, Any]:
    findings = tuple(
        QueryFindingDocument(code=code, severity=severity, message=message, advice=advice)
        for code, severity, message, advice in plan.findings
    )
    return {
        "plan": plan.plan,
        "score": plan.score,
        "findings": findings,
        "advice": tuple(finding.advice for finding in findings if finding.advice),
        "explained_at": plan.at,
        "examined": plan.documents_examined,
        "keys_examined": plan.keys_examined,
        "over": plan.reasons,
    }


def _top_codes(found: Iterable[dict[str, int]]) -> dict[str, int]:
    whole: dict[str, int] = {}
    for codes in found:
        for code, number in codes.items():
            whole[code] = whole.get(code, 0) + number
    return dict(sorted(whole.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_CODES])


def _groups(windows: list[tuple[SeriesReading, Tally]], label: int, top: int) -> tuple[QueryGroupDocument, ...]:
    groups: dict[str, Tally] = {}
    for series, tally in windows:
        groups.setdefault(series.labels[label], Tally()).merge(tally)
    ordered = sorted(groups.items(), key=lambda item: item[1].sum_us, reverse=True)
    return tuple(
        QueryGroupDocument(name=name, latency=tally.document(), errors=tally.counter("errors"))
        for name, tally in ordered[:top]
    )


def _samples(reading: Reading) -> Iterable[SlowQueryDocument]:
    cleared_at = reading.wall_at(reading.cleared.at("query")) or 0.0
    found = [slow for _, samples in reading.side(SLOW_QUERIES) for slow in _decoded(samples, list[_Slow]) or ()]
    found.sort(key=lambda slow: slow.at, reverse=True)
    for slow in found[:_MOST_SAMPLES]:
        if slow.at < cleared_at:
            return
        method, route = slow.endpoint or (None, None)
        yield SlowQueryDocument(
            at=slow.at,
            shape_id=slow.id,
            collection=slow.collection,
            op=slow.op,
            duration_s=slow.seconds,
            method=method,
            route=route,
            returned=slow.returned,
        )


def _pool(series: SeriesReading, tally: Tally) -> QueryPoolDocument:
    gauges = {name: max(value, 0.0) for name, value in series.gauges.items()}
    closed = {reason: tally.counter(f"closed_{reason}") for reason in _CLOSED}
    return QueryPoolDocument(
        address=series.labels[0],
        clients=round(gauges.get("clients", 0)),
        size=round(gauges.get("size", 0)),
        in_use=round(gauges.get("in_use", 0)),
        waiting=round(gauges.get("waiting", 0)),
        max_size=round(gauges.get("max_size", 0)) or None,
        min_size=round(gauges.get("min_size", 0)),
        wait=tally.document(),
        created=tally.counter("created"),
        closed={reason: number for reason, number in closed.items() if number},
        failed={reason: number for reason in _FAILED if (number := tally.counter(f"failed_{reason}"))},
        cleared=tally.counter("cleared"),
        advice=pool_advice(tally, gauges, closed, tally.counter("created")),
    )
