"""Replica sets as their members see them: who belongs to one, whether it has a primary, who is down."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.model.mongodb import Member
from perftui.model.snapshot import TargetState

_DOWN = {"DOWN", "UNKNOWN", "(NOT REACHABLE/HEALTHY)", "ROLLBACK", "REMOVED"}


def sets(moment: Moment) -> Iterator[TargetState]:
    """One member's view of each set: the primary's, else the first that sees it."""
    seen: set[str] = set()
    states = [state for state in moment.fresh("mongodb", "replica_set") if state.replica_set is not None]
    for state in sorted(states, key=lambda one: one.mongodb is None or one.mongodb.role != "PRIMARY"):
        group = group_of(state)
        if group not in seen:
            seen.add(group)
            yield state


def group_of(state: TargetState) -> str:
    """What the members of a set have in common; many sets have the same name, so one of their addresses is with it."""
    known = state.replica_set
    name_ = f"{known.name} {min((one.address for one in known.members), default='')}" if known and known.name else None
    return state.target.group or name_ or state.target.id


def led(moment: Moment) -> set[str]:
    """The sets that have a primary, as it or any member says now: what a dead one said last proves nothing."""
    views = moment.fresh("mongodb", "replica_set")
    seen = {group_of(one) for one in views if one.replica_set and _has_primary(one.replica_set.members)}
    return seen.union(group_of(one) for one in moment.fresh("mongodb", "mongodb") if is_primary(one))


def is_primary(state: TargetState) -> bool:
    return state.mongodb is not None and state.mongodb.role == "PRIMARY"


def _has_primary(members: tuple[Member, ...]) -> bool:
    return any(one.role == "PRIMARY" for one in members)


def is_down(member: Member) -> bool:
    """A member of unknown health is one that this login is told nothing of."""
    return member.healthy is False or (member.healthy is not None and member.role in _DOWN)
