"""Open transactions and what they hold, the longest open first: an idle one keeps its locks."""

from collections.abc import Hashable, Sequence

from perftui.model.operation import OpenTransaction
from perftui.tui.formatting import duration, number
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, words
from perftui.tui.view import State, View

_IDLE_S, _LONG_IDLE_S = 2.0, 20.0


def rows(view: View) -> Sequence[OpenTransaction]:
    target = view.target("mongodb")
    return () if target is None or target.operations is None else target.operations.transactions


def key(transaction: OpenTransaction) -> Hashable:
    return transaction.session or (transaction.client, transaction.started_at)


def grade_idle(transaction: OpenTransaction, _view: View) -> State:
    """One that does nothing and holds something keeps others waiting for nothing."""
    idle_s = transaction.idle_s or 0.0
    if transaction.active or not transaction.locks or idle_s < _IDLE_S:
        return "normal"
    return "over" if idle_s >= _LONG_IDLE_S else "warning"


def writes(transaction: OpenTransaction) -> bool:
    """It has locked a collection to write: there is something to roll back."""
    return transaction.lock_modes.get("Collection") in ("w", "W")


def _empty(view: View) -> str:
    target = view.target("mongodb")
    listed = target.operations if target is not None else None
    otherwise = "No transaction is open."
    if listed is not None and listed.sees_all_users is False:
        otherwise += " This login sees only its own sessions."
    return explain_absence(view, "mongodb", "mongodb.operations", otherwise)


def _full_text(transaction: OpenTransaction, _view: View) -> str:
    held = ", ".join(f"{kind} {mode}" for kind, mode in transaction.lock_modes.items())
    return f"session {transaction.session} holds {held or 'no locks'}"


TRANSACTIONS: TableSpec[OpenTransaction] = TableSpec(
    name="transactions",
    columns=(
        plain("open", "OPEN", 8, lambda row: row.open_s, duration),
        graded("idle", "IDLE", 9, lambda row: row.idle_s, duration, grade_idle),
        words("state", "STATE", 6, lambda row: "active" if row.active else "idle"),
        words("locks", "HOLDS", 13, lambda row: row.locks or None),
        plain("writes", "WRITE LOCKS", 11, lambda row: row.write_locks, number, 2),
        words("app", "APPLICATION", 14, lambda row: row.app_name),
        words("user", "USER", 12, lambda row: row.user, 4),
        words("session", "SESSION", 12, lambda row: row.session or None, 3),
        words("client", "CLIENT", 16, lambda row: row.client, flexible=True),
    ),
    rows=rows,
    filled_by=("mongodb", "operations"),
    key=key,
    default_sort="open",
    full_text=_full_text,
    empty=_empty,
)
