"""Scans that are fast but frequent: no recorded query tells of them, only the server's counters."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import SHAPES, operations_of
from perftui.diagnosis.words import name, per_second
from perftui.model.snapshot import TargetState

_EXAMINED_PER_S = 20_000.0
_MANY = 1000


def find_unseen_scans(moment: Moment) -> Iterator[Suspicion]:
    """Many documents examined for few returned, of which no recorded query tells: they are fast but frequent."""
    for state in moment.fresh("mongodb", "mongodb"):
        examined, returned = moment.least(state, "examined", 4.0), moment.lately(state, "returned") or 0.0
        scans = moment.lately(state, "scans")
        if examined < max(_EXAMINED_PER_S, 50 * returned) or scans is None or scans < 1:
            continue
        if not _is_told(state):
            yield _unseen_scan(state, examined, returned, scans)


def _is_told(state: TargetState) -> bool:
    """Some recorded or running query reads as much: what it costs is judged by that."""
    rows = () if state.queries is None else state.queries.rows[:SHAPES]
    recent = [row.recent for row in rows if row.recent is not None and row.recent.count]
    if any((one.examined_documents or 0) >= _MANY * one.count for one in recent):
        return True
    running = operations_of(state)
    return any((one.running_s or 0.0) > 1 and one.noise is None for one in running)


def _unseen_scan(state: TargetState, examined: float, returned: float, scans: float) -> Suspicion:
    collections = () if state.indexes is None else state.indexes.collections
    busiest = max(collections, key=lambda one: one.scans_per_s or 0.0, default=None)
    ns = busiest.ns if busiest is not None and busiest.scans_per_s else ""
    where = f"{name(ns)} is" if ns else "collections are"
    return Suspicion(
        code="missing-index",
        target_id=state.target.id,
        subject=ns,
        severity="warning",
        what=f"missing index on {name(ns)}" if ns else "an index is missing",
        cost=f"{per_second(examined)} documents examined to return {per_second(returned)}",
        cause=f"{where} scanned {per_second(scans)}, too fast to be recorded as slow",
        help="profile for a moment to see which query it is",
        action="profiling",
        command=f"perftui analyze {state.target.address}" + (f" --ns {name(ns)}" if ns else ""),
        page="Indexes",
        row=ns or None,
    )


RULES = (Rule(codes=("missing-index",), find=find_unseen_scans, holds_s=4.0),)
