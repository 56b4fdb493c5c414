"""Members of a replica set that are down, behind, or do not catch up."""

from collections.abc import Iterator

from msgspec.structs import replace

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.replica_sets import is_down, sets
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name, one_of, seconds
from perftui.model.mongodb import Member
from perftui.model.snapshot import TargetState

_RECOVERS_S = 60.0
_WAIT_FOR_IT = "wait for it, or resync it where its log says that it is too stale"


def find_ill_members(moment: Moment) -> Iterator[Suspicion]:
    """Members that are down, or far behind; a hidden one may be delayed on purpose."""
    for state in sets(moment):
        members = state.replica_set.members if state.replica_set is not None else ()
        for one in members:
            if is_down(one):
                yield _member(state, one, "member-down", f"{name(one.address)} is down", _votes(members))
            elif one.lag_s is not None and one.lag_s >= moment.thresholds.replication_lag_s and not one.hidden:
                cost = f"it is {seconds(one.lag_s)} behind the primary"
                lagging = _member(state, one, "replication-lag", f"{name(one.address)} lags behind", cost)
                yield _locked(lagging) if _has_fsync_lock(moment, one) else lagging


def find_recovering(moment: Moment) -> Iterator[Suspicion]:
    """Members that are up and do not catch up; after a restart each is so for a moment.

    Of another subject than one that is down: who was down and comes back has this time before it.
    """
    for state in sets(moment):
        for one in state.replica_set.members if state.replica_set is not None else ():
            if one.role == "RECOVERING" and not is_down(one):
                what = f"{name(one.address)} is RECOVERING and serves nobody"
                found = _member(state, one, "member-down", what, "it answers no reads and cannot become primary")
                yield replace(found, subject=f"{one.address} RECOVERING", help=_WAIT_FOR_IT)


def _has_fsync_lock(moment: Moment, member: Member) -> bool:
    """Where that member is read itself."""
    state = next((one for one in moment.states("mongodb") if one.target.id == member.target_id), None)
    return state is not None and state.operations is not None and "fsync lock" in state.operations.own_work


def _locked(lagging: Suspicion) -> Suspicion:
    return replace(
        lagging,
        cause="db.fsyncLock() holds it, as for a backup",
        help="unlock it there, once the backup has ended",
        command="db.fsyncUnlock()",
    )


def _votes(members: tuple[Member, ...]) -> str:
    voters = [one for one in members if one.votes != 0]
    left = sum(1 for one in voters if not is_down(one))
    return f"{left} of {one_of(len(voters), 'voting member is', 'voting members are')} left"


def _member(state: TargetState, one: Member, code: str, what: str, cost: str) -> Suspicion:
    throttled = state.mongodb is not None and state.mongodb.flow_control.throttling
    return Suspicion(
        code=code,
        target_id=state.target.id,
        subject=one.address,
        severity="critical" if throttled else "warning",
        what=what,
        cost=cost + ("; the primary slows its writers for it (flow control)" if throttled else ""),
        cause=name(one.message or "", 100),
        help="look at that member's log and disk" if code == "replication-lag" else "start it, or look why it ended",
        page="Operations",
        row=one.address,
        figures={} if one.lag_s is None else {"lag_s": one.lag_s},
    )


RULES = (
    Rule(codes=("member-down", "replication-lag"), find=find_ill_members, holds_s=4.0),
    Rule(codes=("member-down",), find=find_recovering, holds_s=_RECOVERS_S),
)
