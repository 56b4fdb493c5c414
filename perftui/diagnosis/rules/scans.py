"""Queries that read far more than they return: for want of an index, because one was dropped, or because none helps."""

from collections.abc import Iterator
from typing import NamedTuple

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.recent_work import CRITICAL_BUSY_S, Read, busy_of, span_of, wasted
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.scan_words import first_seen, gathers, named
from perftui.diagnosis.subjects import SHAPES, operations_of
from perftui.diagnosis.words import milliseconds, name, per_second, seconds
from perftui.model.query import DigestRow, RecentWork
from perftui.model.snapshot import TargetState

_FEWEST, _FEWEST_ENDED = 3, 2
"""Executions: one slow query is no incident. Of long ones the third is still under way."""
_BUSY_S = 0.05
_MOST = 3


class Scan(NamedTuple):
    """A shape that wastes, and what it reads too much of."""

    row: DigestRow
    recent: RecentWork
    read: Read


def find_scans(moment: Moment) -> Iterator[Suspicion]:
    """The costliest shape of each collection."""
    for state in moment.fresh("mongodb", "queries"):
        told: set[str] = set()
        rows = () if state.queries is None else state.queries.rows[:SHAPES]
        scans = [scan for row in rows if (scan := _wasteful(moment, state, row)) is not None]
        for scan in sorted(scans, key=lambda one: -one.recent.total_ms):
            if scan.row.ns not in told and len(told) < _MOST:
                told.add(scan.row.ns)
                yield _scan(moment, state, scan)


def _wasteful(moment: Moment, state: TargetState, row: DigestRow) -> Scan | None:
    recent = row.recent
    if recent is None or row.overflow or recent.count < _FEWEST_ENDED or busy_of(state, recent) < _BUSY_S:
        return None
    read = wasted(recent, moment.thresholds.examined_documents)
    if read is None or (gathers(row, recent, read) and busy_of(state, recent) < CRITICAL_BUSY_S):
        return None
    if recent.count < _FEWEST and recent.count + _under_way(state, row) < _FEWEST:
        return None
    return None if _has_ended(moment, state, row, recent) else Scan(row, recent, read)


def _under_way(state: TargetState, row: DigestRow) -> int:
    return sum(one.active and one.shape_id == row.shape_id for one in operations_of(state))


def _has_ended(moment: Moment, state: TargetState, row: DigestRow, recent: RecentWork) -> bool:
    """An index came, or what was asked changed: heavy executions are not seen any more, and none is under way. What
    is fast now may not even be recorded."""
    running = operations_of(state)
    eased = recent.has_eased(moment.now + (state.clock_offset_s or 0.0), span_of(state, recent))
    return eased and all(one.shape_id != row.shape_id for one in running)


def _is_over(moment: Moment, held: Suspicion) -> bool:
    for state in moment.fresh("mongodb", "queries"):
        for row in state.queries.rows if state.queries is not None and state.target.id == held.target_id else ():
            if row.shape_id == held.row and row.recent is not None:
                return _has_ended(moment, state, row, row.recent)
    return False


def _scan(moment: Moment, state: TargetState, scan: Scan) -> Suspicion:
    row, recent, read = scan
    span_s, busy_s = span_of(state, recent), busy_of(state, recent)
    code, what, cause, help_ = named(moment, state, row, recent, read)
    plain = code != "full-scan"
    return Suspicion(
        code=code,
        target_id=state.target.id,
        subject=row.ns,
        severity="critical" if busy_s >= CRITICAL_BUSY_S and plain else "warning",
        what=what,
        since=_since(moment, state, row),
        cost=cost(row, recent, span_s),
        cause=cause,
        help=help_,
        action="create" if plain else "advise",
        command=f"perftui analyze {state.target.address} --ns {name(row.ns)}",
        page="Queries",
        row=row.shape_id,
        figures={"per_s": recent.count / span_s, "server_s_per_s": busy_s},
    )


def _since(moment: Moment, state: TargetState, row: DigestRow) -> float | None:
    """When it began to read so much, or to run; `None`: it did so when it was first seen."""
    track = moment.track(state, "examined", row.shape_id)
    last, usual = track.last, track.usual(moment.now - 8.0)
    if last is not None and usual is not None and last > 3 * usual + 100:
        return track.began(usual, last)
    return first_seen(moment, state, row)


def cost(row: DigestRow, recent: RecentWork, span_s: float) -> str:
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
