"""The score of a shape: 100 less the points that each of five faults costs."""

from collections.abc import Iterator

from perftui.advice.findings import codes
from perftui.advice.findings.evidence import Evidence
from perftui.advice.findings.signals import Signals
from perftui.advice.words.figures import counted, milliseconds, number, share
from perftui.model.finding import Penalty

FULL = 100
COLLECTION_SCAN_POINTS = 30
SELECTIVITY_POINTS = 20
DOCUMENTS_POINTS = 15
SLOW_POINTS = 10
SORT_POINTS = 25

SELECTIVE_SHARE = 0.1
MANY_DOCUMENTS = 1000
SLOW_MS = 100.0
_TOO_FEW_TO_TELL = 10


def penalties(evidence: Evidence, known: Signals) -> Iterator[Penalty]:
    """What is lost; nothing for what is not known."""
    if known.scans_collection:
        reason = "The plan scans the whole collection."
        yield Penalty(code=codes.COLLECTION_SCAN, points=COLLECTION_SCAN_POINTS, reason=reason)
    if is_poor(known):
        yield Penalty(code=codes.POOR_SELECTIVITY, points=SELECTIVITY_POINTS, reason=_selectivity(known))
    if known.documents is not None and known.documents > MANY_DOCUMENTS:
        reason = f"An execution examines {counted(known.documents, 'document')}, over {number(MANY_DOCUMENTS)}."
        yield Penalty(code=codes.MANY_DOCUMENTS, points=DOCUMENTS_POINTS, reason=reason)
    if evidence.p95_ms is not None and evidence.p95_ms > SLOW_MS:
        reason = f"The 95th percentile is {milliseconds(evidence.p95_ms)}, over {milliseconds(SLOW_MS)}."
        yield Penalty(code=codes.SLOW, points=SLOW_POINTS, reason=reason)
    if known.sort_share > 0:
        reason = "No index gives the order: the results are sorted before the first can be returned."
        yield Penalty(code=codes.BLOCKING_SORT, points=SORT_POINTS, reason=reason)


def is_poor(known: Signals) -> bool:
    """Less than a tenth of what is scanned is returned; a few documents tell nothing."""
    ratio = known.ratio
    return ratio is not None and ratio < SELECTIVE_SHARE and (known.scanned or 0.0) >= _TOO_FEW_TO_TELL


def _selectivity(known: Signals) -> str:
    given = known.kept if known.returned is None else known.returned
    scanned = number(known.scanned or 0.0)
    return f"{number(given or 0.0)} returned of {scanned} scanned, {share(known.ratio or 0.0)}: under 10 %."
