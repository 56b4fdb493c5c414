"""Writes that are done and wait for other members: they never end while too few of these answer."""

from collections.abc import Iterator

from perftui.advice.contention.acknowledging import (
    concern_of,
    held_back_by,
    is_short,
    knows_health,
    waits_for_concern,
)
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import operations_of
from perftui.diagnosis.words import name, one_of, seconds
from perftui.model.mongodb import Member
from perftui.model.operation import Operation
from perftui.model.snapshot import TargetState

_WAITS_S, _MANY = 1.0, 3
_MOST_NAMED = 3


def find_unacknowledged(moment: Moment) -> Iterator[Suspicion]:
    """Too few members acknowledge; or, where that is not known or not so, several writes wait for seconds.

    How far a member is behind is known some seconds late: alone it proves nothing.
    """
    for state in moment.fresh("mongodb", "operations"):
        running = operations_of(state)
        waiting = [one for one in running if one.waiting_for and one.noise is None and waits_for_concern(one)]
        long = [one for one in waiting if (one.running_s or 0.0) >= _WAITS_S]
        known = waiting if any(one.healthy is False for one in held_back_by(state.replica_set)) else long
        short = [one for one in known if is_short(state.replica_set, concern_of(one))]
        if short or len(long) >= _MANY:
            yield _unacknowledged(state, short or long, is_certain=bool(short))


def _unacknowledged(state: TargetState, waiting: list[Operation], *, is_certain: bool) -> Suspicion:
    absent = held_back_by(state.replica_set)
    first = max(waiting, key=lambda one: one.running_s or 0.0)
    concern = concern_of(first)
    longest = first.running_s or 0.0
    return Suspicion(
        code="write-concern",
        target_id=state.target.id,
        severity="critical" if is_certain or absent else "warning",
        what=f"writes wait for {_for(concern)}" + (" that cannot acknowledge them" if is_certain else ""),
        since=first.started_at if longest >= _WAITS_S else None,
        cost=_cost(waiting, longest),
        cause=_cause(state, absent),
        help=_help(absent),
        page="Operations",
        row=absent[0].address if absent else str(first.opid),
        figures={"waiting": float(len(waiting))},
    )


def _for(concern: str) -> str:
    if concern.isdigit():
        return f"{one_of(int(concern), 'member', 'members')} (w: {concern})"
    return "a majority of the members" if concern in ("", "majority") else f"the members tagged {name(concern)}"


def _cost(waiting: list[Operation], longest: float) -> str:
    lasts = f", up to {seconds(longest)}" if longest >= _WAITS_S else ""
    where = f", on {name(waiting[0].ns)}" if waiting[0].ns else ""
    return f"{one_of(len(waiting), 'write waits', 'writes wait')}{lasts}{where}; done here, but their clients hang"


def _cause(state: TargetState, absent: tuple[Member, ...]) -> str:
    if absent:
        return ", ".join(_state(one) for one in absent[:_MOST_NAMED])
    if not knows_health(state.replica_set):
        return "which members hold them back is not seen: the set's state may not be read"
    return "no member is down or far behind: their disks, or the way to them, are slow"


def _state(one: Member) -> str:
    state = "down" if one.healthy is False else f"{seconds(one.lag_s)} behind" if one.lag_s else name(one.role)
    return f"{name(one.address)} is {state}"


def _help(absent: tuple[Member, ...]) -> str:
    if not absent:
        return "look at the members' disks and at the way to them"
    return (
        "start that member, or take it out of the set" if absent[0].healthy is False else "look at that member's disk"
    )


RULES = (Rule(codes=("write-concern",), find=find_unacknowledged, holds_s=2.0, ends_s=5.0),)
