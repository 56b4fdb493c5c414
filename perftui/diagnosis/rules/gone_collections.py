"""Collections in use that were dropped: what asks for them finds nothing, and fast."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import count, name, per_second
from perftui.model.index import GoneCollection
from perftui.model.snapshot import TargetState

_USED_PER_S = 0.5
_MOST = 3


def find_gone_collections(moment: Moment) -> Iterator[Suspicion]:
    """Those that held documents and were read or written until then, or whose queries were seen lately."""
    for state in moment.fresh("mongodb", "indexes"):
        gone = () if state.indexes is None else state.indexes.gone
        used = [one for one in gone if one.documents and _was_used(state, one)]
        for one in sorted(used, key=lambda one: -(one.documents or 0))[:_MOST]:
            yield _gone(state, one)


def _was_used(state: TargetState, one: GoneCollection) -> bool:
    rows = () if state.queries is None else state.queries.rows
    counted = (one.reads_per_s or 0.0) + (one.writes_per_s or 0.0)
    return counted >= _USED_PER_S or any(row.ns == one.ns and row.recent is not None for row in rows)


def _gone(state: TargetState, one: GoneCollection) -> Suspicion:
    counted = ((one.reads_per_s, "read"), (one.writes_per_s, "written"))
    rates = [f"{what} {per_second(rate)}" for rate, what in counted if rate]
    return Suspicion(
        code="collection-gone",
        target_id=state.target.id,
        subject=one.ns,
        severity="critical",
        what=f"the collection {name(one.ns)} is gone",
        since=one.listed_at,
        cost=f"it held {count(one.documents or 0)} documents" + (f", {' and '.join(rates)}" if rates else ""),
        cause="it was dropped or renamed: the server's log names who did it",
        help="stop what writes to it anew; bring it back from a backup, a delayed member, or its new name",
        page="Events",
    )


RULES = (Rule(codes=("collection-gone",), find=find_gone_collections, holds_s=0.0, ends_s=2.0),)
