"""Operations that belong together, the most first: what a pile is made of, and how old it is."""

from collections.abc import Hashable, Sequence

from perftui.advice.contention.groups import GROUPINGS, OperationGroup, group_operations
from perftui.tui.formatting import duration, number
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables import operations
from perftui.tui.tables.grades import graded, plain, too_high, words
from perftui.tui.view import State, View

_PILE = 15
"""So many alike at once are a pile."""


def rows(view: View) -> Sequence[OperationGroup]:
    return group_operations(operations.rows(view), view.grouping or GROUPINGS[0])


def key(group: OperationGroup) -> Hashable:
    return (group.key.by, group.key.value)


def grade_count(group: OperationGroup, view: View) -> State:
    """Many are a pile where they do not pass at once, too."""
    if len(group.operations) < _PILE or (group.median_s or 0.0) < view.thresholds.slow_ms / 1000:
        return "normal"
    return "over" if (group.median_s or 0.0) >= 1.0 else "warning"


def _grade_oldest(group: OperationGroup, view: View) -> State:
    return too_high(group.oldest_s, view.thresholds.slow_ms / 1000, view.thresholds.slow_warning_ms / 1000)


def _grade_waiting(group: OperationGroup, _view: View) -> State:
    return "warning" if group.waiting else "normal"


def _grade_scans(group: OperationGroup, _view: View) -> State:
    return "warning" if group.scanning else "normal"


def _first_and_more(names: Sequence[str]) -> str | None:
    if not names:
        return None
    return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"


def _applications(group: OperationGroup) -> str | None:
    return _first_and_more(list(dict.fromkeys(one.app_name for one in group.operations if one.app_name)))


def _name(group: OperationGroup, _view: View) -> str:
    return group.name


def _full_text(group: OperationGroup, _view: View) -> str:
    return f"{group.name}: " + " ".join(str(one.opid) for one in group.operations)


OPERATION_GROUPS: TableSpec[OperationGroup] = TableSpec(
    name="operation groups",
    columns=(
        graded("count", "COUNT", 7, lambda row: len(row.operations), number, grade_count),
        graded("oldest", "OLDEST", 8, lambda row: row.oldest_s, duration, _grade_oldest),
        plain("median", "MEDIAN", 7, lambda row: row.median_s, duration),
        graded("waiting", "WAITING", 8, lambda row: row.waiting, number, _grade_waiting),
        plain("locks", "FOR LOCKS", 9, lambda row: row.waiting_for_locks, number, 1),
        graded("scans", "COLLSCAN", 9, lambda row: row.scanning, number, _grade_scans, 4),
        plain("killable", "KILLABLE", 8, lambda row: len(row.killable), number, 5),
        words("ns", "NAMESPACE", 18, lambda row: _first_and_more(row.namespaces), 2),
        words("app", "APPLICATION", 14, _applications, 3),
        Column("group", "GROUP", 16, text=_name, sort=lambda row: row.name, align="left", flexible=True),
    ),
    rows=rows,
    filled_by=("mongodb", "operations"),
    key=key,
    default_sort="count",
    full_text=_full_text,
    empty=lambda view: operations.OPERATIONS.empty(view),
)
