"""Queries: the digest of slow queries by shape, most total time first."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from perftui.model.application import QueryGroup
from perftui.model.query import DigestRow, QueryDigest
from perftui.tui.formatting import UNKNOWN, milliseconds, number, rate
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.budgets import budget_column
from perftui.tui.tables.grades import ago, graded, plain, signed, too_high, words
from perftui.tui.tables.origins import first_origin, origin_column, queries_of
from perftui.tui.tables.scores import finding_column, score_column
from perftui.tui.view import State, View

Executed = TypeVar("Executed", DigestRow, QueryGroup)
"""Queries added up, by the server or by the application."""

READ_FROM = {
    "profiler": "the profiler",
    "slowlog": "the server's slow log",
    "currentop": "sampled operations",
    "none": "nothing",
}


def rows(view: View) -> Sequence[DigestRow]:
    target = view.target("mongodb")
    if target is None or target.queries is None:
        return ()
    return target.queries.rows if view.endpoint is None else queries_of(view.endpoint, view)


def name(row: DigestRow) -> str:
    return "all other shapes" if row.overflow else f"{row.ns} {row.shape}".strip()


def per_execution(total: int | None, executions: int) -> float | None:
    return None if total is None or executions <= 0 else total / executions


def examined_to_returned(examined: int | None, returned: int | None, executions: int) -> str:
    """Documents examined and returned by one execution: `50,000:20`."""
    if examined is None and returned is None:
        return UNKNOWN
    return f"{number(per_execution(examined, executions))}:{number(per_execution(returned, executions))}"


def grade_examined(examined: int | None, returned: int | None, executions: int, view: View) -> State:
    """Over when it examines many documents and returns few of them; many alone is a warning."""
    limits, each = view.thresholds, per_execution(examined, executions)
    if each is None or each <= limits.examined_documents:
        return "normal"
    given = per_execution(returned, executions)
    return "over" if given is not None and given / each < limits.returned_per_examined else "warning"


def has_eased(row: DigestRow) -> bool:
    """It went on to run, but no execution has been heavy for a while: what the window tells of that is past."""
    return row.recent is not None and row.recent.has_eased(row.last_seen_at, row.recent.span_s)


def grade_latency(value: float | None, view: View) -> State:
    return too_high(value, view.thresholds.slow_ms, view.thresholds.slow_warning_ms)


def plan(row: DigestRow) -> str | None:
    """The plan summary seen last, with what it hides: a sort in memory, other plans."""
    parts = list(row.plan_summaries[:1])
    if row.sorts_in_memory:
        parts.append("SORT")
    if len(row.plan_summaries) > 1:
        parts.append(f"+{len(row.plan_summaries) - 1}")
    return " ".join(parts) or None


def grade_plan(row: DigestRow, _view: View) -> State:
    costly = row.sorts_in_memory or any("COLLSCAN" in summary for summary in row.plan_summaries)
    return "warning" if costly else "normal"


def say_coverage(digest: QueryDigest) -> str:
    """Where the digest comes from and what it may lack, in one line."""
    covered = digest.window_s if digest.covered_s is None else min(digest.covered_s, digest.window_s)
    text = f"{number(digest.entries)} entries of {READ_FROM[digest.read_from]}, last {covered / 60:.0f} min"
    if covered < 60:
        text = f"{number(digest.entries)} entries of {READ_FROM[digest.read_from]}, last {covered:.0f} s"
    if digest.lost_entries is None:
        return text + ", some were lost"
    return text + (f", {number(digest.lost_entries)} were lost" if digest.lost_entries else "")


def latency_column(
    key: str, title: str, width: int, value: Callable[[Executed], float | None], priority: int = 0
) -> Column[Executed]:
    """Milliseconds against the threshold of slow queries."""
    return graded(key, title, width, value, milliseconds, lambda row, view: grade_latency(value(row), view), priority)


def examined_column(priority: int) -> Column[Executed]:
    """Documents examined to documents returned, an execution."""

    def grade(row: Executed, view: View) -> State:
        return grade_examined(row.examined_documents, row.returned, row.count, view)

    return Column(
        "examined",
        "EXAM:RET ",
        13,
        text=lambda row, view: signed(
            examined_to_returned(row.examined_documents, row.returned, row.count), grade(row, view)
        ),
        sort=lambda row: per_execution(row.examined_documents, row.count),
        state=grade,
        priority=priority,
    )


def _empty(view: View) -> str:
    if view.endpoint is not None:
        return f"No slow query came from {' '.join(view.endpoint)} in this window. Esc goes back to the endpoints."
    target = view.target("mongodb")
    digest = target.queries if target is not None else None
    if digest is None or digest.read_from == "none":
        otherwise = "Slow queries cannot be read here: no profiler, no slow log."
        return explain_absence(view, "mongodb", "mongodb.slow_queries", otherwise)
    otherwise = f"Nothing slow yet: {say_coverage(digest)}."
    if digest.read_from != "profiler":
        otherwise += " The profiler shows more: db.setProfilingLevel(1, {slowms: 50}) in the database turns it on."
    return explain_absence(view, "mongodb", "mongodb.slow_queries", otherwise) + _fast_but_frequent(view)


def _fast_but_frequent(view: View) -> str:
    """What points at a collection although no query of it is slow."""
    from perftui.tui.tables.busy_collections import busiest

    found = busiest(view)
    if found is None:
        return ""
    words = f" But {found.ns} is scanned {rate(found.scans_per_s)} times a second: too fast to be slow, and often."
    return f"{words} S-Tab shows the load by collection; P there profiles it for a minute."


QUERIES: TableSpec[DigestRow] = TableSpec(
    name="queries",
    columns=(
        Column(
            "shape",
            "SHAPE",
            30,
            text=lambda row, _view: name(row),
            sort=name,
            state=lambda row, _view: "dim" if row.overflow else "normal",
            align="left",
            flexible=True,
            comfortable=44,
        ),
        plain("per_s", "COUNT/s", 8, lambda row: row.per_s, rate, 2),
        plain("count", "COUNT", 7, lambda row: row.count, number, 5),
        plain("p50", "P50", 7, lambda row: row.latency_ms.p50, milliseconds, 6),
        latency_column("p95", "P95", 8, lambda row: row.latency_ms.p95),
        plain("p99", "P99", 7, lambda row: row.latency_ms.p99, milliseconds, 7),
        plain("total", "TOTAL", 7, lambda row: row.latency_ms.total, milliseconds, 1),
        examined_column(3),
        words("plan", "PLAN", 13, plan, 4, state=grade_plan),
        score_column(lambda row: row.score, is_past=has_eased),
        budget_column(lambda row: row.limits, priority=2),
        finding_column(lambda row: row.findings, 1, is_past=has_eased),
        origin_column(first_origin, 4),
        plain("errors", "ERRORS", 6, lambda row: row.errors, number, 8),
        words("application", "APPLICATION", 14, lambda row: ", ".join(row.applications), 9),
        Column(
            "seen",
            "SEEN",
            5,
            text=lambda row, view: ago(row.last_seen_at, view),
            sort=lambda row: row.last_seen_at,
            priority=10,
        ),
    ),
    rows=rows,
    filled_by=("mongodb", "queries"),
    key=lambda row: row.shape_id,
    default_sort="total",
    full_text=lambda row, _view: row.slowest.raw if row.slowest is not None and row.slowest.raw else name(row),
    empty=_empty,
)
