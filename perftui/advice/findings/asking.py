"""Findings on what the query itself asks for."""

from collections.abc import Iterator
from math import prod

from perftui.advice.filters.traits import Regex
from perftui.advice.findings import codes
from perftui.advice.findings.asked import Asked
from perftui.advice.findings.evidence import Evidence
from perftui.advice.findings.reading import TINY
from perftui.advice.findings.score import MANY_DOCUMENTS
from perftui.advice.findings.signals import Signals
from perftui.advice.words.figures import counted, number
from perftui.model.finding import Finding, FindingSeverity

MERGED_SCANS = 200
"""So many scans of an index the server merges in order; with more it sorts."""
HUGE_SKIP = 1000
MANY_RETURNED = 1000
_READING_OPS = frozenset(("find", "aggregate"))


def asking_findings(evidence: Evidence, known: Signals) -> Iterator[Finding]:
    """What is dear whatever the index."""
    asked = known.asked
    if asked is None:
        return
    if asked.javascript is not None:
        yield _javascript(asked.javascript, known)
    for regex in list(asked.filter.regexes)[:5]:
        yield from _regex(regex, known)
    yield from _lists(asked)
    if asked.skip >= HUGE_SKIP:
        yield _skip(asked.skip)
    if evidence.op in _READING_OPS and not asked.limited and not asked.grouped and not asked.writes_out:
        yield from _unbounded(known)


def _weight(known: Signals) -> FindingSeverity:
    """Little read, little harm."""
    return "info" if known.scanned is not None and known.scanned <= TINY else "warning"


def _javascript(operator: str, known: Signals) -> Finding:
    many = known.scanned is not None and known.scanned > MANY_DOCUMENTS
    return Finding(
        code=codes.JAVASCRIPT,
        severity="critical" if many else "warning",
        message=f"{operator} runs JavaScript on each document that it looks at, and no index can serve it.",
        advice="Say it with query operators, or with $expr and aggregation operators.",
    )


def _regex(regex: Regex, known: Signals) -> Iterator[Finding]:
    if not regex.anchored:
        ignoring = " and ignores case" if regex.insensitive else ""
        yield Finding(
            code=codes.UNANCHORED_REGEX,
            severity=_weight(known),
            message=f"The pattern on {regex.field} has no literal beginning{ignoring}: every key or document is tried.",
            advice="Begin it with ^ and plain characters, or search words with $text and a text index.",
        )
    elif regex.insensitive:
        yield Finding(
            code=codes.CASE_INSENSITIVE_REGEX,
            severity=_weight(known),
            message=f"The pattern on {regex.field} ignores case: an index cannot narrow it down, every key is tried.",
            advice="Keep a lower-case copy of the field, or compare with a collation of strength 2 and its index.",
        )


def _lists(asked: Asked) -> Iterator[Finding]:
    scans = prod(max(one.values, 1) for one in asked.filter.lists)
    if scans <= MERGED_SCANS or (not asked.sort and all(one.values <= MERGED_SCANS for one in asked.filter.lists)):
        return
    names = " and ".join(one.field for one in asked.filter.lists[:3])
    limit = f"over {MERGED_SCANS} the server cannot merge them in order and sorts the results"
    effect = limit if asked.sort else "each is looked up on its own"
    yield Finding(
        code=codes.LARGE_IN,
        severity="warning" if asked.sort or scans > MANY_RETURNED else "info",
        message=f"The $in on {names} asks for {counted(scans, 'value')}: {effect}.",
        advice=f"Ask for at most {MERGED_SCANS} values at a time, or for what they have in common.",
    )


def _skip(skip: int) -> Finding:
    return Finding(
        code=codes.LARGE_SKIP,
        severity="warning",
        message=f"It skips {counted(skip, 'result')}, which are all read and thrown away.",
        advice="Go on behind the last result seen: put its sort value into the filter instead of a skip.",
    )


def _unbounded(known: Signals) -> Iterator[Finding]:
    if known.returned is not None and known.returned >= MANY_RETURNED:
        yield Finding(
            code=codes.UNBOUNDED_RESULT,
            severity="warning",
            message=f"It has no limit and returns {number(known.returned)} documents an execution.",
            advice="Give it a limit and read page by page, or project only the fields that are needed.",
        )
