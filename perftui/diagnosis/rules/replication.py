"""The replica set: no primary, another primary, index builds that wait for members."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.replica_sets import group_of, is_down, is_primary, led, sets
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name, one_of
from perftui.model.event import Event
from perftui.model.snapshot import TargetState

_REMEMBERED_S = 120.0
_JUST_S = 60.0
_WELL = {"PRIMARY", "SECONDARY", "ARBITER"}


def find_no_primary(moment: Moment) -> Iterator[Suspicion]:
    """Nothing can be written."""
    with_primary = led(moment)
    for state in sets(moment):
        members = state.replica_set.members if state.replica_set is not None else ()
        if group_of(state) in with_primary or not any(one.role in _WELL or is_down(one) for one in members):
            continue
        down = [one for one in members if is_down(one)]
        yield Suspicion(
            code="no-primary",
            target_id=state.target.id,
            severity="critical",
            what=f"the replica set {name(state.replica_set.name or '') if state.replica_set else ''} has no primary",
            since=_lost_primary_at(moment, group_of(state)),
            cost="nothing can be written",
            cause=f"{len(down)} of {one_of(len(members), 'member is', 'members are')} down" if down else "",
            help="bring back members until most of them vote",
            page="Operations",
            row=down[0].address if down else None,
        )


def _lost_primary_at(moment: Moment, group: str) -> float | None:
    """When the last primary fell silent, where that was just before: the others need some seconds to miss it."""
    gone = [one for one in moment.states("mongodb") if group_of(one) == group and is_primary(one)]
    times = [one.failing_since for state in gone for one in state.sources if one.slot == "mongodb"]
    return max((at for at in times if at is not None and moment.now - at < _JUST_S), default=None)


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
    fresh = (one for one in moment.fresh("mongodb", "mongodb") if group_of(one) == group_of(state))
    new = next((one for one in fresh if is_primary(one)), None)
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


def find_hung_builds(moment: Moment) -> Iterator[Suspicion]:
    """A build is done but for the votes of other members, of which one cannot vote. Each member builds, and waits: the
    primary's words are told."""
    told: set[str] = set()
    states = moment.fresh("mongodb", "mongodb")
    for state in sorted(states, key=lambda one: one.mongodb is None or one.mongodb.role != "PRIMARY"):
        waiting = state.mongodb.index_builds.waiting_for_commit_quorum if state.mongodb is not None else None
        builds = [one for one in (state.indexes.builds if state.indexes else ()) if one.waits_for_quorum]
        if (not waiting and not builds) or group_of(state) in told:
            continue
        told.add(group_of(state))
        members = state.replica_set.members if state.replica_set is not None else ()
        down = [one for one in members if is_down(one) and one.votes != 0]
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
    Rule(codes=("index-build-hung",), find=find_hung_builds, holds_s=4.0, ends_s=5.0),
)
