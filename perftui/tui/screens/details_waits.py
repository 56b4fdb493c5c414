"""Details of an open transaction, and of what somebody waits for."""

from collections.abc import Hashable

from perftui.advice.contention.groups import waits_for_lock
from perftui.advice.contention.holders import Holder
from perftui.advice.contention.wait import waited_s
from perftui.model.operation import OpenTransaction, Operation
from perftui.tui.formatting import UNKNOWN, duration, number
from perftui.tui.lines import Piece
from perftui.tui.screens.details_parts import when
from perftui.tui.screens.document import Document, Fact, Facts, Rows, Text
from perftui.tui.tables import transactions, waits
from perftui.tui.tables.grades import signed
from perftui.tui.view import View

_MOST = 100
_ROLLS_BACK = (
    "K ends its session: the server rolls the transaction back and gives its locks free. How many documents it has "
    "changed so far the server does not tell; the question names the collections that it has locked."
)


def transaction(view: View, key: Hashable) -> Document | None:
    row = next((one for one in transactions.rows(view) if transactions.key(one) == key), None)
    if row is None:
        return None
    held = tuple(Fact(kind, mode) for kind, mode in row.lock_modes.items())
    blocks = (
        Facts(_transaction_facts(row, view)),
        Facts(held, "LOCKS"),
        Rows(tuple(_waiter(one) for one in _blocked(view)), "OPERATIONS THAT WAIT FOR A LOCK"),
        Text(_ROLLS_BACK, prose=True),
    )
    title = f"Transaction of {row.app_name or row.client or 'an unknown client'}"
    return Document(title, blocks, copied=row.session, at=view.snapshot.taken_at)


def _transaction_facts(row: OpenTransaction, view: View) -> tuple[Fact, ...]:
    idle = transactions.grade_idle(row, view)
    return (
        Fact("open for", duration(row.open_s)),
        Fact("idle for", signed(duration(row.idle_s), idle).rstrip(), idle),
        Fact("now", "an operation runs" if row.active else "nothing runs"),
        Fact("began", when(row.started_at, view)),
        Fact("holds", row.locks or "no locks"),
        Fact("locks to write", number(row.write_locks)),
        Fact("application", row.app_name or UNKNOWN),
        Fact("client", row.client or UNKNOWN),
        Fact("user", row.user or UNKNOWN),
        Fact("on", row.ns),
        Fact("session", row.session or UNKNOWN),
    )


def _blocked(view: View) -> list[Operation]:
    target = view.target("mongodb")
    listed = target.operations.operations if target is not None and target.operations is not None else ()
    return [one for one in listed if waits_for_lock(one)][:_MOST]


def wait(view: View, key: Hashable) -> Document | None:
    row = next((one for one in waits.WAITS.rows(view) if waits.WAITS.key(one) == key), None)
    if row is None:
        return None
    facts = (
        Fact("waiting", number(row.count), waits.grade(row, view)),
        Fact("longest", duration(row.longest_s)),
        Fact("wanted", row.mode or UNKNOWN),
        Fact("behind another that waits", number(row.behind) if row.behind else ""),
    )
    blocks = (
        Facts(facts),
        Rows(tuple(_holder(one) for one in row.holders), "HELD BY"),
        Text(row.untold, "WHAT CANNOT BE TOLD", prose=True),
        Rows(tuple(_waiter(one) for one in row.waiters[:_MOST]), "WHO WAITS"),
    )
    copied = waits.WAITS.full_text(row, view) if waits.WAITS.full_text is not None else row.resource
    return Document(f"Waiting for {row.resource}", blocks, copied=copied, at=view.snapshot.taken_at)


def _holder(one: Holder) -> tuple[Piece, ...]:
    sure: Piece = ("holds it   ", "over") if one.sure else ("may hold it", "dim")
    mode = f"  {one.mode}" if one.mode else ""
    for_s = f"{duration(one.for_s):>9}{mode}"
    return (sure, (f"  {for_s}  ", "value"), (one.name, "normal"))


def _waiter(one: Operation) -> tuple[Piece, ...]:
    who = one.app_name or one.client or UNKNOWN
    said = f"  {one.opid}  {one.op} {one.ns}  of {who}  {one.text}"
    return ((f"{duration(waited_s(one)):>9}", "warning"), (said, "normal"))
