"""Queries that read a whole collection or index and do not end: they are in no profile and no log yet."""

import json
from collections.abc import Iterator
from itertools import islice

from perftui.advice.findings.asked import asked
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.rules.mass_writes import writes_many
from perftui.diagnosis.scan_words import INSENSITIVE, UNANCHORED, Reason, skipping
from perftui.diagnosis.words import name, seconds
from perftui.model.operation import Operation
from perftui.model.snapshot import TargetState

_FEWEST, _RUN_S = 3, 5.0
"""One that scans for a while may be a report, or a backup."""
_KINDS = ("query", "getmore", "command", "update", "remove")
_MOST = 3
_PLANS = ("COLLSCAN", "IXSCAN", "COUNT_SCAN")
_DEEP = 10_000
"""Results skipped: seconds pass only for many more than a page or two."""
_NO_INDEX = Reason("", "no index serves them (COLLSCAN)", "see which index is right, or kill them")
_READ_BY_COMMAND = 10
"""Groups, the largest first, whose commands are read for what no index helps with."""


def find_running_scans(moment: Moment) -> Iterator[Suspicion]:
    """Several of one shape at once, each for seconds: as after a release, on a collection that is so large that none
    of them has ended."""
    for state in moment.fresh("mongodb", "operations"):
        groups: dict[tuple[bool, str], list[Operation]] = {}
        for one in moment.running(state, _RUN_S):
            if one.plan_summary and one.plan_summary.startswith(_PLANS) and one.op in _KINDS:
                key = one.plan_summary.startswith("COLLSCAN"), one.shape_id or one.ns
                groups.setdefault(key, []).append(one)
        largest = (_at_work(group) for group in sorted(groups.values(), key=len, reverse=True))
        scans = (group for group in largest if len(group) >= _FEWEST)
        found = ((group, why) for group in islice(scans, _READ_BY_COMMAND) if (why := _why(group[0])) is not None)
        for group, why in islice(found, _MOST):
            yield _scanning(state, group, why)


def _at_work(group: list[Operation]) -> list[Operation]:
    """What is meant to write very many documents has a rule of its own."""
    return [one for one in group if not one.waiting_for and not writes_many(one)]


def _why(one: Operation) -> Reason | None:
    """Reading long by an index is no fault, unless the command shows that the index cannot narrow it down."""
    if (one.plan_summary or "").startswith("COLLSCAN"):
        return _NO_INDEX
    try:
        found = asked(json.loads(one.command))
    except ValueError:
        return None
    if found.skip >= _DEEP:
        return skipping(name(found.sort[0]) if found.sort else "_id")
    patterns = list(found.filter.regexes)
    if any(not one.anchored for one in patterns):
        return UNANCHORED
    return INSENSITIVE if any(one.insensitive for one in patterns) else None


def _scanning(state: TargetState, group: list[Operation], why: Reason) -> Suspicion:
    oldest = max(group, key=lambda one: one.running_s or 0.0)
    ns, sender = name(oldest.ns), name(oldest.app_name or oldest.client or "an unknown client")
    part, plan = ("all", "") if why is _NO_INDEX else ("most of an index", f" ({name(oldest.plan_summary or '')})")
    return Suspicion(
        code="full-scan",
        target_id=state.target.id,
        subject=oldest.ns,
        severity="warning",
        what=f"{len(group)} operations read {part} of {ns}",
        since=min(one.started_at for one in group if one.started_at is not None) if oldest.started_at else None,
        cost=f"the oldest has run for {seconds(oldest.running_s or 0.0)}, and none has ended",
        cause=f"{why.why}{plan}; sent by {sender}",
        help=why.help,
        action="advise",
        page="Operations",
        row=str(oldest.opid),
        figures={"operations": float(len(group))},
    )


RULES = (Rule(codes=("full-scan",), find=find_running_scans, holds_s=1.0, ends_s=5.0),)
