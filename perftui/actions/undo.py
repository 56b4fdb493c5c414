"""Takes back what the journal says was done: the last action, or any by its id."""

from __future__ import annotations

from perftui.actions.access import Access
from perftui.actions.base import (
    AbortableAction,
    Action,
    Description,
    Outcome,
    Problem,
    ReportingAction,
    TellProgress,
    UndoableAction,
)
from perftui.actions.create_index import CreateIndexes
from perftui.actions.hide_index import HideIndex
from perftui.actions.index_spec import IndexSpec
from perftui.actions.journal import Journal, Record
from perftui.actions.pending import concerns, undoable, undone
from perftui.actions.restore_profiling import RestoreProfiling
from perftui.actions.undo_creation import UndoCreation
from perftui.actions.undo_data import UndoData
from perftui.model.target import Connection, Target

_NEVER = {
    "kill operation": "a killed operation cannot be taken back.",
    "clear redis": "cleared counters cannot be taken back.",
    "clear application metrics": "cleared metrics cannot be taken back.",
}


class UndoAction:
    """`UndoAction(connection, target, record)`: a record of `undoable(journal)`, or any of `journal.read()`.

    Creation is undone by a drop, a drop by a creation, hiding by showing, profiling by the old settings; it says which,
    and refuses by a blocking problem where nothing can be taken back.
    """

    def __init__(self, connection: Connection, target: Target, record: Record) -> None:
        self.connection, self.target, self.record = connection, target, record
        self.inner = _inner(connection, target, record)
        self.access: Access | None = getattr(self.inner, "access", None)
        self.name = "undo" if self.inner is None else _name(self.inner)

    async def check(self) -> tuple[Problem, ...]:
        if self.inner is not None:
            return await self.inner.check()
        why = _NEVER.get(self.record.intent.action, "the journal keeps nothing to take back of it.")
        return (Problem(blocking=True, message=why, help="It has no undo."),)

    def describe(self) -> Description:
        if self.inner is not None:
            return self.inner.describe()
        return Description(title=f"Undo: {self.record.intent.action}", command="", host=self.target.name)

    async def run(self) -> Outcome:
        if self.inner is None:
            return Outcome(state="refused", message="Nothing was done: it has no undo.")
        return await self.inner.run()

    def undo_data(self) -> UndoData | None:
        return self.inner.undo_data() if isinstance(self.inner, UndoableAction) else None

    def report_to(self, tell: TellProgress) -> None:
        if (inner := _reporting(self.inner)) is not None:
            inner.report_to(tell)

    def interrupted(self) -> str:
        inner = _reporting(self.inner)
        return "Interrupted: the command may have run." if inner is None else inner.interrupted()

    @property
    def can_abort(self) -> bool:
        """A drop is taken back by a build, which may take long."""
        return isinstance(self.inner, AbortableAction)

    def abort_action(self) -> Action | None:
        return self.inner.abort_action() if isinstance(self.inner, AbortableAction) else None

    def explain(self, error: BaseException) -> str:
        return str(error) if self.inner is None else self.inner.explain(error)


def last_undoable(journal: Journal, connection: Connection, entry_id: str = "") -> Record | None:
    """The newest action through this connection that can be taken back, or the one whose id begins with `entry_id`."""
    if entry_id:
        return next((one for one in reversed(journal.read()) if one.intent.id.startswith(entry_id)), None)
    return next((record for record in undoable(journal) if concerns(record, connection)), None)


def undo_refused(journal: Journal, connection: Connection, record: Record) -> str | None:
    """Why this entry cannot be taken back through this connection: the same names may stand for others there."""
    entry = f"entry {record.intent.id[:8]}"
    if record.undo is not None and not concerns(record, connection):
        return f"{entry} is of {record.intent.where}, not of {connection.target.name}: name that target instead."
    if record.intent.id in undone(journal.read()):
        return f"{entry} has been taken back already, or nothing was left of it to take back."
    return None


def _name(inner: Action) -> str:
    return inner.name if inner.name.startswith(("undo", "restore")) else f"undo: {inner.name}"


def _reporting(action: object) -> ReportingAction | None:
    return action if isinstance(action, ReportingAction) else None


def _inner(connection: Connection, target: Target, record: Record) -> Action | None:
    """The action that does the opposite."""
    undo, entry = record.undo, record.intent.id
    if undo is None or undo.kind is None:
        return None
    if undo.kind == "restore profiling":
        return RestoreProfiling(connection, target, record)
    if not undo.indexes:
        return None
    if undo.kind == "drop indexes":
        return UndoCreation(connection, target, record)
    if undo.kind == "create indexes":
        specs = [IndexSpec.restored(index) for index in undo.indexes]
        return CreateIndexes(connection, target, specs, undoes=entry)
    (index,) = undo.indexes
    hidden = undo.kind == "hide index"
    return HideIndex(connection, target, index.ns, index.name, hidden=hidden, undoes=entry)
