"""Writers that run into each other's writes: a hot document, or transactions that abort each other."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from perftui.advice.contention.holders import is_in_transaction
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import operations_of
from perftui.diagnosis.words import milliseconds, name, per_second, percent
from perftui.model.operation import Operation
from perftui.model.query import DigestRow
from perftui.model.snapshot import TargetState

_LOOKS_BACK_S = 5.0
_LEAST_PER_S, _SHARE, _ABOVE = 20.0, 0.2, 4.0
"""Conflicts a second, of the writes, and above what is usual: fewer are everyday life."""
_TIMES, _LEAST_MS, _SLOW_MS = 2.0, 2.0, 20.0
"""Writes become slow beside what is usual; the last where nothing usual is known."""
_ABORTED_PER_S, _ABORTED_TIMES, _MOSTLY = 10.0, 4.0, 3.0
_CRITICAL_SHARE = 1.0
_CONFLICT = 112
"""The server's code of a WriteConflict."""
_DOCUMENTS, _TRANSACTIONS = "documents", "transactions"


class Place(NamedTuple):
    """Where they meet, as far as it is seen."""

    ns: str = ""
    sender: str = ""
    opid: str | None = None


def find_conflicts(moment: Moment) -> Iterator[Suspicion]:
    """Conflicts that make writes slow: each tries again until it is alone."""
    for state in moment.fresh("mongodb", "mongodb"):
        conflicts, writes = moment.lately(state, "conflicts") or 0.0, moment.lately(state, "writes") or 0.0
        usually = _usual(moment, state, "conflicts", _DOCUMENTS) or 0.0
        if conflicts < max(_LEAST_PER_S, _SHARE * writes, _ABOVE * usually):
            continue
        now, usual = moment.lately(state, "write_ms"), _usual(moment, state, "write_ms", _DOCUMENTS)
        if now is not None and now >= (_SLOW_MS if usual is None else max(_TIMES * usual, usual + _LEAST_MS)):
            yield _conflicting(moment, state, (conflicts, usually), writes, now, usual)


def _usual(moment: Moment, state: TargetState, figure: str, subject: str) -> float | None:
    return moment.usual(state, figure, "write-conflicts", subject, of_target=True)


def _conflicting(
    moment: Moment, state: TargetState, conflicting: tuple[float, float], writes: float, now: float, usual: float | None
) -> Suspicion:
    conflicts, usually = conflicting
    place = _place(_conflicting_operations(state)) or _recorded(state) or Place()
    slower = f"a write takes {milliseconds(now)}{'' if usual is None else f', usually {milliseconds(usual)}'}"
    return Suspicion(
        code="write-conflicts",
        target_id=state.target.id,
        subject=_DOCUMENTS,
        severity="critical" if conflicts >= _CRITICAL_SHARE * writes else "warning",
        what=f"writes conflict with each other{_on(place)}",
        since=moment.track(state, "conflicts").began(usually, conflicts) if usual is not None else None,
        cost=slower,
        cause=f"{per_second(conflicts)} conflicts in {per_second(writes)} writes: many write the same documents at once"
        f"{_sent(place)}",
        help="spread the writes over more documents, or let one writer gather them",
        page="Operations",
        row=place.opid,
        figures={"conflicts": conflicts, "usual conflicts": usually}
        | ({} if usual is None else {"usual write_ms": usual}),
    )


def _conflicting_operations(state: TargetState) -> list[Operation]:
    running = operations_of(state)
    return [one for one in running if one.noise is None and (one.write_conflicts or 0) > 0 and one.ns]


def _place(operations: list[Operation]) -> Place | None:
    """The collection and the sender of most of these."""
    found = Counter((one.ns, one.app_name or one.client or "") for one in operations).most_common(1)
    if not found:
        return None
    ns, sender = found[0][0]
    return Place(ns, sender, next((str(one.opid) for one in operations if one.ns == ns), None))


def _recorded(state: TargetState) -> Place | None:
    """The shape that ran into most conflicts lately, where slow queries are read."""
    rows = _rows(state)
    found = [(row.recent.write_conflicts, row) for row in rows if row.recent is not None and row.recent.write_conflicts]
    if not found:
        return None
    return _recorded_place([max(found, key=lambda one: one[0])[1]])


def _recorded_place(rows: Sequence[DigestRow]) -> Place | None:
    return Place(rows[0].ns, rows[0].applications[0] if rows[0].applications else "") if rows else None


def _on(place: Place) -> str:
    return f" on {name(place.ns)}" if place.ns else ""


def _sent(place: Place) -> str:
    return f", sent by {name(place.sender)}" if place.sender else ""


def find_aborts(moment: Moment) -> Iterator[Suspicion]:
    """Most transactions end in vain. The server counts no conflict of theirs: the first one aborts them."""
    for state in moment.fresh("mongodb", "mongodb"):
        aborted, committed = moment.least(state, "aborted", _LOOKS_BACK_S), moment.lately(state, "committed") or 0.0
        usual = _usual(moment, state, "aborted", _TRANSACTIONS)
        limit = _MOSTLY * committed if usual is None else max(committed, _ABORTED_TIMES * usual)
        if aborted >= max(_ABORTED_PER_S, limit):
            yield _aborted(moment, state, aborted, committed, usual)


def _aborted(moment: Moment, state: TargetState, aborted: float, committed: float, usual: float | None) -> Suspicion:
    failed = _failed_for_conflict(state)
    place = _place(_in_transactions(state)) or _recorded_place(failed) or Place(sender=_of_open_transactions(state))
    why = "they conflict with each other's writes" + ("" if failed else ", or their application ends them")
    return Suspicion(
        code="write-conflicts",
        target_id=state.target.id,
        subject=_TRANSACTIONS,
        severity="warning",
        what=f"most transactions are aborted{_on(place)}",
        since=moment.track(state, "aborted").began(usual, aborted) if usual is not None else None,
        cost=f"{per_second(aborted)} are aborted and {per_second(committed)} committed"
        f"{'' if usual is None else f'; usually {per_second(usual)} are aborted'}",
        cause=f"{percent(aborted / (aborted + committed))} are in vain: {why}{_sent(place)}",
        help="make transactions short, and let fewer write the same documents at once",
        page="Operations",
        row=place.opid,
        figures={"aborted": aborted} | ({} if usual is None else {"usual aborted": usual}),
    )


def _rows(state: TargetState) -> Sequence[DigestRow]:
    return () if state.queries is None else state.queries.rows


def _failed_for_conflict(state: TargetState) -> list[DigestRow]:
    """Shapes of which a conflict was recorded, those that fail most lately first."""
    found = [row for row in _rows(state) if row.slowest is not None and row.slowest.error_code == _CONFLICT]
    return sorted(found, key=lambda row: -(row.recent.errors if row.recent is not None else 0))


def _in_transactions(state: TargetState) -> list[Operation]:
    """Their statements: a commit or an abort names no collection."""
    running = operations_of(state)
    statements = [one for one in running if one.noise is None and is_in_transaction(one)]
    return [one for one in statements if one.ns and not one.ns.endswith(".$cmd")]


def _of_open_transactions(state: TargetState) -> str:
    """Who has most of those that are open now."""
    opened = () if state.operations is None else state.operations.transactions
    found = Counter(one.app_name or one.client or "" for one in opened).most_common(1)
    return found[0][0] if found else ""


RULES = (
    Rule(codes=("write-conflicts",), find=find_conflicts, holds_s=3.0, ends_s=6.0),
    Rule(codes=("write-conflicts",), find=find_aborts, holds_s=3.0, ends_s=6.0),
)
