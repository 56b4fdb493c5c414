"""The application's own queries by collection and operation, as it measured them itself."""

from collections.abc import Sequence

from perftui.model.application import QueryGroup
from perftui.tui.formatting import milliseconds, number
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.budgets import budget_column
from perftui.tui.tables.grades import plain, words
from perftui.tui.tables.queries import examined_column, latency_column
from perftui.tui.view import View


def rows(view: View) -> Sequence[QueryGroup]:
    target = view.target("application")
    if target is None or target.application is None or target.application.queries is None:
        return ()
    return target.application.queries.groups


def _empty(view: View) -> str:
    otherwise = "This application's metrics hold no queries. perftui.instrument adds them."
    return explain_absence(view, "application", "application.metrics", otherwise)


APPLICATION_QUERIES: TableSpec[QueryGroup] = TableSpec(
    name="application queries",
    columns=(
        words("by", "BY", 11, lambda row: row.by, 1),
        words("name", "NAME", 20, lambda row: row.name, flexible=True),
        plain("count", "COUNT", 8, lambda row: row.count, number),
        latency_column("average", "AVERAGE", 9, lambda row: row.latency_ms.average),
        plain("p50", "P50", 7, lambda row: row.latency_ms.p50, milliseconds, 5),
        latency_column("p95", "P95", 8, lambda row: row.latency_ms.p95, 2),
        plain("p99", "P99", 7, lambda row: row.latency_ms.p99, milliseconds, 4),
        plain("maximum", "MAX", 7, lambda row: row.latency_ms.maximum, milliseconds, 6),
        examined_column(3),
        budget_column(lambda row: row.limits),
    ),
    rows=rows,
    filled_by=("application", "application"),
    key=lambda row: (row.by, row.name, row.collection, row.operation, row.shape_id),
    default_sort="count",
    full_text=lambda row, _view: row.name,
    empty=_empty,
)
