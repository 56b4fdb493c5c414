"""Rows carry their score and findings: from their sums, and from what their slowest entry holds."""

from typing import Any

import msgspec
import pytest

from perftui.advice.findings import codes
from perftui.model.index import Index
from perftui.model.query import DigestRow, QueryDigest, SlowQuery, SlowQueryBatch
from perftui.monitor import digest_judging
from perftui.monitor.digest import Digest
from perftui.monitor.digest_judging import READ_AT_ONCE, read_entry

NOW = 1_700_000_000.0
SCAN = {"stage": "COLLSCAN", "nReturned": 5000, "docsExamined": 50_000}
SORT = {"stage": "SORT", "sortPattern": {"createdAt": -1}, "totalDataSizeSorted": 12_000_000, "inputStage": SCAN}
FIND = {"find": "p", "filter": {"category": "x"}, "sort": {"createdAt": -1}, "limit": 20}


def raw(command: dict[str, Any] = FIND, stats: dict[str, Any] | None = SORT, **more: Any) -> str:
    entry = {"ns": "s.p", "command": command, **({} if stats is None else {"execStats": stats}), **more}
    return msgspec.json.encode(entry).decode()


def entry(shape: str = "a", at: float = NOW, ms: float = 152.0, **options: Any) -> SlowQuery:
    known = {
        "op": "find",
        "examined_documents": 50_000,
        "examined_keys": 0,
        "returned": 20,
        "plan_summary": "COLLSCAN",
        "sort_in_memory": True,
    }
    return SlowQuery(at=at, ns="s.p", shape_id=shape, shape=f"find {shape}", duration_ms=ms, **{**known, **options})


def add(digest: Digest, *entries: SlowQuery, now: float = NOW) -> None:
    digest.add(SlowQueryBatch(entries=entries, read_from="profiler"), now)


def row(digest: QueryDigest, shape: str = "a") -> DigestRow:
    return next(row for row in digest.rows if row.shape_id == shape)


def codes_of(found: DigestRow) -> set[str]:
    return {finding.code for finding in found.findings}


def test_a_row_is_scored_with_the_plan_of_its_slowest_entry() -> None:
    digest = Digest()
    add(digest, entry(raw=raw()), entry(ms=120.0))
    found = row(digest.summary(300, NOW))
    assert found.score == 0
    assert sum(penalty.points for penalty in found.penalties) == 100
    sort = next(finding for finding in found.findings if finding.code == codes.BLOCKING_SORT)
    assert "5,000 documents by createdAt in 12 MB" in sort.message


def test_without_a_raw_entry_the_counters_alone_are_judged() -> None:
    digest = Digest()
    add(digest, entry(raw="no json"), entry("b", raw=""), entry("c", raw=raw({"$truncated": "{ find: "}, None)))
    for shape in "abc":
        found = row(digest.summary(300, NOW), shape)
        assert found.score == 0
        assert codes.COLLECTION_SCAN in codes_of(found)


@pytest.mark.parametrize("op", ["insert", "command", "unknown"])
def test_what_reads_nothing_has_no_score(op: str) -> None:
    digest = Digest()
    add(digest, entry(op=op, lock_wait_ms=40.0))
    found = row(digest.summary(300, NOW))
    assert found.score is None
    assert found.penalties == ()
    assert codes.LOCK_WAIT in codes_of(found)


def test_getmores_alone_have_no_score() -> None:
    digest = Digest()
    add(digest, entry(op="getmore", executions=0))
    assert row(digest.summary(300, NOW)).score is None


def test_sums_of_conflicts_spills_replans_and_waits_are_carried_and_judged() -> None:
    digest = Digest()
    rare: dict[str, Any] = {
        "used_disk": True,
        "replanned": True,
        "write_conflicts": 3,
        "lock_wait_ms": 30.0,
        "queue_wait_ms": 20.0,
    }
    add(digest, entry(**rare), entry(at=NOW - 40), entry(at=NOW - 20, **rare))
    found = row(digest.summary(300, NOW))
    assert (found.used_disk, found.replans, found.write_conflicts) == (2, 2, 6)
    assert (found.lock_wait_ms, found.queue_wait_ms) == (60.0, 40.0)
    assert {codes.DISK_SPILL, codes.REPLANNED, codes.WRITE_CONFLICTS, codes.LOCK_WAIT, codes.QUEUE_WAIT} <= codes_of(
        found
    )


def test_an_entry_is_read_once_and_only_so_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def counted(text: str) -> digest_judging.ReadEntry:
        reads.append(text)
        return read_entry(text)

    monkeypatch.setattr(digest_judging, "read_entry", counted)
    digest = Digest()
    shapes = [f"shape {number}" for number in range(READ_AT_ONCE + 5)]
    add(digest, *(entry(shape, ms=200.0 + number, raw=raw()) for number, shape in enumerate(shapes)))
    first = digest.summary(300, NOW)
    assert (len(reads), digest.judge.behind) == (READ_AT_ONCE, True)
    assert all(one.score == 0 for one in first.rows), "those not read yet are judged by their counters"
    second = digest.summary(300, NOW + 1)
    assert (len(reads), digest.judge.behind) == (len(shapes), False)
    assert second.rows[0] is first.rows[0], "what was read first is the most dear, and stays as it is"
    add(digest, *(entry(shape, ms=5.0) for shape in shapes), now=NOW + 2)
    digest.summary(300, NOW + 2)
    assert len(reads) == len(shapes)


def test_sentences_stay_while_their_figures_hardly_move() -> None:
    digest = Digest()
    add(digest, *(entry() for _ in range(100)))
    before = row(digest.summary(300, NOW))
    add(digest, entry(examined_documents=50_100), now=NOW + 6)
    assert row(digest.summary(300, NOW + 6)).findings is before.findings
    add(digest, *(entry(examined_documents=90_000) for _ in range(100)), now=NOW + 7)
    moved = row(digest.summary(300, NOW + 7)).findings
    assert moved is not before.findings
    assert "69,9" in next(one.message for one in moved if one.code == codes.MANY_DOCUMENTS)


def test_a_new_plan_is_judged_at_once() -> None:
    digest = Digest()
    add(digest, entry(raw=raw()))
    assert row(digest.summary(300, NOW)).score == 0
    better: dict[str, Any] = {
        "examined_documents": 20,
        "examined_keys": 20,
        "plan_summary": "IXSCAN { a: 1 }",
        "sort_in_memory": False,
    }
    add(digest, entry(at=NOW + 400, ms=3.0, **better), now=NOW + 400)
    assert row(digest.summary(60, NOW + 400)).score == 100


def test_the_joined_collection_s_indexes_are_looked_at_when_they_are_known() -> None:
    lookup = {"from": "users", "localField": "u", "foreignField": "email", "as": "x"}
    digest = Digest()
    known: dict[str, Any] = {"op": "aggregate", "raw": raw({"aggregate": "p", "pipeline": [{"$lookup": lookup}]}, None)}
    add(digest, entry(**known))
    assert codes.LOOKUP_WITHOUT_INDEX not in codes_of(row(digest.summary(300, NOW)))
    digest.judge.indexes = {"s.users": (Index(name="_id_", keys=(("_id", 1),)),)}
    assert codes.LOOKUP_WITHOUT_INDEX in codes_of(row(digest.summary(300, NOW)))
    digest.judge.indexes = {"s.users": (Index(name="email_1", keys=(("email", 1),)),)}
    assert codes.LOOKUP_WITHOUT_INDEX not in codes_of(row(digest.summary(300, NOW)))


def test_the_row_of_the_overflow_is_not_judged() -> None:
    digest = Digest(bound=1)
    add(digest, entry("a", raw=raw()), entry("b", raw=raw()), entry("c", raw=raw()))
    found = next(one for one in digest.summary(300, NOW).rows if one.overflow)
    assert (found.score, found.findings) == (None, ())


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"command": 3}', '{"command": {"getMore": 1}}', "{" * 5000])
def test_what_is_no_entry_tells_nothing(text: str) -> None:
    assert read_entry(text).plan is None


def test_a_getmore_is_read_through_its_origin() -> None:
    found = read_entry(raw({"getMore": 5, "collection": "p"}, originatingCommand=FIND)).asked
    assert found is not None
    assert found.sort == ("createdAt",)
