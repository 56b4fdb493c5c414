"""Operations that wait for a lock of `db.fsyncLock()`, of a command on a collection, or of a transaction at work."""

import re
from collections.abc import Iterator
from itertools import islice

from perftui.advice.contention.holders import FSYNC_LOCK, Holder, is_in_transaction
from perftui.advice.contention.wait import Wait
from perftui.advice.contention.waits import conflict_waits, lock_waits
from perftui.diagnosis.kill_commands import kill_operation, kill_session
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name, one_of, percent, seconds
from perftui.model.operation import Operation, OperationList
from perftui.model.snapshot import TargetState

_WAITS_S, _ALONE_S, _UNTOLD_S = 1.5, 10.0, 3.0
"""How long somebody waits at least; one that wants it alone and keeps nobody waiting; where no holder is seen."""
_CRITICAL, _CRITICAL_S = 3, 5.0
_SLACK_S = 1.0
_LEFT_IDLE_S = 2.0
"""A transaction that is idle for longer has a rule of its own."""
_COMMAND = re.compile(r'\{"(\w+)"')
_MOST = 3


def find_held_locks(moment: Moment) -> Iterator[Suspicion]:
    """One for each lock, but for those that a transaction left idle holds."""
    for state in moment.fresh("mongodb", "operations"):
        listed = state.operations
        if listed is None or not any(one.waiting_for or one.write_conflicts for one in listed.operations):
            continue
        found = [*_most(lock_waits(listed)), *_most(_writes_in_transactions(listed))]
        for wait in sorted(found, key=lambda one: -one.count)[:_MOST]:
            yield _held(state, wait, _lasting(wait))


def _most(waits: Iterator[Wait]) -> Iterator[Wait]:
    """The first that matter of those that come with most waiters first: the others are not even looked at."""
    return islice((wait for wait in waits if _matters(wait, _lasting(wait))), _MOST)


def _writes_in_transactions(listed: OperationList) -> Iterator[Wait]:
    """Waits for what a transaction wrote; writers that run into each other hold nothing for long."""
    for wait in conflict_waits(listed):
        if any(holder.transaction is not None for holder in _lasting(wait)):
            yield wait


def waiting_for_others(listed: OperationList) -> set[int | str | None]:
    """Ids of those that wait for a lock that somebody other than an open transaction is sure to hold."""
    waits = [
        wait
        for wait in lock_waits(listed)
        if any(holder.sure and holder.transaction is None for holder in _lasting(wait))
    ]
    return {one.opid for wait in waits for one in wait.waiters}


def _lasting(wait: Wait) -> list[Holder]:
    """Those that have it for as long as somebody waits: what is younger waits itself, or passes by."""
    longest = (wait.longest_s or 0.0) - _SLACK_S
    return [one for one in wait.holders if one.for_s is None or one.for_s >= longest]


def _matters(wait: Wait, holders: list[Holder]) -> bool:
    longest = wait.longest_s or 0.0
    if holders and all(_is_left_idle(one) for one in holders):
        return False
    if wait.count == 1 and "(W)" in wait.mode:
        return longest >= _ALONE_S
    return longest >= (_WAITS_S if holders else _UNTOLD_S)


def _is_left_idle(holder: Holder) -> bool:
    return holder.transaction is not None and (holder.transaction.idle_s or 0.0) >= _LEFT_IDLE_S


def _held(state: TargetState, wait: Wait, holders: list[Holder]) -> Suspicion:
    holder = next((one for one in holders if not _is_left_idle(one)), None)
    sure = holder is not None and holder.sure
    critical = wait.count >= _CRITICAL or (wait.longest_s or 0.0) >= _CRITICAL_S
    operation = holder.operation if holder is not None else None
    return Suspicion(
        code="lock-held",
        target_id=state.target.id,
        subject=wait.resource,
        severity="critical" if critical else "warning",
        what=_what(wait, holder) if sure else f"operations wait for {_wanted(wait)}",
        since=_since(wait, operation, sure),
        cost=f"{one_of(wait.count, 'operation waits', 'operations wait')}, up to {seconds(wait.longest_s or 0.0)}",
        cause=_cause(wait, holder, len(holders)),
        help=_help(holder, sure=sure),
        action=None if _is_fsync_lock(holder) else "kill",
        command=_command(holder) if sure else None,
        page="Operations",
        row=_row(wait, holder) if sure else wait.kind,
        figures={"waiting": float(wait.count)},
    )


def _is_fsync_lock(holder: Holder | None) -> bool:
    return holder is not None and holder.name == FSYNC_LOCK


def _wanted(wait: Wait) -> str:
    return name(wait.resource) if wait.kind == "write conflict" else f"a lock on {name(wait.resource)}"


def _what(wait: Wait, holder: Holder | None) -> str:
    if holder is None or _is_fsync_lock(holder):
        return "db.fsyncLock() stops all writes"
    return f"{_who(holder)} {'holds' if wait.kind == 'write conflict' else 'locks'} {name(wait.resource)}"


def _row(wait: Wait, holder: Holder | None) -> str:
    """Its own in its table, or that of the wait."""
    if holder is not None and holder.operation is not None:
        return str(holder.operation.opid)
    return holder.transaction.session if holder is not None and holder.transaction is not None else wait.kind


def _who(holder: Holder) -> str:
    one = holder.operation
    if one is None:
        running = holder.transaction is not None and holder.transaction.active
        return f"a {'running ' if running else ''}transaction of {_sender(holder)}"
    if is_in_transaction(one):
        return f"a running transaction of {_sender(holder)}"
    return f"{_verb(one)} of {_sender(holder)}"


def _sender(holder: Holder) -> str:
    one = holder.operation or holder.transaction
    return name((one.app_name or one.client if one is not None else None) or "an unknown client")


def _verb(one: Operation) -> str:
    """The command by its name; of a single update or delete the server shows only its parts."""
    found = _COMMAND.match(one.command)
    return name(found[1]) if found is not None and found[1] not in ("q", "u") else name(one.op)


def _since(wait: Wait, operation: Operation | None, sure: bool) -> float | None:
    """When the first began to wait, but not before it was locked."""
    waits = [one.started_at for one in wait.waiters if one.started_at is not None]
    if not waits:
        return None
    locked = operation.started_at if operation is not None and sure else None
    return min(waits) if locked is None else max(min(waits), locked)


def _cause(wait: Wait, holder: Holder | None, holders: int) -> str:
    if holder is None:
        return f"{wait.untold[:1].lower()}{wait.untold[1:]}".rstrip(".")
    if _is_fsync_lock(holder):
        return "the server is locked as for a backup; reads go on"
    parts = [_work(holder)]
    if not holder.sure:
        parts[0] = f"perhaps {_who(holder)} holds it{f', or {holders - 1} more' if holders > 1 else ''}: {parts[0]}"
    first = wait.waiters[0]
    if "(W)" in wait.mode and wait.behind:
        line = f"{_verb(first)} of {name(first.app_name or 'a client')} is first in line"
        parts.append(f"{line}, and {one_of(wait.behind, 'waits', 'wait')} behind it")
    return "; ".join(parts)


def _work(holder: Holder) -> str:
    one = holder.operation
    statement = one is not None and not is_in_transaction(one)
    lasts = f"it has {'run' if statement else 'been open'} for {seconds(holder.for_s or 0.0)}"
    if one is None or one.progress is None or not one.progress.total:
        return lasts
    return f"{lasts}, {percent(min(one.progress.done / one.progress.total, 1.0))} done"


def _help(holder: Holder | None, *, sure: bool) -> str:
    if holder is None:
        return "look at Waits (2, Tab), and at the server's own work (i)"
    if _is_fsync_lock(holder):
        return "unlock it, once the backup that it was locked for has ended"
    return "wait for its end, or kill it" if sure else "look at Waits (2, Tab) who may hold it, and end that"


def _command(holder: Holder | None) -> str | None:
    if _is_fsync_lock(holder):
        return "db.fsyncUnlock()"
    if holder is not None and holder.transaction is not None:
        return kill_session(holder.transaction)
    return kill_operation(holder.operation) if holder is not None and holder.operation is not None else None


RULES = (Rule(codes=("lock-held",), find=find_held_locks, holds_s=1.0, ends_s=4.0),)
