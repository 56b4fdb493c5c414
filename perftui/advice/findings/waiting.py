"""Findings on what executions waited for, and on those that failed."""

from collections.abc import Iterator

from perftui.advice.findings import codes
from perftui.advice.findings.evidence import Evidence
from perftui.advice.words.figures import counted, milliseconds, number, share
from perftui.model.finding import Finding, FindingSeverity

LONG_WAIT_MS = 10.0
_MUCH = 0.2
_MOST_OF_IT = 0.5
_VERY_LONG_MS = 100.0
FAILURES = {
    27: ("there is no text index", "Create a text index on the fields that it searches."),
    50: ("the time limit ran out", "Let an index make it faster, or allow it more time."),
    112: ("writes to the same document met", "Let the application try again, and write less often to one document."),
    292: ("a sort had not enough memory", "Let an index give the order, or allow the use of disk."),
    11000: ("a unique index has the key already", "Look at what the application inserts; the index does its work."),
}


def waiting_findings(evidence: Evidence) -> Iterator[Finding]:
    """Conflicts, locks, queues, failures."""
    if (evidence.write_conflicts or 0.0) > 0:
        yield _conflicts(evidence.write_conflicts or 0.0)
    if (evidence.lock_wait_ms or 0.0) >= LONG_WAIT_MS:
        yield _wait(
            codes.LOCK_WAIT,
            evidence.lock_wait_ms or 0.0,
            evidence.average_ms,
            "for locks",
            "Look for what holds them: an index build's start, a collMod, a drop, or a long transaction.",
        )
    if (evidence.queue_wait_ms or 0.0) >= LONG_WAIT_MS:
        yield _wait(
            codes.QUEUE_WAIT,
            evidence.queue_wait_ms or 0.0,
            evidence.average_ms,
            "for tickets or flow control",
            "The server is asked for more at once than it can do: make the dearest shapes cheaper.",
        )
    if evidence.errors:
        yield _failures(evidence, evidence.errors)


def _conflicts(number_of: float) -> Finding:
    return Finding(
        code=codes.WRITE_CONFLICTS,
        severity="warning" if number_of >= 1 else "info",
        message=f"It met {counted(number_of, 'write conflict')} an execution, and each time began again.",
        advice="Many writers change the same documents: spread them over more documents, or gather the changes.",
    )


def _wait(code: str, waited_ms: float, average_ms: float | None, what: str, advice: str) -> Finding:
    part = waited_ms / average_ms if average_ms else None
    severity: FindingSeverity = "warning" if part is None or part >= _MUCH else "info"
    if part is not None and part >= _MOST_OF_IT and waited_ms >= _VERY_LONG_MS:
        severity = "critical"
    of_it = f", {share(min(part, 1.0))} of its time" if part is not None else ""
    message = f"An execution waits {milliseconds(waited_ms)} {what}{of_it}."
    return Finding(code=code, severity=severity, message=message, advice=advice)


def _failures(evidence: Evidence, errors: int) -> Finding:
    why, advice = FAILURES.get(evidence.error_code or 0, ("", "Look at the error of an entry."))
    of_all = f" of {number(evidence.executions)}" if evidence.executions else ""
    reason = f": {why}" if why else ""
    every = evidence.executions is not None and errors >= evidence.executions
    return Finding(
        code=codes.FAILING,
        severity="critical" if every else "warning",
        message=f"{number(errors)}{of_all} executions failed{reason}.",
        advice=advice,
    )
