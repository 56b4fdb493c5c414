"""Operations: what a MongoDB member is doing now, longest running first."""

from collections.abc import Hashable, Sequence

from perftui.advice.contention.groups import is_member
from perftui.model.operation import Operation
from perftui.tui.formatting import UNKNOWN, duration, number, share
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, too_high, words
from perftui.tui.tables.origins import origin_column
from perftui.tui.view import State, View


def rows(view: View) -> Sequence[Operation]:
    target = view.target("mongodb")
    if target is None or target.operations is None:
        return ()
    listed = target.operations.operations
    if view.group is not None:
        listed = tuple(one for one in listed if is_member(one, view.group))
    return listed if view.show_noise else [one for one in listed if one.noise is None]


def key(operation: Operation) -> Hashable:
    """The opid; an idle cursor or session has none, so it is known by whose it is and since when."""
    if operation.opid is not None:
        return operation.opid
    return ("idle", operation.client, operation.ns, operation.started_at, operation.text)


def grade_running(operation: Operation, view: View) -> State:
    if operation.noise is not None:
        return "dim"
    limit = view.thresholds.slow_ms / 1000
    return too_high(operation.running_s, limit, view.thresholds.slow_warning_ms / 1000)


def grade_plan(operation: Operation, _view: View) -> State:
    """A collection scan is worth a look in whatever runs long enough to be seen here."""
    return "warning" if "COLLSCAN" in (operation.plan_summary or "") else "normal"


def waiting(operation: Operation) -> str | None:
    """What it waits for, else why it is noise."""
    return operation.waiting_for or (f"({operation.noise})" if operation.noise else None)


def progress(operation: Operation) -> float | None:
    if operation.progress is None or operation.progress.total <= 0:
        return None
    return min(operation.progress.done / operation.progress.total, 1.0)


def _text(operation: Operation, _view: View) -> str:
    return operation.text or operation.message or UNKNOWN


def _noise_is_dim(operation: Operation, _view: View) -> State:
    return "dim" if operation.noise is not None else "normal"


def _empty(view: View) -> str:
    target = view.target("mongodb")
    listed = target.operations if target is not None else None
    if view.group is not None and listed is not None and listed.operations:
        return "All operations of this group have ended. Esc goes back."
    hidden = listed.hidden + len(listed.operations) if listed is not None else 0
    otherwise = "No client operation runs at this moment."
    if hidden and not view.show_noise:
        otherwise += f" {hidden} idle and internal ones are hidden: i shows them."
    if listed is not None and listed.sees_all_users is False:
        otherwise += " This login sees only its own operations."
    return explain_absence(view, "mongodb", "mongodb.operations", otherwise)


def _full_text(operation: Operation, _view: View) -> str:
    return operation.command or operation.text or UNKNOWN


OPERATIONS: TableSpec[Operation] = TableSpec(
    name="operations",
    columns=(
        plain("opid", "OPID", 9, lambda row: row.opid, lambda value: UNKNOWN if value is None else str(value), 4),
        graded("running", "RUNNING", 9, lambda row: row.running_s, duration, grade_running),
        words("op", "OP", 7, lambda row: row.op, 1, state=_noise_is_dim),
        words("ns", "NAMESPACE", 18, lambda row: row.ns, state=_noise_is_dim),
        words("plan", "PLAN", 12, lambda row: row.plan_summary, 2, state=grade_plan),
        words(
            "waiting",
            "WAITING FOR",
            13,
            waiting,
            3,
            state=lambda row, _view: "warning" if row.waiting_for else "dim",
        ),
        origin_column(lambda row: row.endpoint, 5),
        plain("progress", "DONE", 5, progress, share, 5),
        words("app", "APPLICATION", 14, lambda row: row.app_name, 6),
        words("client", "CLIENT", 17, lambda row: row.client, 7),
        words("user", "USER", 10, lambda row: row.user, 9),
        plain("yields", "YIELDS", 7, lambda row: row.yields, number, 8),
        Column("query", "QUERY", 28, text=_text, state=_noise_is_dim, align="left", flexible=True),
    ),
    rows=rows,
    filled_by=("mongodb", "operations"),
    key=key,
    default_sort="running",
    full_text=_full_text,
    empty=_empty,
)
