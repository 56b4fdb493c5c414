"""Which indexes of ours there are to be proved, from what the journal kept when they were created."""

import time
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from msgspec.structs import replace

from perftui.actions.index_spec import kept
from perftui.actions.journal import Journal, Record
from perftui.actions.owner import owner_runs
from perftui.actions.pending import next_undone, undone
from perftui.model.analysis import AnalysedShape, Analysis
from perftui.model.proof import Aftermath, Measured, ProofShape, ProofStart
from perftui.model.snapshot import TargetState
from perftui.monitor.proof import measured_group, measured_row

RECENT_S = 86_400.0
UNTOLD_S = 30 * 86_400.0
"""How long after it somebody may still be told what became of an index."""


def proof_starts(journal: Journal, *, within_s: float = RECENT_S) -> tuple[ProofStart, ...]:
    """Indexes created in this time for known shapes and not taken back, oldest first. Raises `OSError`."""
    since, records = time.time() - within_s, journal.read()
    coming = next_undone(records)
    return tuple(
        start
        for record in _kept(records)
        if record.intent.at >= since
        for start in _starts(record, coming)
        if start.shapes
    )


def starts_to_watch(journal: Journal) -> tuple[ProofStart, ...]:
    """Those that are recent, and older ones of which nobody was told yet. Raises `OSError`."""
    recent = proof_starts(journal)
    return (*(one.start for one in untold(journal) if one.start.shapes and one.start not in recent), *recent)


class Untold(NamedTuple):
    """An index of ours of which a first start has something to say; `kept` is what the session before saw."""

    record: Record
    start: ProofStart
    kept: Aftermath | None


def untold(journal: Journal) -> tuple[Untold, ...]:
    """Indexes that other runs of perftui created and nobody was told of since, oldest first. Raises `OSError`."""
    records = journal.read()
    coming = next_undone(records)
    return tuple(
        Untold(record, start, kept_of(record, start))
        for record in _kept(records)
        if not owner_runs(record)
        for start in _starts(record, coming)
        if not _was_told(record, start)
    )


def created_indexes(record: Record) -> tuple[ProofStart, ...]:
    """Those that it created, with or without shapes to prove."""
    return tuple(_starts(record))


def kept_of(record: Record, start: ProofStart) -> Aftermath | None:
    """What the journal knows of what became of it."""
    return next((one for one in record.aftermath if (one.ns, one.index) == (start.ns, start.index)), None)


def _kept(records: Sequence[Record]) -> Iterator[Record]:
    """Not taken back, and not of long ago."""
    gone, since = undone(tuple(records)), time.time() - UNTOLD_S
    return (one for one in records if one.intent.id not in gone and one.intent.at >= since)


def _was_told(record: Record, start: ProofStart) -> bool:
    kept = kept_of(record, start)
    return kept is not None and kept.told and kept.conclusive


def _starts(record: Record, coming: Set[str] = frozenset()) -> Iterator[ProofStart]:
    outcome, undo = record.outcome, record.undo
    if record.intent.action != "create index" or outcome is None or outcome.state != "done" or undo is None:
        return
    for index in undo.indexes:
        yield ProofStart(
            id=record.intent.id,
            target_id=undo.connection,
            ns=index.ns,
            index=index.name,
            keys=tuple(kept(index.definition).get("key", {}).items()),
            finished_at=outcome.at,
            shapes=index.shapes,
            is_next=record.intent.id in coming,
        )


def before_on_screen(shapes: Sequence[ProofShape], states: Sequence[TargetState], now: float) -> tuple[ProofShape, ...]:
    """The shapes with what the monitor knows of them at this moment, busiest member first."""
    return tuple(
        replace(
            shape, before=_in_digests(shape.id, states, now), in_application=_in_applications(shape.id, states, now)
        )
        for shape in shapes
    )


def before_in_analysis(shapes: Sequence[ProofShape], analysis: Analysis) -> tuple[ProofShape, ...]:
    """The shapes as an analysis found them, for indexes that are created without the monitor."""
    known = {shape.id: shape for shape in analysis.shapes}
    return tuple(
        replace(shape, before=_analysed(known[shape.id], analysis)) if shape.id in known else shape for shape in shapes
    )


def _in_digests(shape_id: str, states: Sequence[TargetState], now: float) -> Measured | None:
    found = [
        measured_row(row, state.queries, now)
        for state in states
        if state.queries is not None
        for row in state.queries.rows
        if row.shape_id == shape_id
    ]
    return max(found, key=lambda measured: measured.executions, default=None)


def _in_applications(shape_id: str, states: Sequence[TargetState], now: float) -> Measured | None:
    for state in states:
        metrics = state.application
        if metrics is not None and metrics.queries is not None and metrics.window_s is not None:
            for group in metrics.queries.groups:
                if group.by == "shape" and group.shape_id == shape_id:
                    return measured_group(group, now - metrics.window_s, now)
    return None


def _analysed(shape: AnalysedShape, analysis: Analysis) -> Measured | None:
    if not shape.count or analysis.source not in ("profiler", "slowlog", "currentop"):
        return None
    return Measured(
        read_from=analysis.source,
        only_slow=analysis.source != "profiler",
        since=analysis.since or 0.0,
        until=analysis.until or 0.0,
        executions=shape.count,
        p50_ms=shape.latency_ms.p50,
        p95_ms=shape.latency_ms.p95,
        keys_examined=None if shape.keys_examined is None else shape.keys_examined / shape.count,
        documents_examined=None if shape.docs_examined is None else shape.docs_examined / shape.count,
        plan=shape.plan_summary,
    )
