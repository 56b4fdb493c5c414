"""The score and the findings of the digest's rows: from their sums, and from the slowest entry's command and plan."""

from collections.abc import Mapping, Set
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from perftui.advice.findings.asked import Asked, asked
from perftui.advice.findings.assess import assess, is_assessable
from perftui.advice.findings.evidence import Evidence
from perftui.advice.findings.score import SLOW_MS
from perftui.advice.plans.plan import read_profiled_plan
from perftui.model.finding import Finding, Penalty
from perftui.model.index import Index
from perftui.model.plan import Plan
from perftui.model.query import DigestRow, SlowQuery

READ_AT_ONCE = 16
"""Entries read for one summary, which takes about five milliseconds; the others wait for the next one."""
_RENEWED_S = 5.0
_MOVED = 0.05
_UNSCORED = frozenset(("insert", "command", "unknown"))

IndexesByName = Mapping[str, tuple[Index, ...]]
"""By namespace or, within one database, by the collection's name."""


class ReadEntry(NamedTuple):
    """What a shape's slowest entry tells beyond its counters."""

    asked: Asked | None = None
    plan: Plan | None = None


class Verdict(NamedTuple):
    score: int | None = None
    penalties: tuple[Penalty, ...] = ()
    findings: tuple[Finding, ...] = ()


class _Judged(msgspec.Struct):
    """Changed in place."""

    base: DigestRow
    row: DigestRow
    verdict: Verdict
    figures: tuple[float, ...]
    entry: ReadEntry
    read_from: SlowQuery | None
    indexes: IndexesByName
    at: float


NO_VERDICT = Verdict()


class Judge:
    """Judges rows, the most important first; one that did not change stays the same object."""

    def __init__(self) -> None:
        self.indexes: IndexesByName = {}
        """Of the member's collections by namespace, for the joined side of a `$lookup`."""
        self.behind = False
        """Entries wait to be read: the next summary says more."""
        self._judged: dict[str, _Judged] = {}
        self._left = 0

    def begin(self, known: Set[str]) -> None:
        """A new summary; shapes other than these are forgotten."""
        self._left, self.behind = READ_AT_ONCE, False
        for shape_id in self._judged.keys() - known:
            del self._judged[shape_id]

    def last(self, shape_id: str) -> Verdict:
        """What a new row of this shape starts with."""
        old = self._judged.get(shape_id)
        return NO_VERDICT if old is None else old.verdict

    def judge(self, base: DigestRow, now: float) -> DigestRow:
        """The row, which carries the last verdict, with the one that holds now; `now` in seconds."""
        old = self._judged.get(base.shape_id)
        if old is not None and old.base is base and old.read_from is base.slowest and old.indexes is self.indexes:
            return old.row
        entry, read_from = self._entry(base, old)
        if old is None or old.entry is not entry or self._is_due(old, base, now):
            verdict = _verdict(base, _evidence(base, entry, self.indexes))
            row = replace(base, score=verdict.score, penalties=verdict.penalties, findings=verdict.findings)
            self._judged[base.shape_id] = _Judged(
                base, row, verdict, _figures(base), entry, read_from, self.indexes, now
            )
            return row
        if old.base is not base:
            old.base = old.row = base
        old.read_from, old.indexes = read_from, self.indexes
        return old.row

    def _is_due(self, old: _Judged, base: DigestRow, now: float) -> bool:
        """Figures that have hardly moved keep their sentences: neither time nor recordings are spent on them."""
        if old.base is not base and old.base.plan_summaries != base.plan_summaries:
            return True
        if old.indexes is not self.indexes and old.entry.asked is not None and old.entry.asked.joins:
            return True
        if old.base is base or 0 <= now - old.at < _RENEWED_S:
            return False
        return _moved(old.figures, _figures(base))

    def _entry(self, base: DigestRow, old: _Judged | None) -> tuple[ReadEntry, SlowQuery | None]:
        """The slowest entry, read once; another one of the same plan stands for an entry that was not kept whole."""
        slowest = base.slowest
        known, read_from = (old.entry, old.read_from) if old is not None else (_NOTHING_READ, None)
        if slowest is None or slowest is read_from or base.overflow:
            return known, read_from
        if not slowest.raw:
            same = read_from is not None and read_from.plan_summary == slowest.plan_summary
            return known if same else _NOTHING_READ, slowest
        if self._left <= 0:
            self.behind = True
            return known, read_from
        self._left -= 1
        return read_entry(slowest.raw), slowest


_NOTHING_READ = ReadEntry()


def read_entry(raw: str) -> ReadEntry:
    """Command and plan of an entry in extended JSON; nothing where it is not one."""
    try:
        entry = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return _NOTHING_READ
    if not isinstance(entry, dict):
        return _NOTHING_READ
    command = entry.get("command")
    origin = entry.get("originatingCommand")
    if isinstance(command, dict) and "getMore" in command and isinstance(origin, dict):
        command = origin
    question = asked(command) if isinstance(command, dict) and "$truncated" not in command else None
    return ReadEntry(question, read_profiled_plan(entry))


def _verdict(row: DigestRow, evidence: Evidence) -> Verdict:
    found = assess(evidence)
    if row.op in _UNSCORED or row.overflow or not row.count or not is_assessable(evidence):
        return Verdict(findings=found.findings)
    return Verdict(found.score, found.penalties, found.findings)


def _evidence(row: DigestRow, entry: ReadEntry, indexes: IndexesByName) -> Evidence:
    if row.overflow:
        return Evidence(ns=row.ns, op=row.op)
    count = row.count or None
    latency, slowest = row.latency_ms, row.slowest
    return Evidence(
        ns=row.ns,
        op=row.op,
        asked=entry.asked,
        plan=entry.plan,
        executions=count,
        average_ms=latency.average,
        p95_ms=latency.p95,
        documents_examined=_mean(row.examined_documents, count),
        keys_examined=_mean(row.examined_keys, count),
        returned=_mean(row.returned, count),
        plan_summaries=row.plan_summaries,
        blocking_sort_share=_share(row.sorts_in_memory, count),
        used_disk_share=_share(row.used_disk, count),
        replanned_share=_share(row.replans, count),
        write_conflicts=_mean(row.write_conflicts, count),
        lock_wait_ms=_mean(row.lock_wait_ms, count),
        queue_wait_ms=_mean(row.queue_wait_ms, count),
        errors=row.errors,
        error_code=None if slowest is None else slowest.error_code,
        foreign_indexes=_foreign(row, entry, indexes),
    )


def _mean(total: float | None, count: int | None) -> float | None:
    return None if total is None or count is None else total / count


def _share(total: int, count: int | None) -> float | None:
    """A getMore may sort or spill once more than its find."""
    return None if count is None else min(total / count, 1.0)


def _foreign(row: DigestRow, entry: ReadEntry, indexes: IndexesByName) -> IndexesByName:
    if entry.asked is None or not entry.asked.joins:
        return {}
    database = row.ns.partition(".")[0]
    names = {join.collection for join in entry.asked.joins}
    return {name: indexes[f"{database}.{name}"] for name in names if f"{database}.{name}" in indexes}


def _figures(row: DigestRow) -> tuple[float, ...]:
    """What the sentences and the score are made of."""
    count, p95_ms = row.count or 1, row.latency_ms.p95 or 0.0
    totals = (
        row.examined_documents or 0,
        row.examined_keys or 0,
        row.returned or 0,
        row.sorts_in_memory,
        row.used_disk,
        row.replans,
        row.write_conflicts,
        row.lock_wait_ms,
        row.queue_wait_ms,
        row.errors,
    )
    return (*[total / count for total in totals], p95_ms, p95_ms > SLOW_MS)


def _moved(before: tuple[float, ...], after: tuple[float, ...]) -> bool:
    for one, other in zip(before, after, strict=True):
        if one != other and abs(one - other) > _MOVED * max(one, other):
            return True
    return False
