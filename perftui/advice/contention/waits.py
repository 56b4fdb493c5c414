"""Who waits for whom: as far as the listed operations, open transactions and the server's counters show it."""

from collections.abc import Collection, Iterator, Sequence

from perftui.advice.contention.acknowledging import concern_waits
from perftui.advice.contention.groups import waits_for_lock
from perftui.advice.contention.holders import (
    MOST_HOLDERS,
    Held,
    Holder,
    held_resources,
    lock_holders,
    writers_that_conflict,
)
from perftui.advice.contention.lock_modes import awaited_kind, excludes, mode_words, resource_name
from perftui.advice.contention.queue_waits import flow_control_waits, other_waits, ticket_waits
from perftui.advice.contention.wait import Wait, waited_s
from perftui.model.mongodb import MongoServer, ReplicaSet
from perftui.model.operation import Operation, OperationList

_CONFLICTS_S, _TRIES_PER_S = 1.0, 3.0
"""Conflicts of a short operation are everyday life, and so are few of a long one."""


def find_waits(listed: OperationList, server: MongoServer | None, replica_set: ReplicaSet | None) -> tuple[Wait, ...]:
    """The one with most waiters first."""
    found = [
        *lock_waits(listed),
        *conflict_waits(listed),
        *ticket_waits(listed, server),
        *flow_control_waits(listed, server, replica_set),
        *concern_waits(listed, replica_set),
        *other_waits(listed),
    ]
    return tuple(sorted(found, key=lambda wait: (-wait.count, -(wait.longest_s or 0.0))))


def lock_waits(listed: OperationList) -> Iterator[Wait]:
    """One for each resource that is locked while others wait for it, the one with most waiters first."""
    found: dict[tuple[str, str], list[Operation]] = {}
    for one in listed.operations:
        if waits_for_lock(one):
            kind = awaited_kind(one.locks) or ""
            found.setdefault((kind, resource_name(kind, one.ns)), []).append(one)
    held = held_resources(listed.operations, {kind for kind, _ in found}) if found else {}
    for (kind, resource), waiters in sorted(found.items(), key=lambda one: -len(one[1])):
        yield _lock_wait(listed, held, kind, resource if kind else "a lock", waiters)


def _lock_wait(listed: OperationList, held: Held, kind: str, resource: str, waiters: list[Operation]) -> Wait:
    modes = {one.locks.get(kind, "") for one in waiters}
    holders = lock_holders(listed, held, kind, modes, waiters[0].ns) if kind else ()
    holding = {holder.mode for holder in holders}
    excluded = {mode for mode in modes if excludes(mode, holding)}
    # How long it waits is counted in steps of half a second: it does not tell who came first.
    waiters.sort(key=lambda one: (one.locks.get(kind, "") not in excluded, -(waited_s(one) or 0.0)))
    mode = waiters[0].locks.get(kind, "")
    return Wait(
        kind="lock",
        resource=resource,
        mode=f"{mode_words(mode)} ({mode})" if mode else "",
        waiters=tuple(waiters),
        count=len(waiters),
        longest_s=max(waited_s(one) or 0.0 for one in waiters),
        holders=holders[:MOST_HOLDERS],
        behind=_behind(kind, waiters, excluded),
        untold=_untold(listed, kind, holders),
    )


def _behind(kind: str, waiters: Sequence[Operation], excluded: Collection[str]) -> int:
    """Locks are handed out in turn: a reader that no holder excludes still waits behind a writer that came first."""
    earlier, behind = set[str](), 0
    for one in waiters:
        mode = one.locks.get(kind, "")
        behind += mode not in excluded and excludes(mode, earlier)
        earlier.add(mode)
    return behind


def _untold(listed: OperationList, kind: str, holders: Sequence[Holder]) -> str:
    if not kind:
        return "The server does not say which lock it is."
    if any(holder.sure for holder in holders):
        return ""
    if holders:
        return "The server does not say which collections an idle transaction has locked: these may hold it."
    if listed.sees_all_users is False:
        return "This login sees only its own operations: who holds it may be another's. Grant clusterMonitor."
    rest = f"{listed.cut:,} operations are beyond the limit of one reading" if listed.cut else "none that is listed"
    return f"Cannot tell who holds it: {rest}; the server's own work is shown with i."


def waits_for_write(operation: Operation) -> bool:
    """It tries again and again, some ten times a second at least; others ran into a write on their way, and went on."""
    running_s = operation.running_s or 0.0
    return running_s >= _CONFLICTS_S and (operation.write_conflicts or 0) >= _TRIES_PER_S * running_s


def conflict_waits(listed: OperationList) -> Iterator[Wait]:
    """Writers that try again and again: they wait for no lock, but for another's uncommitted write. Most first."""
    found: dict[str, list[Operation]] = {}
    for one in listed.operations:
        if waits_for_write(one) and one.noise is None:
            found.setdefault(one.ns, []).append(one)
    for ns, waiters in sorted(found.items(), key=lambda one: -len(one[1])):
        waiters.sort(key=lambda one: -(one.running_s or 0.0))
        holders = writers_that_conflict(listed, ns, waiters)
        yield Wait(
            kind="write conflict",
            resource=f"documents of {ns}",
            mode=f"to write them ({sum(one.write_conflicts or 0 for one in waiters):,} conflicts)",
            waiters=tuple(waiters),
            count=len(waiters),
            longest_s=waiters[0].running_s,
            holders=holders[:MOST_HOLDERS],
            untold=_whose(holders),
        )


def _whose(holders: Sequence[Holder]) -> str:
    if any(holder.sure for holder in holders):
        return ""
    if holders:
        return "The server does not say whose write it is: these have uncommitted ones."
    return "Cannot tell whose write it is: no open transaction is seen, and the writers may conflict with each other."
