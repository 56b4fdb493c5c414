"""Queries that mostly end in an error: a time limit, a sort without memory, a text index that is gone."""

from collections.abc import Iterator

from perftui.advice.findings.waiting import FAILURES
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name, percent
from perftui.model.query import DigestRow, RecentWork
from perftui.model.snapshot import TargetState

_FEWEST, _MOSTLY = 5, 0.5
_TOLD = (27, 50, 292)
"""Of those that are known: conflicts have a rule of their own, and a key that is there already may be as it should."""
_MOST = 3


def find_failing_queries(moment: Moment) -> Iterator[Suspicion]:
    """Half of a shape's recorded executions or more, for a reason that the server names."""
    for state in moment.fresh("mongodb", "queries"):
        rows = () if state.queries is None else state.queries.rows
        lately = ((row, row.recent) for row in rows if row.recent is not None and row.recent.errors >= _FEWEST)
        found = [(row, recent) for row, recent in lately if _fails(row, recent)]
        for row, recent in sorted(found, key=lambda one: -one[1].errors)[:_MOST]:
            yield _failing(state, row, recent)


def _fails(row: DigestRow, recent: RecentWork) -> bool:
    known = row.slowest is not None and row.slowest.error_code in _TOLD and not row.overflow
    return known and recent.errors >= _MOSTLY * recent.count


def _failing(state: TargetState, row: DigestRow, recent: RecentWork) -> Suspicion:
    code = row.slowest.error_code if row.slowest is not None else None
    why, help_ = FAILURES[code or 0]
    return Suspicion(
        code="failing-queries",
        target_id=state.target.id,
        subject=row.shape_id,
        severity="critical",
        what=f"a {row.op} on {name(row.ns)} fails",
        cost=f"{percent(recent.errors / max(recent.count, 1))} of {recent.count:,} recorded executions",
        cause=why,
        help=f"{help_[:1].lower()}{help_[1:]}".removesuffix("."),
        action="advise",
        page="Queries",
        row=row.shape_id,
        figures={"failed": float(recent.errors)},
    )


RULES = (Rule(codes=("failing-queries",), find=find_failing_queries, holds_s=2.0, ends_s=10.0),)
