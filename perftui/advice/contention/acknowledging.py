"""Which members have to have a write before it is done, and which of them hold it back."""

from collections.abc import Iterator, Sequence

from perftui.advice.contention.holders import MOST_HOLDERS, Holder
from perftui.advice.contention.wait import Wait
from perftui.model.mongodb import Member, ReplicaSet
from perftui.model.operation import Operation, OperationList

_CONCERN = "write concern"
_BEHIND_S = 5.0
"""A member that is that far behind has acknowledged nothing for so long."""
_NOBODY = "No member is seen to be down or behind: the way to them, or their disks, are slow."
_NOT_SEEN = "Which members hold it back is not seen: this login may not read their state. Grant clusterMonitor."


def waits_for_concern(operation: Operation) -> bool:
    return (operation.waiting_for or "").startswith(_CONCERN)


def concern_of(operation: Operation) -> str:
    """`majority`, a number or a tag, as the operation asked for; empty: what is the set's default."""
    return (operation.waiting_for or "").removeprefix(_CONCERN).strip()


def is_short(replica_set: ReplicaSet | None, concern: str) -> bool | None:
    """Whether fewer members acknowledge than have to; `None` where that is not known."""
    members = replica_set.members if replica_set is not None else ()
    wanted = _wanted(members, concern)
    if wanted is None or not knows_health(replica_set):
        return None
    voters = [one for one in members if one.votes != 0]
    counted = members if concern.isdigit() else voters
    return sum(1 for one in counted if _acknowledges(one)) < wanted


def knows_health(replica_set: ReplicaSet | None) -> bool:
    """Whether the set may be read: what `hello` says names some of its members, and of most of these no state."""
    members = replica_set.members if replica_set is not None else ()
    return bool(members) and all(one.healthy is not None for one in members)


def held_back_by(replica_set: ReplicaSet | None) -> tuple[Member, ...]:
    """Members that have data and do not acknowledge: those that are down first, then the farthest behind."""
    members = replica_set.members if replica_set is not None else ()
    known = [one for one in members if one.healthy is not None and one.role != "ARBITER"]
    absent = [one for one in known if not _acknowledges(one)]
    return tuple(sorted(absent, key=lambda one: (one.healthy is not False, -(one.lag_s or 0.0))))


def concern_waits(listed: OperationList, replica_set: ReplicaSet | None) -> Iterator[Wait]:
    found: dict[str, list[Operation]] = {}
    for one in listed.operations:
        if waits_for_concern(one):
            found.setdefault(concern_of(one), []).append(one)
    holders = tuple(_holder(one) for one in held_back_by(replica_set))[:MOST_HOLDERS]
    untold = _NOT_SEEN if replica_set is not None and not knows_health(replica_set) else _NOBODY
    for concern, waiters in found.items():
        yield Wait(
            kind="write concern",
            resource=f"write concern {concern}".rstrip(),
            waiters=tuple(waiters),
            count=len(waiters),
            longest_s=max((one.running_s or 0.0 for one in waiters), default=None),
            holders=holders,
            untold="" if holders else untold,
        )


def _holder(one: Member) -> Holder:
    state = "is down" if one.healthy is False else "lags"
    return Holder(name=f"{one.address} {state}", for_s=one.lag_s, sure=True)


def _wanted(members: Sequence[Member], concern: str) -> int | None:
    if concern.isdigit():
        return int(concern)
    if concern not in ("", "majority"):
        return None
    voters = [one for one in members if one.votes != 0]
    return min(len(voters) // 2 + 1, sum(1 for one in voters if one.role != "ARBITER"))


def _acknowledges(one: Member) -> bool:
    return one.healthy is not False and one.role in ("PRIMARY", "SECONDARY") and (one.lag_s or 0.0) < _BEHIND_S
