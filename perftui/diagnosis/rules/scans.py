"""Queries that read far more than they return: for want of an index, because one was dropped, or because none helps."""

import re
from collections.abc import Iterator

from perftui.advice.findings import codes
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import SHAPES, operations_of
from perftui.diagnosis.words import count, milliseconds, name, per_second, seconds
from perftui.model.query import DigestRow, RecentWork
from perftui.model.snapshot import TargetState

_FEWEST = 3
"""Executions: one slow query is no incident."""
_MANY = 1000
_BUSY_S = 0.05
_CRITICAL_BUSY_S = 0.3
_WASTE = 10
_MOST = 3
_NO_INDEX_HELPS = {codes.READS_EVERYTHING, codes.JAVASCRIPT, codes.UNANCHORED_REGEX, codes.CASE_INSENSITIVE_REGEX}
_GATHERS = re.compile(r"\$(group|count|bucket|bucketAuto|sortByCount|facet|setWindowFields)\b")
"""Stages that give little for much that they read, with the best of indexes too."""
_CHANGED_LATELY_S = 900.0
_NEW_AFTER_S = 10.0
_INDEXED = ("IXSCAN", "COUNT_SCAN", "EXPRESS")
_TURN_S = 1.0
"""What began with the old plan may end a little after the first of the new one."""


def find_scans(moment: Moment) -> Iterator[Suspicion]:
    """The costliest shape of each collection."""
    for state in moment.fresh("mongodb", "queries"):
        told: set[str] = set()
        rows = () if state.queries is None else state.queries.rows[:SHAPES]
        wasteful = [
            (row, row.recent)
            for row in rows
            if row.recent is not None
            and _wastes(moment, row, row.recent, _span_s(state, row.recent))
            and not _has_ended(moment, state, row, row.recent)
        ]
        for row, recent in sorted(wasteful, key=lambda one: -one[1].total_ms):
            if row.ns not in told and len(told) < _MOST:
                told.add(row.ns)
                yield _scan(moment, state, row, recent)


def _span_s(state: TargetState, recent: RecentWork) -> float:
    """At first less was watched than the last half minute."""
    covered = state.queries.covered_s if state.queries is not None else None
    return recent.span_s if covered is None else max(min(recent.span_s, covered), 3.0)


def _wastes(moment: Moment, row: DigestRow, recent: RecentWork, span_s: float) -> bool:
    busy_s = _CRITICAL_BUSY_S if _gathers(row, recent) else _BUSY_S
    if row.overflow or recent.count < _FEWEST or recent.total_ms / 1000 < busy_s * span_s:
        return False
    examined = (recent.examined_documents or 0) / recent.count
    returned = (recent.returned or 0) / recent.count
    return examined >= max(moment.thresholds.examined_documents, _MANY, _WASTE * returned)


def _gathers(row: DigestRow, recent: RecentWork) -> bool:
    """An aggregation that counts or groups what an index finds for it."""
    return not _reads_all(row, recent) and _GATHERS.search(row.shape) is not None


def _reads_all(row: DigestRow, recent: RecentWork) -> bool:
    return recent.scans > 0 or any(plan.startswith("COLLSCAN") for plan in row.plan_summaries[:1])


def _has_ended(moment: Moment, state: TargetState, row: DigestRow, recent: RecentWork) -> bool:
    """An index came, or what was asked changed: heavy executions are not seen any more, and none is under way. What
    is fast now may not even be recorded."""
    running = operations_of(state)
    eased = recent.has_eased(moment.now + (state.clock_offset_s or 0.0), _span_s(state, recent))
    return eased and all(one.shape_id != row.shape_id for one in running)


def _is_over(moment: Moment, held: Suspicion) -> bool:
    for state in moment.fresh("mongodb", "queries"):
        for row in state.queries.rows if state.queries is not None and state.target.id == held.target_id else ():
            if row.shape_id == held.row and row.recent is not None:
                return _has_ended(moment, state, row, row.recent)
    return False


def _scan(moment: Moment, state: TargetState, row: DigestRow, recent: RecentWork) -> Suspicion:
    span_s = _span_s(state, recent)
    busy_s = recent.total_ms / 1000 / span_s
    code, what, cause = _named(moment, state, row, recent)
    plain = code != "full-scan"
    return Suspicion(
        code=code,
        target_id=state.target.id,
        subject=row.ns,
        severity="critical" if busy_s >= _CRITICAL_BUSY_S and plain else "warning",
        what=what,
        since=_since(moment, state, row),
        cost=_cost(row, recent, span_s),
        cause=cause,
        help="create the advised index" if plain else "read the advice: the query itself has to change",
        action="create" if plain else "advise",
        command=f"perftui analyze {state.target.address} --ns {name(row.ns)}",
        page="Queries",
        row=row.shape_id,
        figures={"per_s": recent.count / span_s, "server_s_per_s": busy_s},
    )


def _named(moment: Moment, state: TargetState, row: DigestRow, recent: RecentWork) -> tuple[str, str, str]:
    """Code, what is wrong, and why."""
    ns, found = name(row.ns), {finding.code for finding in row.findings}
    each = f"each {row.op} reads {count((recent.examined_documents or 0) / recent.count)} documents to return "
    each += count((recent.returned or 0) / recent.count)
    scans = _reads_all(row, recent)
    if scans and (lost := _lost_index(moment, state, row)):
        return "index-dropped", f"an index of {ns} is gone", f"{lost}; {each} (COLLSCAN)"
    if found & _NO_INDEX_HELPS:
        return "full-scan", f"{ns} is read whole by a query that no plain index serves", each
    if join := next((one for one in row.findings if one.code == codes.LOOKUP_WITHOUT_INDEX), None):
        why = join.message.partition(":")[0].removesuffix(".")
        cause = f"{why[:1].lower()}{why[1:]}; {each}{_news(moment, state, row)}"
        return "missing-index", f"missing index for a $lookup from {ns}", cause
    if scans:
        return "missing-index", f"missing index on {ns}", f"{each} (COLLSCAN){_news(moment, state, row)}"
    plan = f" ({name(row.plan_summaries[0])})" if row.plan_summaries else ""
    if _gathers(row, recent):
        return "full-scan", f"an aggregation on {ns} reads much to give little", f"{each}{plan}"
    return "missing-index", f"no good index on {ns}", f"{each}{plan}{_news(moment, state, row)}"


def _lost_index(moment: Moment, state: TargetState, row: DigestRow) -> str | None:
    """That the same query used an index before, or that one was seen to go."""
    for event in moment.events("index.dropped", "index.hidden", within_s=_CHANGED_LATELY_S, target_id=state.target.id):
        if event.subject == row.ns:
            return event.message.removesuffix(".")
    before = next((plan for plan in _plans_before_the_last(row) if plan.startswith(_INDEXED)), None)
    return f"the same query used {name(before)} before" if before else None


def _plans_before_the_last(row: DigestRow) -> list[str]:
    """Those that were not used any more when the latest was."""
    latest = max(row.plans_at, default=0.0)
    return [plan for plan, at in zip(row.plan_summaries, row.plans_at, strict=False) if at < latest - _TURN_S]


def _since(moment: Moment, state: TargetState, row: DigestRow) -> float | None:
    """When it began to read so much, or to run; `None`: it did so when it was first seen."""
    track = moment.track(state, "examined", row.shape_id)
    last, usual = track.last, track.usual(moment.now - 8.0)
    if last is not None and usual is not None and last > 3 * usual + 100:
        return track.began(usual, last)
    return _first_seen(moment, state, row)


def _first_seen(moment: Moment, state: TargetState, row: DigestRow) -> float | None:
    """When a query came that was not there when perftui began to look."""
    first, began = moment.track(state, "examined", row.shape_id).first_at, moment.memory.watched_since(state.target.id)
    covered = state.queries.covered_s if state.queries is not None else None
    if began is None or first <= began + _NEW_AFTER_S or (covered or 0.0) < _NEW_AFTER_S:
        return None
    return first


def _news(moment: Moment, state: TargetState, row: DigestRow) -> str:
    """What is new: the query itself, or the release of the application that sends it."""
    if _first_seen(moment, state, row) is None:
        return ""
    applications = {one.target.id for one in moment.states("application")}
    for event in moment.events("version.changed", "server.restarted", within_s=_CHANGED_LATELY_S):
        if event.target_id in applications:
            return f"; a query not seen before: {event.message.removesuffix('.')}"
    return "; a query not seen before"


def _cost(row: DigestRow, recent: RecentWork, span_s: float) -> str:
    average, busy = milliseconds(recent.total_ms / recent.count), seconds(recent.total_ms / 1000 / span_s)
    words = f"{per_second(recent.count / span_s)} of {average}, {busy} of server time a second"
    return f"{words}, for {name(f'{row.endpoints[0].method} {row.endpoints[0].route}')}" if row.endpoints else words


RULES = (
    Rule(
        codes=("missing-index", "index-dropped", "full-scan"),
        find=find_scans,
        holds_s=2.0,
        ends_s=20.0,
        is_over=_is_over,
    ),
)
