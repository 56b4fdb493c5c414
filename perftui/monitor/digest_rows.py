"""One shape's row of the digest, made from the sums of its cells."""

from perftui.model.histogram import quantiles_us
from perftui.model.query import DigestRow, LatencySummary, RecentWork
from perftui.monitor.digest_cells import SLOT_S, Cell, ShapeHistory
from perftui.monitor.digest_judging import Verdict

OVERFLOW_ID = "overflow"


def digest_row(shape_id: str, shape: ShapeHistory, first: int, seconds: float, now: float, last: Verdict) -> DigestRow:
    """The sums from slot `first` on, with the last verdict on this shape."""
    total = shape.merged(first)
    return DigestRow(
        recent=_recent(shape, now),
        shape_id=shape_id,
        ns=shape.ns,
        op=shape.op,
        shape=shape.shape,
        count=total.count,
        per_s=total.count / seconds,
        latency_ms=_latency(total),
        examined_documents=total.documents,
        examined_keys=total.keys,
        returned=total.returned,
        plan_summaries=shape.plans(first),
        plans_at=shape.plans_at(first),
        sorts_in_memory=total.sorts,
        used_disk=total.spills,
        replans=total.replans,
        write_conflicts=total.write_conflicts,
        lock_wait_ms=total.lock_wait_ms,
        queue_wait_ms=total.queue_wait_ms,
        errors=total.errors,
        applications=shape.applications(first),
        endpoints=total.endpoints.most_used() if total.endpoints is not None else (),
        last_seen_at=total.last_at,
        slowest=shape.slowest(first),
        score=last.score,
        penalties=last.penalties,
        findings=last.findings,
        overflow=shape_id == OVERFLOW_ID,
    )


def _recent(shape: ShapeHistory, now: float) -> RecentWork | None:
    """The slot that runs and the one before it."""
    first = int(now // SLOT_S) - 1
    cell = shape.recent(first)
    if cell is None:
        return None
    return RecentWork(
        span_s=round(now - first * SLOT_S, 1),
        count=cell.count,
        total_ms=cell.total_ms,
        longest_ms=cell.longest_ms,
        examined_documents=cell.documents,
        examined_keys=cell.keys,
        returned=cell.returned,
        scans=cell.scans,
        used_disk=cell.spills,
        lock_wait_ms=cell.lock_wait_ms,
        errors=cell.errors,
        write_conflicts=cell.write_conflicts,
        heavy=cell.heavy,
        heavy_at=shape.heavy_at,
    )


def _latency(total: Cell) -> LatencySummary:
    if not total.count:
        return LatencySummary(total=total.total_ms)
    filled = sorted(total.histogram.items())
    p50, p95, p99 = (min(us / 1000, total.longest_ms) for us in quantiles_us(filled, (0.5, 0.95, 0.99)))
    return LatencySummary(
        average=total.total_ms / total.count,
        p50=p50,
        p95=p95,
        p99=p99,
        maximum=total.longest_ms,
        total=total.total_ms,
    )
