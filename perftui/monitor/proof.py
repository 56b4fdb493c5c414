"""Before and after an index: pure, from what the digest and the application's document say."""

from collections.abc import Callable, Sequence

from perftui.model.application import QueryGroup
from perftui.model.proof import IndexProof, Measured, ProofShape, ProofStart, ShapeProof, Verdict
from perftui.model.query import DigestRow, QueryDigest

ENOUGH = 5
"""Executions on either side, below which nothing is said to have changed."""
_HELPS, _HARMS = 2.2, 1.05
_MATTERS = 1_000
_FASTER, _SLOWER = 0.67, 1.5
_PATIENCE_S = 60.0

MeasuredAfter = Callable[[str], Measured | None]
"""The shape's executions since the index is there; `None`: none were seen."""


def measured_row(row: DigestRow, digest: QueryDigest, until: float) -> Measured:
    """A shape's row in the digest as what it was before an index."""
    covered = digest.window_s if digest.covered_s is None else digest.covered_s
    return Measured(
        read_from=digest.read_from,
        only_slow=row.ns.partition(".")[0] not in digest.unbiased,
        since=until - covered,
        until=until,
        executions=row.count,
        p50_ms=row.latency_ms.p50,
        p95_ms=row.latency_ms.p95,
        keys_examined=_each(row.examined_keys, row.count),
        documents_examined=_each(row.examined_documents, row.count),
        plan=row.plan_summaries[0] if row.plan_summaries else None,
    )


def measured_group(group: QueryGroup, since: float, until: float) -> Measured:
    """A shape of the application's own document, whose window lies wholly after the index."""
    return Measured(
        read_from="application",
        since=since,
        until=until,
        executions=group.count,
        p50_ms=group.latency_ms.p50,
        p95_ms=group.latency_ms.p95,
        documents_examined=_each(group.examined_documents, group.count),
    )


def prove(start: ProofStart, after: MeasuredAfter, *, uses: int | None, now: float) -> IndexProof:
    """What is known of this index at `now`."""
    shapes = tuple(_prove_shape(shape, after(shape.id), start, uses, now) for shape in start.shapes)
    verdict = _overall([shape.verdict for shape in shapes])
    return IndexProof(
        id=start.id,
        ns=start.ns,
        index=start.index,
        finished_at=start.finished_at,
        uses=uses,
        shapes=shapes,
        verdict=verdict,
        message=_summary(start, shapes, verdict, uses),
    )


def _prove_shape(
    shape: ProofShape, after: Measured | None, start: ProofStart, uses: int | None, now: float
) -> ShapeProof:
    before = shape.in_application if after is not None and after.read_from == "application" else shape.before
    verdict, message = _judge(before, after, start, uses, now)
    return ShapeProof(id=shape.id, shape=shape.shape, before=before, after=after, verdict=verdict, message=message)


def _judge(
    before: Measured | None, after: Measured | None, start: ProofStart, uses: int | None, now: float
) -> tuple[Verdict, str]:
    seen = 0 if after is None else after.executions
    if before is None:
        return "not measured", "Nothing was measured before the index was there, so nothing can be compared."
    if after is None or seen < ENOUGH:
        return _too_few(before, seen, start, uses, now)
    if after.only_slow and not before.only_slow:
        return "not measured", "Only slow executions are seen now: press P to measure all of them for a while."
    return _compare(before, after, start)


def _too_few(before: Measured, seen: int, start: ProofStart, uses: int | None, now: float) -> tuple[Verdict, str]:
    waited = now - start.finished_at
    if uses and before.only_slow and not seen and waited >= _PATIENCE_S:
        return "not measured", (
            f"The index was used {uses:,} times and the query has gone from the slow ones: "
            "press P to measure it for a while."
        )
    if waited < _PATIENCE_S or uses:
        return "waiting", f"{seen} of at least {ENOUGH} executions since the index is there."
    if uses == 0:
        return "waiting", "The index has not been used yet, and the query was not seen again."
    return "waiting", f"{seen} of at least {ENOUGH} executions in {waited:.0f} s."


def _compare(before: Measured, after: Measured, start: ProofStart) -> tuple[Verdict, str]:
    costs = _cost(before), _cost(after)
    words = _words(before, after)
    if costs[0] is not None and costs[1] is not None:
        if costs[0] >= _HELPS * costs[1]:
            return "helped", words
        if costs[1] > _HARMS * costs[0] and costs[1] - costs[0] > _MATTERS:
            return "worse", words
    elif before.p50_ms and after.p50_ms:
        if after.p50_ms <= _FASTER * before.p50_ms:
            return "helped", words
        if after.p50_ms >= _SLOWER * before.p50_ms:
            return "worse", words
    return "no difference", f"{words}; {start.way_back}."


def _words(before: Measured, after: Measured) -> str:
    parts = [
        f"{name} {_figure(old, unit)} to {_figure(new, unit)}"
        for name, old, new, unit in (
            ("p95", before.p95_ms, after.p95_ms, " ms"),
            ("documents", before.documents_examined, after.documents_examined, ""),
            ("keys", before.keys_examined, after.keys_examined, ""),
        )
        if old is not None and new is not None
    ]
    return f"{', '.join(parts) or 'no figures on both sides'} over {after.executions:,} executions"


def _figure(value: float, unit: str) -> str:
    return f"{value:,.0f}{unit}" if value >= 10 or value == int(value) else f"{value:.1f}{unit}"


def _cost(measured: Measured) -> float | None:
    """Keys and twice the documents, the measure that advice is judged by, without sorts."""
    if measured.keys_examined is None or measured.documents_examined is None:
        return None
    return measured.keys_examined + 2 * measured.documents_examined


def _overall(verdicts: Sequence[Verdict]) -> Verdict:
    order: tuple[Verdict, ...] = ("worse", "helped", "waiting", "not measured", "no difference")
    return next((verdict for verdict in order if verdict in verdicts), "not measured")


def _summary(start: ProofStart, shapes: Sequence[ShapeProof], verdict: Verdict, uses: int | None) -> str:
    told = next((shape for shape in shapes if shape.verdict == verdict), None)
    used = "" if uses is None else f" It was used {uses:,} times."
    if told is None:
        return f"{start.index}: no shape of it is watched.{used}"
    helped = sum(shape.verdict == "helped" for shape in shapes)
    of = f" ({helped} of {len(shapes)} shapes helped)" if len(shapes) > 1 else ""
    return f"{start.index}: {verdict}{of}: {told.message}{used if verdict != 'not measured' else ''}"


def _each(total: int | None, executions: int) -> float | None:
    return None if total is None or executions <= 0 else total / executions
