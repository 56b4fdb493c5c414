"""Who holds what others wait for: operations that run, and transactions that are left open."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from perftui.advice.contention.groups import waits_for_lock
from perftui.advice.contention.lock_modes import PER_DATABASE, PER_NAMESPACE, awaited_kind, excludes, scope
from perftui.model.base import Model
from perftui.model.operation import OpenTransaction, Operation, OperationList

MOST_HOLDERS = 20
FSYNC_LOCK = "db.fsyncLock()"


class Holder(Model, frozen=True, kw_only=True):
    """An operation, an open transaction, or a member that lags."""

    name: str
    mode: str = ""
    for_s: float | None = None
    """How long it has run, been open, or lagged."""
    sure: bool = False
    """False: it may hold it; the figures do not rule it out."""
    operation: Operation | None = None
    transaction: OpenTransaction | None = None

    @classmethod
    def of_operation(cls, one: Operation, mode: str, *, sure: bool) -> "Holder":
        who = one.app_name or one.client or "unknown"
        what = f"operation {one.opid} of {who}: {one.op} {one.ns}".rstrip()
        return cls(name=what, mode=mode, for_s=one.running_s, sure=sure, operation=one)

    @classmethod
    def of_transaction(cls, one: OpenTransaction, mode: str, *, sure: bool) -> "Holder":
        state = "transaction" if one.active else "idle transaction"
        who = one.app_name or one.client or "unknown"
        return cls(name=f"{state} of {who}", mode=mode, for_s=one.open_s, sure=sure, transaction=one)


Held = Mapping[tuple[str, str], Sequence[Operation]]
"""Kinds of resources, each with what it covers, and the operations that hold it."""


def held_resources(operations: Iterable[Operation], kinds: Collection[str]) -> Held:
    """Those of these kinds. What an operation waits for it does not hold."""
    found: dict[tuple[str, str], list[Operation]] = {}
    for one in operations:
        awaited = awaited_kind(one.locks) if waits_for_lock(one) else None
        for kind in one.locks:
            if kind != awaited and kind in kinds:
                found.setdefault((kind, scope(kind, one.ns)), []).append(one)
    return found


def lock_holders(listed: OperationList, held: Held, kind: str, modes: Collection[str], ns: str) -> tuple[Holder, ...]:
    """Whoever holds the resource in a mode that excludes one of these: the sure ones first, then the oldest."""
    running = [
        _holder(listed, one, one.locks[kind])
        for one in held.get((kind, scope(kind, ns)), ())
        if excludes(one.locks[kind], modes)
    ]
    idle = [one for one in listed.transactions if not one.active and excludes(one.lock_modes.get(kind, ""), modes)]
    global_kind = kind not in PER_NAMESPACE and kind not in PER_DATABASE
    alone = len(idle) == 1 and not running and listed.sees_all_users is not False and not listed.cut
    left_open = [Holder.of_transaction(one, one.lock_modes[kind], sure=global_kind or alone) for one in idle]
    return _oldest_first([*_fsync_lock(listed, kind, modes), *running, *left_open])


def _holder(listed: OperationList, one: Operation, mode: str) -> Holder:
    """A statement holds what its transaction has locked since it was opened."""
    found = Holder.of_operation(one, mode, sure=True)
    if not is_in_transaction(one):
        return found
    open_s = [other.open_s or 0.0 for other in listed.transactions if other.client == one.client]
    return replace(found, for_s=max([one.running_s or 0.0, *open_s]))


def is_in_transaction(operation: Operation) -> bool:
    return '"autocommit":false' in operation.command


def _fsync_lock(listed: OperationList, kind: str, modes: Collection[str]) -> Iterator[Holder]:
    """A thread of the server holds it, as no client does."""
    if kind == "Global" and "fsync lock" in listed.own_work and excludes("R", modes):
        yield Holder(name=FSYNC_LOCK, mode="R", sure=True)


def writers_that_conflict(listed: OperationList, ns: str, waiters: Sequence[Operation]) -> tuple[Holder, ...]:
    """Open transactions that have written; the only one there is is the one."""
    waiting = {one.opid for one in waiters}
    wrote = [one for one in listed.transactions if one.lock_modes.get("Collection") in ("w", "W")]
    left_open = [one for one in wrote if not (one.active and _is_one_of(one, waiters))]
    found = [Holder.of_transaction(one, "w", sure=len(left_open) == 1) for one in left_open]
    if not found:
        long_writes = [
            one
            for one in listed.operations
            if one.opid not in waiting and one.ns == ns and one.op in ("update", "remove") and not one.waiting_for
        ]
        found = [Holder.of_operation(one, "w", sure=False) for one in long_writes]
    return _oldest_first(found)


def _is_one_of(transaction: OpenTransaction, operations: Sequence[Operation]) -> bool:
    return any(one.client is not None and one.client == transaction.client for one in operations)


def _oldest_first(holders: Sequence[Holder]) -> tuple[Holder, ...]:
    return tuple(sorted(holders, key=lambda one: (not one.sure, -(one.for_s or 0.0))))
