"""Queries that read a whole collection and do not end: they are in no profile and no log yet."""

from collections.abc import Iterator
from itertools import islice

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.rules.mass_writes import writes_many
from perftui.diagnosis.words import name, seconds
from perftui.model.operation import Operation
from perftui.model.snapshot import TargetState

_FEWEST, _RUN_S = 3, 5.0
"""One that scans for a while may be a report, or a backup."""
_KINDS = ("query", "getmore", "command", "update", "remove")
_MOST = 3


def find_running_scans(moment: Moment) -> Iterator[Suspicion]:
    """Several of one shape at once, each for seconds: as after a release, on a collection that is so large that none
    of them has ended."""
    for state in moment.fresh("mongodb", "operations"):
        groups: dict[str, list[Operation]] = {}
        for one in moment.running(state, _RUN_S):
            if one.plan_summary and one.plan_summary.startswith("COLLSCAN") and one.op in _KINDS:
                groups.setdefault(one.shape_id or one.ns, []).append(one)
        largest = (_at_work(group) for group in sorted(groups.values(), key=len, reverse=True))
        for group in islice((group for group in largest if len(group) >= _FEWEST), _MOST):
            yield _scanning(state, group)


def _at_work(group: list[Operation]) -> list[Operation]:
    """What is meant to write very many documents has a rule of its own."""
    return [one for one in group if not one.waiting_for and not writes_many(one)]


def _scanning(state: TargetState, group: list[Operation]) -> Suspicion:
    oldest = max(group, key=lambda one: one.running_s or 0.0)
    ns, sender = name(oldest.ns), name(oldest.app_name or oldest.client or "an unknown client")
    return Suspicion(
        code="full-scan",
        target_id=state.target.id,
        subject=oldest.ns,
        severity="warning",
        what=f"{len(group)} operations read all of {ns}",
        since=min(one.started_at for one in group if one.started_at is not None) if oldest.started_at else None,
        cost=f"the oldest has run for {seconds(oldest.running_s or 0.0)}, and none has ended",
        cause=f"no index serves them (COLLSCAN); sent by {sender}",
        help="see which index is right, or kill them",
        action="advise",
        page="Operations",
        row=str(oldest.opid),
        figures={"operations": float(len(group))},
    )


RULES = (Rule(codes=("full-scan",), find=find_running_scans, holds_s=1.0, ends_s=5.0),)
