"""Details of an endpoint, of a group of the application's queries, of a cache."""

from collections.abc import Hashable, Iterator

from perftui.model.application import EndpointStats, QueryGroup
from perftui.tui.formatting import UNKNOWN, milliseconds, number, rate, share
from perftui.tui.lines import Piece, fit
from perftui.tui.screens.details_parts import (
    budgets_block,
    history,
    history_times,
    lately,
    latency_facts,
    number_and_rate,
    when,
)
from perftui.tui.screens.document import Block, Chart, Document, Fact, Facts, Rows, Spark, Sparks, Text
from perftui.tui.tables import application_queries, endpoints, queries
from perftui.tui.tables.budgets import show_budget
from perftui.tui.tables.grades import signed
from perftui.tui.tables.origins import queries_of
from perftui.tui.view import View

_QUERIES = 8


def endpoint(view: View, key: Hashable) -> Document | None:
    target = view.target("application")
    row = next((row for row in endpoints.rows(view) if endpoints.name(row) == key), None)
    if row is None or target is None:
        return None
    name, target_id = endpoints.name(row), target.target.id
    limit = view.thresholds.endpoint_p95_ms
    blocks: tuple[Block, ...] = (
        Facts(_endpoint_facts(row, view)),
        budgets_block(row.limits, view) if row.limits else Text("\n".join(row.budgets), "BUDGETS"),
        Rows(tuple(_queries_of(row, view)), "ITS QUERIES (o shows them)"),
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
            lately("HISTORY", view),
        ),
    )
    return Document(f"{name} of {target.target.name}", blocks, copied=name, at=view.snapshot.taken_at)


def _queries_of(row: EndpointStats, view: View) -> Iterator[tuple[Piece, ...]]:
    """The shapes that this endpoint ran, as their comments say."""
    endpoint = (row.method, row.route)
    for shape in queries_of(endpoint, view)[:_QUERIES]:
        use = next(use for use in shape.endpoints if (use.method, use.route) == endpoint)
        p95 = queries.grade_latency(shape.latency_ms.p95, view)
        yield (
            (fit(number(use.count), 8, "right") + "x  ", "value"),
            (fit(signed(milliseconds(shape.latency_ms.p95), p95), 9, "right") + "  ", p95),
            (queries.name(shape), "normal"),
        )


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
        Fact("budget", _budget(row), endpoints.grade_budget(row, view)),
        Fact("last seen", when(row.last_seen_at, view)),
        *_known(("in flight", row.active), ("clients left", row.disconnects), ("raised", _sum(row.exceptions))),
    )


def _sum(counts: dict[str, int]) -> int | None:
    return sum(counts.values()) if counts else None


def _known(*facts: tuple[str, int | None]) -> tuple[Fact, ...]:
    """What only perftui's own library tells."""
    return tuple(Fact(label, number(value)) for label, value in facts if value is not None)


def _budget(row: EndpointStats) -> str:
    return "none is set" if row.budget is None else show_budget(row.budget, row.limits)


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
        *_known(("slow", row.slow), ("errors", row.errors)),
    )
    measured = Facts(facts, "AS THE APPLICATION MEASURED IT")
    blocks = (Text(row.name, role="value"), measured, *_explained(row), budgets_block(row.limits, view))
    return Document(f"Queries by {row.by}", blocks, copied=row.name, at=view.snapshot.taken_at)


def _explained(row: QueryGroup) -> Iterator[Block]:
    """The application's own explain of a slow shape, and who sends it."""
    if row.plan is not None:
        score = UNKNOWN if row.score is None else f"{row.score} of 100"
        yield Facts((Fact("plan", row.plan), Fact("score", score)), "AS THE APPLICATION EXPLAINED IT")
    if row.advice:
        yield Text("\n".join(row.advice), "ADVICE")
    if row.callers:
        calls = tuple(
            ((fit(number(one.calls), 8, "right") + "x  ", "value"), (f"{one.method} {one.route}", "normal"))
            for one in row.callers
        )
        yield Rows(calls, "SENT BY")
