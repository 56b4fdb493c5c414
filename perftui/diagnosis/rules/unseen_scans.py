"""Scans that are fast but frequent: no recorded query tells of them, only the server's counters."""

from collections import Counter
from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import SHAPES, operations_of
from perftui.diagnosis.words import name, per_second
from perftui.model.snapshot import TargetState

_EXAMINED_PER_S = 20_000.0
_KEYS_PER_S = 300_000.0
"""About a third of a core: a count may read as many keys as it likes while it takes less."""
_TIMES = 50.0
_MANY = 1000
_SPAN_S = 4.0


def find_unseen_scans(moment: Moment) -> Iterator[Suspicion]:
    """Many documents examined for few returned, of which no recorded query tells: they are fast but frequent."""
    for state in moment.fresh("mongodb", "mongodb"):
        examined, returned = moment.least(state, "examined", _SPAN_S), moment.lately(state, "returned") or 0.0
        scans = moment.lately(state, "scans")
        if examined < max(_EXAMINED_PER_S, _TIMES * returned) or scans is None or scans < 1:
            continue
        if not _is_told(state):
            yield _unseen_scan(state, examined, returned, scans)


def find_unseen_keys(moment: Moment) -> Iterator[Suspicion]:
    """The same of keys: indexes are read whole, or nearly, again and again."""
    for state in moment.fresh("mongodb", "mongodb"):
        keys, returned = moment.least(state, "keys", _SPAN_S), moment.lately(state, "returned") or 0.0
        examined = moment.lately(state, "examined") or 0.0
        if keys >= max(_KEYS_PER_S, _TIMES * returned, 2 * examined) and not _is_told(state):
            yield _unseen_keys(state, keys, returned)


def _is_told(state: TargetState) -> bool:
    """Some recorded or running query reads as much: what it costs is judged by that."""
    rows = () if state.queries is None else state.queries.rows[:SHAPES]
    recent = [row.recent for row in rows if row.recent is not None and row.recent.count]
    if any(max(one.examined_documents or 0, one.examined_keys or 0) >= _MANY * one.count for one in recent):
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


def _unseen_keys(state: TargetState, keys: float, returned: float) -> Suspicion:
    ns, plan, sender = _seen_running(state)
    seen = f"; {name(sender)} runs {name(plan)} on {name(ns)} just now" if ns else ""
    return Suspicion(
        code="full-scan",
        target_id=state.target.id,
        subject="index keys",
        severity="warning",
        what="queries read far too much of an index",
        cost=f"{per_second(keys)} keys examined to return {per_second(returned)}",
        cause=f"a deep skip, a pattern without a beginning or a count, too fast to be recorded as slow{seen}",
        help="profile for a moment to see which query it is",
        action="profiling",
        command=f"perftui analyze {state.target.address}" + (f" --ns {name(ns)}" if ns else ""),
        page="Indexes",
        row=ns or None,
    )


def _seen_running(state: TargetState) -> tuple[str, str, str]:
    """Collection, plan and sender of most of what reads an index at this moment."""
    reading = [
        (one.ns, one.plan_summary, one.app_name or one.client or "an unknown client")
        for one in operations_of(state)
        if one.active and one.noise is None and one.plan_summary and "{" in one.plan_summary
    ]
    found = Counter(reading).most_common(1)
    return found[0][0] if found else ("", "", "")


RULES = (
    Rule(codes=("missing-index",), find=find_unseen_scans, holds_s=4.0),
    Rule(codes=("full-scan",), find=find_unseen_keys, holds_s=8.0),
)
