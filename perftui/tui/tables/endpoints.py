"""Endpoints: each method and route of the application, its latency, errors and budget."""

from collections.abc import Sequence

from perftui.model.application import EndpointStats, Uncertainty
from perftui.tui.formatting import UNKNOWN, milliseconds, number, rate, share
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.budgets import budget_column, grade
from perftui.tui.tables.grades import ago, graded, plain, signed, too_high, words
from perftui.tui.view import State, View


def rows(view: View) -> Sequence[EndpointStats]:
    target = view.target("application")
    return () if target is None or target.application is None else target.application.endpoints


def name(endpoint: EndpointStats) -> str:
    """Method and route, as history and events call it."""
    return f"{endpoint.method} {endpoint.route}"


def quantile(value: float | None, bounds: Uncertainty | None) -> str:
    """A quantile with how sure it is: `152ms`, `175ms±75`, `>=1.00s` in the last, open bucket."""
    if value is None:
        return UNKNOWN
    if bounds is None:
        return milliseconds(value)
    if bounds.high is None:
        return f">={milliseconds(bounds.low)}"
    either_side = (bounds.high - bounds.low) / 2
    return f"{milliseconds(value)}±{either_side:,.0f}" if either_side >= 0.5 else milliseconds(value)


def grade_p95(endpoint: EndpointStats, view: View) -> State:
    return too_high(endpoint.latency_ms.p95, view.thresholds.endpoint_p95_ms)


def grade_average(endpoint: EndpointStats, view: View) -> State:
    return too_high(endpoint.latency_ms.average, view.thresholds.endpoint_average_ms)


def grade_errors(endpoint: EndpointStats, view: View) -> State:
    limit = view.thresholds.error_rate
    return too_high(endpoint.server_error_rate, limit, limit / 2)


def grade_budget(endpoint: EndpointStats, _view: View) -> State:
    return grade(endpoint.budget)


def _empty(view: View) -> str:
    otherwise = "No request yet: the application's metrics hold no endpoint."
    return explain_absence(view, "application", "application.metrics", otherwise)


def _full_text(endpoint: EndpointStats, _view: View) -> str:
    return "\n".join((name(endpoint), *endpoint.budgets))


ENDPOINTS: TableSpec[EndpointStats] = TableSpec(
    name="endpoints",
    columns=(
        words("method", "METHOD", 6, lambda row: row.method),
        words("route", "ROUTE", 18, lambda row: row.route, flexible=True),
        plain("per_s", "REQ/s", 7, lambda row: row.per_s, rate),
        plain("p50", "P50", 7, lambda row: row.latency_ms.p50, milliseconds, 3),
        Column(
            "p95",
            "P95 ",
            12,
            text=lambda row, view: signed(quantile(row.latency_ms.p95, row.p95_bounds), grade_p95(row, view)),
            sort=lambda row: row.latency_ms.p95,
            state=grade_p95,
        ),
        plain("p99", "P99", 7, lambda row: row.latency_ms.p99, milliseconds, 4),
        graded("average", "AVERAGE", 8, lambda row: row.latency_ms.average, milliseconds, grade_average, 2),
        plain("4xx", "4XX", 6, lambda row: row.client_error_rate, share, 5),
        graded("5xx", "5XX", 7, lambda row: row.server_error_rate, share, grade_errors),
        budget_column(lambda row: row.limits, lambda row: row.budget, only_with_budgets=False),
        plain("requests", "REQUESTS", 9, lambda row: row.requests, number, 6),
        Column(
            "seen",
            "SEEN",
            5,
            text=lambda row, view: ago(row.last_seen_at, view),
            sort=lambda row: row.last_seen_at,
            priority=7,
        ),
    ),
    rows=rows,
    filled_by=("application", "application"),
    key=name,
    default_sort="p95",
    full_text=_full_text,
    empty=_empty,
)
