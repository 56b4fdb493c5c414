"""Findings on how much is read for what is returned."""

from collections.abc import Iterator

from perftui.advice.findings import codes
from perftui.advice.findings.evidence import Evidence
from perftui.advice.findings.score import MANY_DOCUMENTS, SELECTIVE_SHARE
from perftui.advice.findings.signals import Signals
from perftui.advice.plans.walk import own_stages
from perftui.advice.words.figures import counted, number, share
from perftui.model.finding import Finding, FindingSeverity

TINY = 100
"""Documents: a collection this small needs no index."""
_MOST = 0.5
_COVERED_FIELDS = 5


def reading_findings(evidence: Evidence, known: Signals) -> Iterator[Finding]:
    """Scans, what they throw away, and fetches that an index could spare."""
    if known.scans_collection:
        yield _must_read_all(evidence, known) if reads_everything(known) else _scan(known)
    if known.kept_ratio is not None and not _nothing_to_index(known):
        yield from _selectivity(evidence, known, known.kept_ratio)
    if known.documents is not None and known.documents > MANY_DOCUMENTS:
        yield _many(known, known.documents)
    if (coverable := _coverable(evidence, known)) is not None:
        yield coverable


def reads_everything(known: Signals) -> bool:
    """It groups, or gives back, the whole collection: nothing in it narrows what is read."""
    return known.scans_collection and _nothing_to_index(known) and known.asked is not None and not known.asked.limited


def _nothing_to_index(known: Signals) -> bool:
    """Neither a filter nor an order nor values to tell apart: no index can serve it."""
    asked = known.asked
    return asked is not None and not (asked.filtered or asked.sort or asked.tells_values_apart)


def _must_read_all(evidence: Evidence, known: Signals) -> Finding:
    grouped = known.asked is not None and known.asked.grouped
    writes = evidence.op in ("update", "delete")
    what = "groups" if grouped else "changes" if writes else "has no filter and returns"
    figures = "" if known.documents is None else f" ({counted(known.documents, 'document')} an execution)"
    advice = "Keep the result, such as with $merge or a cache," if grouped else "Ask for what is needed,"
    return Finding(
        code=codes.READS_EVERYTHING,
        severity="info",
        message=f"It {what} the whole collection{figures}: every document must be read, and no index can spare that.",
        advice=f"{advice} or run it less often.",
    )


def _scan(known: Signals) -> Finding:
    documents = known.documents
    figures = "" if documents is None else f": {counted(documents, 'document')} an execution{_for_kept(known)}"
    return Finding(
        code=codes.COLLECTION_SCAN,
        severity=_scan_severity(known),
        message=f"It scans the whole collection{figures}.",
        advice=_scan_advice(known),
    )


def _scan_severity(known: Signals) -> FindingSeverity:
    """Critical only where many documents are known to be read for few."""
    documents, ratio = known.documents, known.kept_ratio
    if _nothing_to_index(known) or (documents is not None and documents <= TINY):
        return "info"
    if ratio is not None and ratio >= _MOST:
        return "info"
    return "critical" if ratio is not None and documents is not None and documents > MANY_DOCUMENTS else "warning"


def _scan_advice(known: Signals) -> str:
    asked = known.asked
    if known.documents is not None and known.documents <= TINY:
        return "Nothing yet: an index gains nothing on so few documents."
    if _nothing_to_index(known):
        return "It has neither a filter nor an order, so no index can serve it: give it one, or read less."
    if known.kept_ratio is not None and known.kept_ratio >= _MOST:
        return "Ask for less: where half or more of what is read is wanted, an index gains nothing."
    if asked is not None and asked.filtered and not asked.filter.fields and not asked.sort:
        return "Say the filter with operators on fields, which an index can serve."
    return "Create an index on the fields of the filter, and of the sort if there is one."


def _for_kept(known: Signals) -> str:
    if known.returned is not None:
        return f" for {number(known.returned)} returned"
    return f", of which {number(known.kept)} match" if known.kept is not None else ""


def _selectivity(evidence: Evidence, known: Signals, ratio: float) -> Iterator[Finding]:
    scanned = known.scanned or 0.0
    if scanned <= TINY or ratio >= SELECTIVE_SHARE or (known.sorts_what_it_reads and not known.scans_collection):
        return
    figures = f"{counted(known.keys or 0, 'key')} and {counted(known.documents or 0, 'document')}"
    verb = "wanted" if known.returned is None else "returned"
    outcome = f"{number(known.kept or 0.0)} {verb}, {share(ratio)}"
    if known.scans_collection or not _uses_index(evidence):
        yield Finding(
            code=codes.POOR_SELECTIVITY,
            severity="warning",
            message=f"It throws away most of what it reads: {figures} scanned for {outcome}.",
            advice="Let an index narrow it down: the equality fields first, then the sort, then the range.",
        )
        return
    yield Finding(
        code=codes.INDEX_NOT_SELECTIVE,
        severity="warning",
        message=f"It uses {_index(evidence)}, which narrows it down too little: {figures} for {outcome}.",
        advice="Extend the index by the other fields of the filter, equalities before the sort and the range.",
    )


def _uses_index(evidence: Evidence) -> bool:
    indexed = evidence.plan is not None and bool(evidence.plan.indexes)
    return indexed or any("{" in summary for summary in evidence.plan_summaries)


def _index(evidence: Evidence) -> str:
    if evidence.plan is not None and evidence.plan.indexes:
        return f"the index {', '.join(evidence.plan.indexes[:3])}"
    found = next((summary for summary in evidence.plan_summaries if "{" in summary), "")
    return f"an index ({found[:200]})"


def _many(known: Signals, documents: float) -> Finding:
    wanted = _nothing_to_index(known) or (known.kept_ratio or 0.0) >= _MOST
    advice = "Let an index hold the filter's fields, so that only the documents that match are fetched."
    if wanted:
        advice = "Return, skip or group less at a time: no index can spare reading them."
    elif known.sorts_what_it_reads and not known.scans_collection:
        advice = "Let the index give the order as well, so that a limit ends the reading."
    return Finding(
        code=codes.MANY_DOCUMENTS,
        severity="info" if wanted else "warning",
        message=f"It examines {counted(documents, 'document')} an execution, over {number(MANY_DOCUMENTS)}.",
        advice=advice,
    )


def _coverable(evidence: Evidence, known: Signals) -> Finding | None:
    """Only where a plan shows a plain index scan with a fetch above it: an array can never be covered."""
    asked, plan = known.asked, evidence.plan
    if asked is None or plan is None or not asked.projected or not (known.documents or 0.0) > TINY:
        return None
    fields = list(dict.fromkeys([*asked.filter.fields, *asked.sort, *asked.projected]))
    names = [stage.name for stage in own_stages(plan)]
    plain = "FETCH" in names and "IXSCAN" in names and not any(stage.multikey for stage in own_stages(plan))
    if not plain or len(fields) > _COVERED_FIELDS or (known.kept_ratio or 0.0) < _MOST:
        return None
    return Finding(
        code=codes.COVERABLE_FETCH,
        severity="info",
        message=f"It fetches {counted(known.documents or 0.0, 'document')} an execution for {len(fields)} fields.",
        advice=f"An index that holds {', '.join(fields)} would answer it without reading any document.",
    )
