"""The replica set: no primary, another primary, members that are down or behind, index builds that wait for them."""

from collections.abc import Iterator

from msgspec.structs import replace

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name, one_of, seconds
from perftui.model.event import Event
from perftui.model.mongodb import Member
from perftui.model.snapshot import TargetState

_REMEMBERED_S = 120.0
_WELL = {"PRIMARY", "SECONDARY", "ARBITER"}
_DOWN = {"DOWN", "UNKNOWN", "(NOT REACHABLE/HEALTHY)", "ROLLBACK", "REMOVED"}


def _sets(moment: Moment) -> Iterator[TargetState]:
    """One member's view of each set: the primary's, else the first that sees it."""
    seen: set[str] = set()
    states = [state for state in moment.fresh("mongodb", "replica_set") if state.replica_set is not None]
    for state in sorted(states, key=lambda one: one.mongodb is None or one.mongodb.role != "PRIMARY"):
        group = _group(state)
        if group not in seen:
            seen.add(group)
            yield state


def _group(state: TargetState) -> str:
    """What the members of a set have in common."""
    return state.target.group or (state.replica_set.name if state.replica_set else None) or state.target.id


def find_no_primary(moment: Moment) -> Iterator[Suspicion]:
    """Nothing can be written."""
    for state in _sets(moment):
        members = state.replica_set.members if state.replica_set is not None else ()
        primaries = [one for one in moment.states("mongodb") if one.mongodb and one.mongodb.role == "PRIMARY"]
        known = [one for one in members if one.role in _WELL | _DOWN]
        if primaries or not known or any(one.role == "PRIMARY" for one in members):
            continue
        down = [one for one in members if _is_down(one)]
        yield Suspicion(
            code="no-primary",
            target_id=state.target.id,
            severity="critical",
            what=f"the replica set {name(state.replica_set.name or '') if state.replica_set else ''} has no primary",
            cost="nothing can be written",
            cause=f"{len(down)} of {one_of(len(members), 'member is', 'members are')} down" if down else "",
            help="bring back members until most of them vote",
            page="Operations",
            row=down[0].address if down else None,
        )


def _is_down(member: Member) -> bool:
    return member.healthy is False or member.role in _DOWN


def find_step_downs(moment: Moment) -> Iterator[Suspicion]:
    """A primary that is none any more: whoever writes has to find the new one."""
    changed = list(moment.events("role.changed", within_s=_REMEMBERED_S))
    downs = [one for one in changed if "it was PRIMARY" in one.message]
    if not downs:
        return
    event = downs[0]
    state = next((one for one in moment.states("mongodb") if one.target.id == event.target_id), None)
    if state is not None:
        yield _stepped_down(moment, state, event)


def _stepped_down(moment: Moment, state: TargetState, event: Event) -> Suspicion:
    new = next((one for one in moment.states("mongodb") if one.mongodb and one.mongodb.role == "PRIMARY"), None)
    place = "no primary yet" if new is None else f"the primary is {name(new.target.name)} now"
    restarted = any(True for _ in moment.events("server.restarted", within_s=_REMEMBERED_S, target_id=state.target.id))
    return Suspicion(
        code="stepped-down",
        target_id=state.target.id,
        severity="critical",
        what=f"{name(state.target.name)} stepped down as primary",
        since=event.at,
        cost="writes failed or waited until their clients found the new primary",
        cause=f"{place}; it restarted" if restarted else f"{place}; it was asked to, or lost the others",
        help="see that clients retry writes and reach the new primary",
        page="Operations",
        row=state.target.name,
    )


def find_ill_members(moment: Moment) -> Iterator[Suspicion]:
    """Members that are down, or far behind; a hidden one may be delayed on purpose."""
    for state in _sets(moment):
        members = state.replica_set.members if state.replica_set is not None else ()
        for one in members:
            if _is_down(one):
                yield _member(state, one, "member-down", f"{name(one.address)} is down", _votes(members))
            elif one.lag_s is not None and one.lag_s >= moment.thresholds.replication_lag_s and not one.hidden:
                cost = f"it is {seconds(one.lag_s)} behind the primary"
                lagging = _member(state, one, "replication-lag", f"{name(one.address)} lags behind", cost)
                yield _locked(lagging) if _has_fsync_lock(moment, one) else lagging


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
    left = sum(1 for one in voters if not _is_down(one))
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


def find_hung_builds(moment: Moment) -> Iterator[Suspicion]:
    """A build is done but for the votes of other members, of which one cannot vote. Each member builds, and waits: the
    primary's words are told."""
    told: set[str] = set()
    states = moment.fresh("mongodb", "mongodb")
    for state in sorted(states, key=lambda one: one.mongodb is None or one.mongodb.role != "PRIMARY"):
        waiting = state.mongodb.index_builds.waiting_for_commit_quorum if state.mongodb is not None else None
        builds = [one for one in (state.indexes.builds if state.indexes else ()) if one.waits_for_quorum]
        if (not waiting and not builds) or _group(state) in told:
            continue
        told.add(_group(state))
        members = state.replica_set.members if state.replica_set is not None else ()
        down = [one for one in members if _is_down(one) and one.votes != 0]
        ns = builds[0].ns if builds else ""
        names = ", ".join(builds[0].names) if builds else ""
        yield Suspicion(
            code="index-build-hung",
            target_id=state.target.id,
            subject=ns,
            severity="critical" if down else "warning",
            what=f"an index build hangs{f' on {name(ns)}' if ns else ''}{f' ({name(names)})' if names else ''}",
            cost="it does not end, and keeps its resources and the collection's log of writes",
            cause=f"it waits for the vote of {name(down[0].address)}, which is down" if down else "it waits for votes",
            help="start that member, or abort the build",
            action="drop",
            page="Indexes",
            row=ns or None,
        )


RULES = (
    Rule(codes=("no-primary",), find=find_no_primary, holds_s=1.0, ends_s=2.0),
    Rule(codes=("stepped-down",), find=find_step_downs, holds_s=0.0, ends_s=5.0),
    Rule(codes=("member-down", "replication-lag"), find=find_ill_members, holds_s=4.0),
    Rule(codes=("index-build-hung",), find=find_hung_builds, holds_s=4.0, ends_s=5.0),
)
