"""Waits for what is handed out in numbers, or that nobody is known to hold: tickets, flow control, latches."""

from collections.abc import Iterator

from perftui.advice.contention.acknowledging import waits_for_concern
from perftui.advice.contention.groups import waits_for_lock
from perftui.advice.contention.holders import MOST_HOLDERS, Holder
from perftui.advice.contention.wait import Wait
from perftui.model.mongodb import MongoServer, ReplicaSet
from perftui.model.operation import Operation, OperationList

_WRITING_COMMANDS = ('{"insert"', '{"update"', '{"delete"', '{"findAndModify"')


def ticket_waits(listed: OperationList, server: MongoServer | None) -> Iterator[Wait]:
    if server is None:
        return
    tickets, queues = server.tickets, server.queues
    for name, used, total, queued, writes in (
        ("read", tickets.read_used, tickets.read_total, queues.readers, False),
        ("write", tickets.write_used, tickets.write_total, queues.writers, True),
    ):
        waiters = [one for one in listed.operations if "ticket" in (one.waiting_for or "") and _writes(one) is writes]
        if used and total and (used >= total or waiters):
            yield _ticket_wait(listed, f"{name} tickets, {used:,} of {total:,} in use", queued, waiters, writes)


def _ticket_wait(
    listed: OperationList, resource: str, queued: int | None, waiters: list[Operation], writes: bool
) -> Wait:
    waiters.sort(key=lambda one: -(one.running_s or 0.0))
    others = [one for one in listed.operations if one.noise is None and one.active and one.ns]
    running = [one for one in others if "ticket" not in (one.waiting_for or "")]
    holders = [Holder.of_operation(one, "", sure=False) for one in running if _writes(one) is writes]
    return Wait(
        kind="ticket",
        resource=resource,
        waiters=tuple(waiters),
        count=len(waiters) or (queued or 0),
        longest_s=waiters[0].running_s if waiters else None,
        holders=tuple(holders[:MOST_HOLDERS]),
        untold="An operation holds a ticket while it works and gives it back when it yields: those that run longest "
        "are named." + ("" if waiters else " The server only counts who waits."),
    )


def _writes(operation: Operation) -> bool:
    asks = operation.command.startswith(_WRITING_COMMANDS)
    return asks or operation.op in ("insert", "update", "remove") or operation.locks.get("Global") in ("w", "W")


def flow_control_waits(
    listed: OperationList, server: MongoServer | None, replica_set: ReplicaSet | None
) -> Iterator[Wait]:
    waiters = [one for one in listed.operations if one.waiting_for == "flow control"]
    throttling = server is not None and server.flow_control.throttling is True
    if not waiters and not throttling:
        return
    members = replica_set.members if replica_set is not None else ()
    lagging = sorted((one for one in members if one.lag_s), key=lambda one: -(one.lag_s or 0.0))
    holders = [
        Holder(name=f"{one.address} lags", for_s=one.lag_s, sure=place == 0) for place, one in enumerate(lagging)
    ]
    yield Wait(
        kind="flow control",
        resource="flow control: writers are slowed for lagging members",
        waiters=tuple(waiters),
        count=len(waiters),
        longest_s=max((one.running_s or 0.0 for one in waiters), default=None),
        holders=tuple(holders),
        untold="" if holders else "Cannot tell which member lags: the set's state may not be read here.",
    )


def other_waits(listed: OperationList) -> Iterator[Wait]:
    """Latches and queues that nobody is known to hold."""
    found: dict[str, list[Operation]] = {}
    for one in listed.operations:
        words = one.waiting_for or ""
        known = waits_for_lock(one) or waits_for_concern(one) or "ticket" in words or words == "flow control"
        if words and not known:
            found.setdefault(words, []).append(one)
    for words, waiters in found.items():
        yield Wait(
            kind="other",
            resource=words,
            waiters=tuple(waiters),
            count=len(waiters),
            longest_s=max((one.running_s or 0.0 for one in waiters), default=None),
            untold="Cannot tell who holds it: the server does not say.",
        )
