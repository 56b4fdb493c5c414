"""What the journal says is still to be done: settings to put back, builds to look after, actions to undo."""

import time
from collections.abc import Iterator

from perftui.actions.journal import Journal, Record
from perftui.actions.owner import is_own, owner_runs
from perftui.model.target import Connection

_CLOSED = ("done", "refused")
_GRACE_S = 10.0
TRIAL_ACTION = "create index for a benchmark"
"""The journal's name for indexes that are to be dropped again."""


def pending_restorations(journal: Journal, *, own: bool = False) -> tuple[Record, ...]:
    """Windows of profiling whose perftui was killed, or did not get to put the old settings back. Oldest first.

    `own`: those of this very process instead, as at its end.
    """
    return tuple(record for record in _windows(journal.read()) if (is_own(record) if own else _abandoned(record)))


def left_trials(journal: Journal) -> tuple[Record, ...]:
    """Indexes for a benchmark whose perftui was killed, or could not drop them. Oldest first."""
    records = journal.read()
    back = undone(records)
    return tuple(
        record
        for record in records
        if record.intent.action == TRIAL_ACTION
        and record.intent.id not in back
        and (record.outcome is None or record.outcome.state in ("done", "unverified"))
        and owner_runs(record) is False
    )


def open_windows(journal: Journal, member: str) -> tuple[Record, ...]:
    """Windows on this member that have not been put back, whoever has opened them: slowms can be kept once only."""
    return tuple(
        record for record in _windows(journal.read()) if record.undo is not None and record.undo.member == member
    )


def unfinished_builds(journal: Journal) -> tuple[Record, ...]:
    """Index builds whose end nobody has seen: to be looked after at the next look."""
    records = journal.read()
    back = undone(records)
    return tuple(
        record
        for record in records
        if record.undo is not None
        and record.intent.id not in back
        and record.undo.kind == "drop indexes"
        and (record.outcome is None or record.outcome.state == "unverified")
        and (record.outcome is not None or not owner_runs(record))
    )


def concerns(record: Record, connection: Connection) -> bool:
    """Whether this connection reaches what the record changed: it was used for it, or names the member."""
    if connection.target.kind != "mongodb":
        return False
    return _reaches(connection.target.id, connection.way.name if connection.way is not None else "", record)


def _reaches(target_id: str, way: str, record: Record) -> bool:
    undo = record.undo
    if undo is None:
        return False
    hosts = target_id.partition("://")[2].partition("#")[0].split(",")
    return undo.connection == target_id or (undo.member in hosts and way_of(undo.connection or "") == way)


def way_of(target_id: str) -> str:
    """The bastion that a target was reached through: the same address elsewhere is another server."""
    way = target_id.partition("#")[2].partition("#")[0]
    return "" if way.isdecimal() else way


def undone(records: tuple[Record, ...]) -> set[str]:
    """Ids of the entries that another one has taken back, or has found nothing to take back of."""
    return {
        record.undo.undoes
        for record in records
        if record.undo is not None
        and record.undo.undoes is not None
        and record.outcome is not None
        and record.outcome.state in _CLOSED
    }


def undoable(journal: Journal) -> tuple[Record, ...]:
    """What can be taken back, newest first; what takes something back itself is not among them."""
    return _undoable(journal.read())


def next_undone(records: tuple[Record, ...]) -> set[str]:
    """Ids of the entries that `u` takes back next, each on the connection that it was made through."""
    found = _undoable(records)
    targets = {record.undo.connection for record in found if record.undo is not None}
    return {next(one.intent.id for one in found if _reaches(target, way_of(target), one)) for target in targets}


def _undoable(records: tuple[Record, ...]) -> tuple[Record, ...]:
    back = undone(records)
    return tuple(
        record
        for record in reversed(records)
        if record.undo is not None
        and record.undo.kind is not None
        and record.undo.undoes is None
        and record.intent.id not in back
        and _changed_something(record)
    )


def _windows(records: tuple[Record, ...]) -> Iterator[Record]:
    back = undone(records)
    for record in records:
        undo = record.undo
        if undo is None or undo.kind != "restore profiling" or undo.until is None or undo.undoes is not None:
            continue
        if record.intent.id not in back and _changed_something(record):
            yield record


def _abandoned(record: Record) -> bool:
    """Its process is gone; or it ran elsewhere and its time is over."""
    runs = owner_runs(record)
    if runs is None:
        until = record.undo.until if record.undo is not None else None
        return until is not None and time.time() > until + _GRACE_S
    return not runs


def _changed_something(record: Record) -> bool:
    return record.outcome is None or record.outcome.state in ("done", "unverified", "failed")
