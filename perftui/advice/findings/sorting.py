"""Findings on sorts, spills, joins and plans that were chosen anew."""

from collections.abc import Iterator

from perftui.advice.findings import codes
from perftui.advice.findings.evidence import Evidence
from perftui.advice.findings.score import MANY_DOCUMENTS
from perftui.advice.findings.signals import Signals
from perftui.advice.plans.walk import joins_without_index, stages
from perftui.advice.words.figures import counted, number, share, size
from perftui.model.finding import Finding, FindingSeverity
from perftui.model.index import Index
from perftui.model.plan import Stage

_FEW_SORTED = 100
_OFTEN = 0.1


def sorting_findings(evidence: Evidence, known: Signals) -> Iterator[Finding]:
    """Everything that the plan does besides reading."""
    if known.sort_share > 0:
        yield _sort(known)
    if (spill := _spill(evidence, known)) is not None:
        yield spill
    yield from _joins(evidence, known)
    if (evidence.replanned_share or 0.0) > 0:
        yield _replanned(evidence.replanned_share or 0.0)


def _sort(known: Signals) -> Finding:
    sort = known.sorts[0] if known.sorts else None
    sorted_documents = _inputs(sort)
    behind = known.asked is not None and known.asked.sorts_results
    message = f"It sorts {_sorted(sort, sorted_documents)} before it can return the first"
    message += "." if known.sort_share >= 1 else f", in {share(known.sort_share)} of its executions."
    severity: FindingSeverity = "warning"
    if sorted_documents is not None and sorted_documents > MANY_DOCUMENTS:
        severity = "critical"
    if behind or (sorted_documents is not None and sorted_documents <= _FEW_SORTED):
        severity = "info"
    advice = "Create an index with the equality fields first and then the sort's fields, in its directions."
    if behind:
        advice = "It sorts what it computed, which no index can: filter earlier, or put a $limit right behind the sort."
    return Finding(code=codes.BLOCKING_SORT, severity=severity, message=message, advice=advice)


def _inputs(sort: Stage | None) -> int | None:
    return sort.inputs[0].returned if sort is not None and sort.inputs else None


def _sorted(sort: Stage | None, documents: int | None) -> str:
    what = "its results" if documents is None else counted(documents, "document")
    order = f" by {', '.join(field for field, _ in sort.sort[:4])}" if sort is not None and sort.sort else ""
    memory = f" in {size(sort.memory_bytes)} of memory" if sort is not None and sort.memory_bytes else ""
    return what + order + memory


def _spill(evidence: Evidence, known: Signals) -> Finding | None:
    spilled = [] if evidence.plan is None else [one for one in stages(evidence.plan.winning) if one.used_disk]
    part = evidence.used_disk_share or (1.0 if spilled else 0.0)
    if part <= 0:
        return None
    times, written = sum(one.spills or 0 for one in spilled), sum(one.spilled_bytes or 0 for one in spilled)
    figures = f", {counted(times, 'time')}" if times else ""
    figures += f", {size(written)}" if written else ""
    message = f"Its memory was not enough: it wrote to disk and read back{figures}"
    message += "." if part >= 1 else f", in {share(part)} of its executions."
    sort = known.sort_share > 0
    return Finding(
        code=codes.DISK_SPILL,
        severity="critical" if sort else "warning",
        message=message,
        advice="Let an index give the order, or sort fewer and smaller documents: filter, project and limit first."
        if sort
        else "Filter and project before the stage that collects, so that it has less to hold.",
    )


def _joins(evidence: Evidence, known: Signals) -> Iterator[Finding]:
    found = {} if evidence.plan is None else {stage.ns or "": stage for stage in joins_without_index(evidence.plan)}
    wanted = [] if known.asked is None else known.asked.joins
    told = evidence.plan is not None and bool(found)
    for join in wanted:
        indexes = evidence.foreign_indexes.get(join.collection)
        missing = indexes is not None and not any(_serves(index, join.field) for index in indexes)
        if missing or (told and _named(found, join.collection) and indexes is None):
            yield _join(known, f"{join.collection}.{join.field}", f"{{{join.field}: 1}} on {join.collection}")
    if told and not wanted:
        yield _join(known, "another collection", "the foreign field on the joined collection")


def _named(found: dict[str, Stage], collection: str) -> bool:
    return any(not ns or ns == collection or ns.partition(".")[2] == collection for ns in found)


def _serves(index: Index, field: str) -> bool:
    if index.hidden or index.building or index.partial_filter is not None or not index.keys:
        return False
    first, direction = index.keys[0]
    return first == "$**" or (first == field and direction in (1, -1, "hashed"))


def _join(known: Signals, what: str, index: str) -> Finding:
    many = known.documents is not None and known.documents > MANY_DOCUMENTS
    figures = f": {number(known.documents)} documents are examined an execution" if known.documents is not None else ""
    return Finding(
        code=codes.LOOKUP_WITHOUT_INDEX,
        severity="critical" if many else "warning",
        message=f"It joins on {what} without an index{figures}.",
        advice=f"Create an index {index}; without it each joined document may cost a scan.",
    )


def _replanned(part: float) -> Finding:
    return Finding(
        code=codes.REPLANNED,
        severity="warning" if part >= _OFTEN else "info",
        message=f"The server gave up its cached plan and chose anew in {share(part)} of the executions.",
        advice="Two indexes suit it about equally, each for other values: create one that fits it, or drop the other.",
    )
