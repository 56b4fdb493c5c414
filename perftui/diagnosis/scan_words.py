"""What a query that reads far more than it returns is called, why it does, and what helps: not always an index."""

import re
from typing import NamedTuple

from perftui.advice.findings import codes
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.recent_work import Read
from perftui.diagnosis.words import count, name
from perftui.model.query import DigestRow, RecentWork
from perftui.model.snapshot import TargetState

_CHANGED_LATELY_S = 900.0
_NEW_AFTER_S = 10.0
_INDEXED = ("IXSCAN", "COUNT_SCAN", "EXPRESS")
_TURN_S = 1.0
"""What began with the old plan may end a little after the first of the new one."""
_GATHERS = re.compile(r"\$(group|count|bucket|bucketAuto|sortByCount|facet|setWindowFields|out|merge)\b")
"""Stages that give little for much that they read, with the best of indexes too."""
_COUNTS = ("count", "distinct")
_SKIPS = re.compile(r"\bskip \?")
_FIRST_SORTED = re.compile(r"\bsort \{([^:{}]+):")
_SERVED = {codes.INDEX_NOT_SELECTIVE, codes.POOR_SELECTIVITY, codes.BLOCKING_SORT, codes.COLLECTION_SCAN}
"""Where a finding says so, another index would help."""
_CREATE, _ADVISE = "create the advised index", "read the advice: the query itself has to change"


class Named(NamedTuple):
    code: str
    what: str
    cause: str
    help: str


class Reason(NamedTuple):
    """Why no index helps."""

    how: str
    """What the query does to its collection."""
    why: str
    help: str


_JAVASCRIPT = Reason(
    "is read whole by a query that no plain index serves", "it runs JavaScript on each document",
    "say it with query operators or aggregation stages ($group) instead of JavaScript",
)  # fmt: skip
_EVERYTHING = Reason("is read whole by a query that no plain index serves", "", _ADVISE)
UNANCHORED = Reason(
    "is searched by a pattern that no plain index serves", "its pattern has no literal beginning",
    "begin the pattern with ^ and plain characters, or search words with a text or search index",
)  # fmt: skip
INSENSITIVE = Reason(
    "is searched by a pattern that no plain index serves", "its pattern ignores case",
    "keep a lower-case copy of the field, or use a collation of strength 2 and its index",
)  # fmt: skip
_REASONS = (
    (codes.JAVASCRIPT, _JAVASCRIPT),
    (codes.UNANCHORED_REGEX, UNANCHORED),
    (codes.CASE_INSENSITIVE_REGEX, INSENSITIVE),
    (codes.READS_EVERYTHING, _EVERYTHING),
)


def named(moment: Moment, state: TargetState, row: DigestRow, recent: RecentWork, read: Read) -> Named:
    ns, each = name(row.ns), _each(row, recent, read)
    scans = reads_all(row, recent)
    if scans and (lost := _lost_index(moment, state, row)):
        return Named("index-dropped", f"an index of {ns} is gone", f"{lost}; {each} (COLLSCAN)", _CREATE)
    if reason := _unserved(row, scans=scans):
        why = f"{each}; {reason.why}" if reason.why else each
        return Named("full-scan", f"{ns} {reason.how}", why, reason.help)
    if join := next((one for one in row.findings if one.code == codes.LOOKUP_WITHOUT_INDEX), None):
        why = join.message.partition(":")[0].removesuffix(".")
        cause = f"{why[:1].lower()}{why[1:]}; {each}{_news(moment, state, row)}"
        return Named("missing-index", f"missing index for a $lookup from {ns}", cause, _CREATE)
    if scans:
        cause = f"{each} (COLLSCAN){_news(moment, state, row)}"
        return Named("missing-index", f"missing index on {ns}", cause, _CREATE)
    return _indexed(moment, state, row, recent, read)


def _indexed(moment: Moment, state: TargetState, row: DigestRow, recent: RecentWork, read: Read) -> Named:
    ns = name(row.ns)
    plan = f" ({name(row.plan_summaries[0])})" if row.plan_summaries and read == "documents" else ""
    each = f"{_each(row, recent, read)}{plan}"
    if gathers(row, recent, read):
        what = "an aggregation" if row.op == "aggregate" else f"a {_verb(row)}"
        return Named("full-scan", f"{what} on {ns} reads much to give little", each, _ADVISE)
    if read == "keys" and row.findings and not _SERVED & {one.code for one in row.findings}:
        return Named("full-scan", f"most of an index of {ns} is read for little", each, _ADVISE)
    help_ = _CREATE if read == "documents" else f"{_CREATE}: fields of equality first, then the sort, then ranges"
    return Named("missing-index", f"no good index on {ns}", f"{each}{_news(moment, state, row)}", help_)


def reads_all(row: DigestRow, recent: RecentWork) -> bool:
    return recent.scans > 0 or any(plan.startswith("COLLSCAN") for plan in row.plan_summaries[:1])


def gathers(row: DigestRow, recent: RecentWork, read: Read) -> bool:
    """It counts, groups or copies what an index finds for it."""
    counts = read == "keys" and row.op in _COUNTS
    return not reads_all(row, recent) and (counts or _GATHERS.search(row.shape) is not None)


def _unserved(row: DigestRow, *, scans: bool) -> Reason | None:
    found = {finding.code: finding.severity for finding in row.findings}
    if reason := next((one for code, one in _REASONS if code in found), None):
        return reason
    # A deep skip reads as much with any index; but where the whole collection is read, one may help all the same.
    unhelped = not scans or found.get(codes.COLLECTION_SCAN) == "info"
    if unhelped and _SKIPS.search(row.shape) and (codes.LARGE_SKIP in found or not found):
        sorted_by = _FIRST_SORTED.search(row.shape)
        return skipping(name(sorted_by.group(1)) if sorted_by else "_id")
    return None


def skipping(last: str) -> Reason:
    """`last`: the field that gives the order."""
    return Reason(
        "is paged through with a deep skip", "all that it skips is read and thrown away",
        f"page by range: ask for what comes after the last {last} seen, instead of skip",
    )  # fmt: skip


def _each(row: DigestRow, recent: RecentWork, read: Read) -> str:
    """`each find reads 99,900 keys of the index { name: 1 } to return 10`."""
    examined = recent.examined_documents if read == "documents" else recent.examined_keys
    what = "documents" if read == "documents" else _keys_of(row)
    each, returned = (count((number or 0) / recent.count) for number in (examined, recent.returned))
    return f"each {_verb(row)} reads {each} {what} to return {returned}"


def _keys_of(row: DigestRow) -> str:
    plan = row.plan_summaries[0] if row.plan_summaries else ""
    return f"keys of the index {name(plan[plan.index('{') :])}" if "{" in plan else "index keys"


def _verb(row: DigestRow) -> str:
    return name(row.shape.partition(" ")[0]) if row.op == "command" else row.op


def _lost_index(moment: Moment, state: TargetState, row: DigestRow) -> str | None:
    """That the same query used an index before, or that one was seen to go."""
    for event in moment.events("index.dropped", "index.hidden", within_s=_CHANGED_LATELY_S, target_id=state.target.id):
        if event.subject == row.ns:
            return event.message.removesuffix(".")
    before = next((plan for plan in _plans_before_the_last(row) if plan.startswith(_INDEXED)), None)
    return f"the same query used {name(before)} before" if before else None


def _plans_before_the_last(row: DigestRow) -> list[str]:
    """Those that were not used any more when the latest was."""
    latest = max(row.plans_at, default=0.0)
    return [plan for plan, at in zip(row.plan_summaries, row.plans_at, strict=False) if at < latest - _TURN_S]


def first_seen(moment: Moment, state: TargetState, row: DigestRow) -> float | None:
    """When a query came that was not there when perftui began to look."""
    first, began = moment.track(state, "examined", row.shape_id).first_at, moment.memory.watched_since(state.target.id)
    covered = state.queries.covered_s if state.queries is not None else None
    if began is None or first <= began + _NEW_AFTER_S or (covered or 0.0) < _NEW_AFTER_S:
        return None
    return first


def _news(moment: Moment, state: TargetState, row: DigestRow) -> str:
    """What is new: the query itself, or the release of the application that sends it."""
    if first_seen(moment, state, row) is None:
        return ""
    applications = {one.target.id for one in moment.states("application")}
    for event in moment.events("version.changed", "server.restarted", within_s=_CHANGED_LATELY_S):
        if event.target_id in applications:
            return f"; a query not seen before: {event.message.removesuffix('.')}"
    return "; a query not seen before"
