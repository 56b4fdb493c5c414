"""Details of an endpoint, of a group of the application's queries, of a cache."""

from collections.abc import Hashable

from perftui.model.application import CacheStats, EndpointStats
from perftui.tui.formatting import UNKNOWN, milliseconds, number, rate, share, size
from perftui.tui.lines import Piece, bar, fit
from perftui.tui.screens.details_parts import history, history_times, latency_facts, number_and_rate, when
from perftui.tui.screens.document import Block, Chart, Document, Fact, Facts, Rows, Spark, Sparks, Text
from perftui.tui.tables import application_queries, caches, endpoints, queries
from perftui.tui.tables.grades import signed
from perftui.tui.view import View


def endpoint(view: View, key: Hashable) -> Document | None:
    target = view.target("application")
    row = next((row for row in endpoints.rows(view) if endpoints.name(row) == key), None)
    if row is None or target is None:
        return None
    name, target_id = endpoints.name(row), target.target.id
    limit = view.thresholds.endpoint_p95_ms
    blocks: tuple[Block, ...] = (
        Facts(_endpoint_facts(row, view)),
        Text("\n".join(row.budgets), "BUDGETS", endpoints.grade_budget(row, view)),
        Chart(
            history_times(view),
            history(view, target_id, "endpoint.p95_ms", name),
            milliseconds,
            f"P95 (the line: {milliseconds(limit)}, the threshold)",
            limit,
        ),
        Sparks(
            (
                Spark("requests", history(view, target_id, "endpoint.per_s", name), lambda v: f"{rate(v)}/s"),
                Spark("5xx", history(view, target_id, "endpoint.server_error_rate", name), share),
            ),
            "HISTORY",
        ),
    )
    return Document(f"{name} of {target.target.name}", blocks, copied=name, at=view.snapshot.taken_at)


def _endpoint_facts(row: EndpointStats, view: View) -> tuple[Fact, ...]:
    p95, errors = endpoints.grade_p95(row, view), endpoints.grade_errors(row, view)
    average = endpoints.grade_average(row, view)
    p50, _p95, p99, _average, slowest = latency_facts(row.latency_ms)
    return (
        Fact("requests", number_and_rate(row.requests, row.per_s)),
        p50,
        Fact("p95", signed(endpoints.quantile(row.latency_ms.p95, row.p95_bounds), p95).rstrip(), p95),
        p99,
        Fact("average", signed(milliseconds(row.latency_ms.average), average).rstrip(), average),
        slowest,
        Fact("5xx", signed(share(row.server_error_rate), errors).rstrip(), errors),
        Fact("4xx", share(row.client_error_rate)),
        Fact("budget", row.budget or "none is set", endpoints.grade_budget(row, view)),
        Fact("last seen", when(row.last_seen_at, view)),
    )


def query_group(view: View, key: Hashable) -> Document | None:
    spec = application_queries.APPLICATION_QUERIES
    row = next((row for row in spec.rows(view) if spec.key(row) == key), None)
    if row is None:
        return None
    read = queries.grade_examined(row.examined_documents, row.returned, row.count, view)
    ratio = queries.examined_to_returned(row.examined_documents, row.returned, row.count)
    facts = (
        Fact("executions", number(row.count)),
        *latency_facts(row.latency_ms),
        Fact("read : returned", signed(ratio, read).rstrip(), read),
        Fact("collection", row.collection or ""),
        Fact("operation", row.operation or ""),
    )
    blocks = (Text(row.name, role="value"), Facts(facts, "AS THE APPLICATION MEASURED IT"))
    return Document(f"Queries by {row.by}", blocks, copied=row.name, at=view.snapshot.taken_at)


def cache(view: View, key: Hashable) -> Document | None:
    target = view.target("application")
    row = next((row for row in caches.rows(view) if row.name == key), None)
    if row is None or target is None:
        return None
    rates = history(view, target.target.id, "cache.hit_rate", row.name)
    blocks: tuple[Block, ...] = (
        Facts(_cache_facts(row, view)),
        Sparks((Spark("hit rate", rates, share),), "HISTORY"),
        Rows(tuple(_key_uses(row)), "MOST USED KEYS"),
    )
    copied = "\n".join(use.key for use in row.top_keys) or row.name
    return Document(f"Cache {row.name} of {target.target.name}", blocks, copied=copied, at=view.snapshot.taken_at)


def _cache_facts(row: CacheStats, view: View) -> tuple[Fact, ...]:
    hits, efficiency = caches.grade_hit_rate(row, view), caches.grade_efficiency(row, view)
    return (
        Fact("hit rate", signed(share(row.hit_rate), hits).rstrip(), hits),
        Fact("hits", number(row.hits)),
        Fact("misses", number(row.misses)),
        Fact("gets", UNKNOWN if row.gets_per_s is None else f"{rate(row.gets_per_s)}/s"),
        Fact("a get takes", milliseconds(row.get_ms)),
        Fact("a set takes", milliseconds(row.set_ms)),
        Fact("sets", number(row.sets)),
        Fact("deletes", number(row.deletes)),
        Fact("evicted", number(row.evictions)),
        Fact("keys", number(row.keys)),
        Fact("size", size(row.used_bytes)),
        Fact("efficiency", _efficiency(row, signed("", efficiency).strip()), efficiency),
    )


def _efficiency(row: CacheStats, sign: str) -> str:
    return UNKNOWN if row.efficiency is None else f"{row.efficiency:.0f}{sign} of 100"


def _key_uses(row: CacheStats) -> list[tuple[Piece, ...]]:
    most = max((use.count for use in row.top_keys), default=0) or 1
    return [
        (
            (fit(number(use.count), 9, "right") + "  ", "value"),
            ("[", "bracket"),
            (bar(use.count / most, 20), "bar"),
            ("]  ", "bracket"),
            (fit(use.key, 200).rstrip(), "normal"),
        )
        for use in row.top_keys
    ]
