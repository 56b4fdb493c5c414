"""Writes of very many documents while others suffer: by one operation, by the TTL thread, or by many small ones."""

from collections import Counter
from collections.abc import Iterator

from perftui.diagnosis.harm import harm, waiting
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import operations_of
from perftui.diagnosis.words import name, per_second, seconds
from perftui.model.operation import Operation
from perftui.model.snapshot import TargetState

_RUNS_S = 5.0
_TIMES, _LEAST_PER_S = 5.0, 2000.0
_RATE, _TTL = "rate of writes", "TTL deletes"
_KINDS = {"update": "a mass update", "remove": "a mass delete"}
_MOST = 3


def find_mass_writes(moment: Moment) -> Iterator[Suspicion]:
    """An operation that writes many documents, long before it has run for a minute."""
    for state in moment.fresh("mongodb", "operations"):
        lasting = [one for one in moment.running(state, _RUNS_S) if not one.waiting_for and one.started_at is not None]
        running = [one for one in lasting if writes_many(one)]
        for one in running[:_MOST]:
            felt = harm(moment, state, one.started_at or 0.0, {other.opid for other in running})
            if felt:
                yield _operation(state, one, felt)


def writes_many(one: Operation) -> bool:
    """Whether it is meant to write very many documents, by its command."""
    if one.op == "update":
        return '"multi":true' in one.command
    if one.op == "remove":
        return '"limit":0' in one.command
    return '"aggregate"' in one.command and ('"$out"' in one.command or '"$merge"' in one.command)


def _operation(state: TargetState, one: Operation, felt: tuple[str, ...]) -> Suspicion:
    scan = ", which scans the whole collection" if (one.plan_summary or "").startswith("COLLSCAN") else ""
    return Suspicion(
        code="mass-write",
        target_id=state.target.id,
        subject=one.shape_id or str(one.opid),
        severity="critical" if waiting(state, {one.opid}) else "warning",
        what=f"{_KINDS.get(one.op, 'an aggregation that writes a collection')} on {name(one.ns)}",
        since=one.started_at,
        cost="; ".join(felt),
        cause=f"it has run for {seconds(one.running_s or 0.0)}, sent by {_sender(one)}{scan}",
        help="wait for its end, or kill it: what it wrote stays; then do it in batches",
        action="kill",
        page="Operations",
        row=str(one.opid),
        figures={"running_s": one.running_s or 0.0},
    )


def _sender(one: Operation) -> str:
    return name(one.app_name or one.client or "an unknown client")


def find_ttl_deletes(moment: Moment) -> Iterator[Suspicion]:
    """The server deletes expired documents, so many that it takes long."""
    for state in moment.fresh("mongodb", "operations"):
        if state.operations is None or "TTL delete" not in state.operations.own_work:
            continue
        since = moment.track(state, "expiring").began(0.0, 1.0)
        felt = harm(moment, state, since)
        if felt:
            yield _ttl(state, since, felt)


def _ttl(state: TargetState, since: float, felt: tuple[str, ...]) -> Suspicion:
    collections = () if state.indexes is None else state.indexes.collections
    expiring = [one.ns for one in collections if any(index.ttl_s is not None for index in one.indexes)]
    where = f" from {name(expiring[0])}" if len(expiring) == 1 else ""
    return Suspicion(
        code="mass-write",
        target_id=state.target.id,
        subject=_TTL,
        severity="warning",
        what=f"the server deletes very many expired documents{where}",
        since=since,
        cost="; ".join(felt),
        cause="a TTL index expires them at once",
        help="wait for its end; expire in smaller portions, or at a quiet hour",
        page="Indexes",
        row=expiring[0] if len(expiring) == 1 else None,
    )


def find_floods(moment: Moment) -> Iterator[Suspicion]:
    """Many times the usual number of writes, as by an import. Where they conflict, that is what makes them slow."""
    for state in moment.fresh("mongodb", "mongodb"):
        if moment.holds("write-conflicts", state.target.id, "documents"):
            continue
        track = moment.track(state, "written")
        now = moment.least(state, "written", 5.0)
        usual = moment.usual(state, "written", "mass-write", _RATE, of_target=True)
        if usual is None or now < max(_TIMES * usual, usual + _LEAST_PER_S):
            continue
        since = track.began(usual, now)
        felt = harm(moment, state, since, of_reads=True)
        if felt:
            yield _flood(state, now, usual, since, felt)


def _flood(state: TargetState, now: float, usual: float, since: float, felt: tuple[str, ...]) -> Suspicion:
    ns, sender = _most(state)
    return Suspicion(
        code="mass-write",
        target_id=state.target.id,
        subject=_RATE,
        severity="warning",
        what=f"very many writes{f' to {name(ns)}' if ns else ''}",
        since=since,
        cost="; ".join(felt),
        cause=f"{per_second(now)} documents, usually {per_second(usual)}"
        + (f", sent by {name(sender)}" if sender else ""),
        help="slow down who sends them, or do it at a quiet hour",
        page="Operations",
        figures={"written": now, "usual written": usual},
    )


def _most(state: TargetState) -> tuple[str, str]:
    """Collection and sender of most of the writes that run just now."""
    running = operations_of(state)
    writes = [one for one in running if one.noise is None and one.op in ("insert", "update", "remove")]
    found = Counter((one.ns, one.app_name or one.client or "") for one in writes).most_common(1)
    return found[0][0] if found else ("", "")


RULES = (
    Rule(codes=("mass-write",), find=find_mass_writes, holds_s=1.0, ends_s=5.0),
    Rule(codes=("mass-write",), find=find_ttl_deletes, holds_s=4.0, ends_s=5.0),
    Rule(codes=("mass-write",), find=find_floods, holds_s=3.0, ends_s=6.0),
)
