"""What sorts or groups more than memory holds: it writes to disk and reads back, and is known once it has ended."""

import re
from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.recent_work import CRITICAL_BUSY_S, busy_of, span_of, wasted
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.rules.scans import cost
from perftui.diagnosis.words import name, one_of, seconds
from perftui.model.query import DigestRow, RecentWork
from perftui.model.snapshot import TargetState

_LOOKED_AT = 20
_LONG_MS = 3000.0
_MANY = 3
_WHY = "it sorts or groups more than memory holds and spills to disk"
_SORT = re.compile(r"\bsort (\{[^{}]+\})")


def find_spills(moment: Moment) -> Iterator[Suspicion]:
    """Of seconds each, or so many that together they take much of the server's time."""
    for state in moment.fresh("mongodb", "queries"):
        for row in () if state.queries is None else state.queries.rows[:_LOOKED_AT]:
            recent = row.recent
            if recent is None or not recent.used_disk:
                continue
            if recent.longest_ms >= _LONG_MS:
                yield _runaway(state, row, recent)
            elif _burdens(moment, state, recent):
                yield _burden(state, row, recent)


def _burdens(moment: Moment, state: TargetState, recent: RecentWork) -> bool:
    """Most spill. What reads far more than it returns is judged by that: there the index comes first."""
    often = recent.count >= _MANY and 2 * recent.used_disk >= recent.count
    if not often or busy_of(state, recent) < CRITICAL_BUSY_S:
        return False
    return wasted(recent, moment.thresholds.examined_documents) is None


def _runaway(state: TargetState, row: DigestRow, recent: RecentWork) -> Suspicion:
    return Suspicion(
        code="runaway-aggregation",
        target_id=state.target.id,
        subject=row.shape_id,
        severity="critical" if recent.used_disk >= _MANY else "warning",
        what=f"a runaway {row.op} on {name(row.ns)}",
        cost=f"{one_of(recent.used_disk, 'run', 'runs')} of up to {seconds(recent.longest_ms / 1000)}",
        cause=_WHY,
        help=_help(row),
        action="advise",
        page="Queries",
        row=row.shape_id,
    )


def _burden(state: TargetState, row: DigestRow, recent: RecentWork) -> Suspicion:
    verb = "sorts" if row.op == "find" else "sorts or groups"
    return Suspicion(
        code="runaway-aggregation",
        target_id=state.target.id,
        subject=row.shape_id,
        severity="warning",
        what=f"{'an' if row.op[:1] in 'aeiou' else 'a'} {row.op} on {name(row.ns)} {verb} on disk",
        cost=cost(row, recent, span_of(state, recent)),
        cause=f"{_WHY}, {one_of(recent.used_disk, 'time', 'times')} lately",
        help=_help(row),
        action="advise",
        command=f"perftui analyze {state.target.address} --ns {name(row.ns)}",
        page="Queries",
        row=row.shape_id,
        figures={"server_s_per_s": busy_of(state, recent)},
    )


def _help(row: DigestRow) -> str:
    if row.op != "find":
        return "look at the advice: an index in its order, or a $match first"
    order = _SORT.search(row.shape)
    index = f"an index that gives its order ({name(order.group(1))})" if order else "an index that gives its order"
    return f"{index}, or a limit on what it sorts; allowDiskUse: false stops it at once"


RULES = (Rule(codes=("runaway-aggregation",), find=find_spills, holds_s=1.0),)
