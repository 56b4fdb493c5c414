"""What follows from the evidence, each from the best source that has it, for the score and the findings alike."""

from typing import NamedTuple

from perftui.advice.findings.asked import Asked, asked
from perftui.advice.findings.evidence import Evidence
from perftui.advice.plans.walk import blocking_sorts, collection_scans, kept_by_scan, returned
from perftui.model.plan import Plan, Stage

_OWN_RESULT_OPS = frozenset(("count", "distinct"))


class Signals(NamedTuple):
    """Counters are means of one execution; `None` is not known."""

    scans_collection: bool
    documents: float | None
    keys: float | None
    scanned: float | None
    """Documents or keys read, whichever are more."""
    returned: float | None
    kept: float | None
    """What of the documents read was wanted: those returned or, where they are grouped or counted, those let pass."""
    passed: float | None
    """What of the documents read passed the filter, where a plan tells it."""
    sort_share: float
    """Of the executions, those that sorted without an index."""
    sorts: tuple[Stage, ...]
    asked: Asked | None

    @property
    def ratio(self) -> float | None:
        """Returned / scanned, as the score takes it; `None` where nothing was read."""
        given = self.kept if self.returned is None else self.returned
        return None if given is None or not self.scanned else given / self.scanned

    @property
    def sorts_what_it_reads(self) -> bool:
        """The filter is served well; it is for want of an order that all matches are read, and not the first few."""
        return self.sort_share > 0 and self.passed is not None and self.passed * 2 >= (self.scanned or 0.0)

    @property
    def kept_ratio(self) -> float | None:
        """The share of what was read that was wanted."""
        return None if self.kept is None or not self.scanned else self.kept / self.scanned


def signals(evidence: Evidence) -> Signals:
    """Read plan and command once."""
    plan = evidence.plan
    question = asked(evidence.command) if evidence.asked is None and evidence.command is not None else evidence.asked
    documents = _known(evidence.documents_examined, None if plan is None else plan.documents_examined)
    keys = _known(evidence.keys_examined, None if plan is None else plan.keys_examined)
    given = _returned(evidence)
    passed = None if plan is None else _passed(plan, documents)
    sorts = () if plan is None else tuple(blocking_sorts(plan))
    read = [number for number in (documents, keys) if number is not None]
    return Signals(
        scans_collection=_scans(evidence),
        documents=documents,
        keys=keys,
        scanned=max(read, default=None),
        returned=given,
        kept=passed if question is not None and (given is None or question.grouped) else given,
        passed=passed,
        sort_share=evidence.blocking_sort_share or (1.0 if sorts else 0.0),
        sorts=sorts,
        asked=question,
    )


def _known(first: float | None, second: float | None) -> float | None:
    return second if first is None else first


def _scans(evidence: Evidence) -> bool:
    if evidence.plan is not None and collection_scans(evidence.plan):
        return True
    return any("COLLSCAN" in summary for summary in evidence.plan_summaries)


def _returned(evidence: Evidence) -> float | None:
    """A count returns a number and a distinct values, not the documents that they found."""
    if evidence.op in _OWN_RESULT_OPS:
        return None
    plan = evidence.plan
    return _known(evidence.returned, None if plan is None else returned(plan))


def _passed(plan: Plan, documents: float | None) -> float | None:
    """The plan may be of an execution that read more than the mean: its share is what counts."""
    passed = kept_by_scan(plan)
    if passed is None or not plan.documents_examined or documents is None:
        return passed
    return passed / plan.documents_examined * documents
