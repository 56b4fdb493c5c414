"""How good the executions of a shape are: a score with what it lost, and what is wrong in words."""

from perftui.advice.findings.asking import asking_findings
from perftui.advice.findings.evidence import Evidence
from perftui.advice.findings.reading import reading_findings
from perftui.advice.findings.safe import safe_to_show
from perftui.advice.findings.score import FULL, penalties
from perftui.advice.findings.signals import signals
from perftui.advice.findings.sorting import sorting_findings
from perftui.advice.findings.waiting import waiting_findings
from perftui.model.finding import Assessment, FindingSeverity

__all__ = ["Evidence", "assess", "is_assessable"]

_ORDER: dict[FindingSeverity, int] = {"critical": 0, "warning": 1, "info": 2}


def assess(evidence: Evidence) -> Assessment:
    """The score over the whole plan and all findings, worst first; never a word on what is not known."""
    known = signals(evidence)
    lost = tuple(penalties(evidence, known))
    found = [
        *reading_findings(evidence, known),
        *sorting_findings(evidence, known),
        *asking_findings(evidence, known),
        *waiting_findings(evidence),
    ]
    return Assessment(
        score=max(FULL - sum(penalty.points for penalty in lost), 0),
        penalties=lost,
        findings=tuple(sorted(map(safe_to_show, found), key=lambda finding: _ORDER[finding.severity])),
    )


def is_assessable(evidence: Evidence) -> bool:
    """Whether a score says anything: how it was executed is known from a plan or from counters."""
    if evidence.plan is not None or evidence.plan_summaries:
        return True
    return evidence.documents_examined is not None or evidence.keys_examined is not None
