"""Which target of each kind is in view: what the user chose, else the one that was there before."""

from collections.abc import Mapping, Sequence

from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import Target, TargetKind

InView = dict[TargetKind, Target]


def targets_in_view(snapshot: Snapshot, chosen: Mapping[TargetKind, str], before: InView) -> InView:
    """The target in view of each kind in this Snapshot. `chosen`: by the user, by id; `before`: what was in view.

    Without a choice it is the first of its kind, and of a replica set its primary. Another cluster never takes its
    place: a key would act there.
    """
    found: InView = {}
    for state in snapshot.targets:
        kind = state.target.kind
        if kind not in found:
            states = [one for one in snapshot.targets if one.target.kind == kind]
            found[kind] = _one_of(states, chosen.get(kind), before.get(kind))
    return before | found


def _one_of(states: Sequence[TargetState], chosen: str | None, before: Target | None) -> Target:
    by_id = {state.target.id: state for state in states}
    if chosen in by_id:
        return by_id[chosen].target
    first = states[0].target
    members = _cluster_of(before or first, states) or _cluster_of(first, states)
    primary = next((one for one in members if one.mongodb is not None and one.mongodb.role == "PRIMARY"), None)
    if primary is None and before is not None and before.id in by_id:
        return by_id[before.id].target
    return (primary or members[0]).target


def _cluster_of(target: Target, states: Sequence[TargetState]) -> list[TargetState]:
    """The members of its replica set, by the connection that they were found through; else the target alone."""
    cluster = target.group or target.id
    return [one for one in states if (one.target.group or one.target.id) == cluster]
