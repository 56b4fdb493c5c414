"""What a shape did lately stands beside its window, so that a change shows at once."""

from perftui.model.query import DigestRow, SlowQuery, SlowQueryBatch
from perftui.monitor.digest import Digest

NOW = 1_700_000_010.0


def entry(at: float, **options: object) -> SlowQuery:
    return SlowQuery(
        at=at,
        ns="s.p",
        op="find",
        shape_id="a",
        shape="find a",
        duration_ms=20.0,
        **options,  # type: ignore[arg-type]
    )


def row_at(digest: Digest, now: float) -> DigestRow:
    (row,) = digest.summary(300, now).rows
    return row


def test_the_last_half_minute_is_told_apart_from_the_window() -> None:
    digest = Digest()
    before = [entry(NOW - 200 + second, examined_documents=10, plan_summary="IXSCAN { a: 1 }") for second in range(100)]
    after = [entry(NOW - second / 10, examined_documents=5000, plan_summary="COLLSCAN") for second in range(40)]
    digest.add(SlowQueryBatch(entries=(*before, *after), read_from="profiler"), NOW)
    row = row_at(digest, NOW)
    assert row.count == 140
    assert row.recent is not None
    assert (row.recent.count, row.recent.scans, row.recent.examined_documents) == (40, 40, 200_000)
    assert row.recent.total_ms == 800
    assert 15 <= row.recent.span_s <= 30


def test_what_has_ended_has_no_recent_work() -> None:
    digest = Digest()
    digest.add(SlowQueryBatch(entries=(entry(NOW),), read_from="profiler"), NOW)
    assert row_at(digest, NOW + 1).recent is not None
    assert row_at(digest, NOW + 31).recent is None


def test_the_last_heavy_execution_tells_that_scans_have_ended() -> None:
    digest = Digest()
    scans = [entry(NOW - 10 + at, examined_documents=5000, plan_summary="COLLSCAN") for at in range(8)]
    served = [entry(NOW - 1 + at / 10, examined_documents=at, plan_summary="IXSCAN { a: 1 }") for at in range(8)]
    digest.add(SlowQueryBatch(entries=(*scans, *served), read_from="profiler"), NOW)
    row = row_at(digest, NOW)
    assert row.recent is not None
    assert (row.recent.heavy, row.recent.heavy_at, row.recent.count) == (8, NOW - 3, 16)
    assert dict(zip(row.plan_summaries, row.plans_at, strict=True)) == {
        "COLLSCAN": NOW - 3,
        "IXSCAN { a: 1 }": NOW - 0.3,
    }


def test_an_execution_that_examines_many_keys_is_heavy_too() -> None:
    digest = Digest()
    skips = [entry(NOW - 5 + at, examined_documents=0, examined_keys=70_000) for at in range(4)]
    pages = [entry(NOW - 1, examined_documents=20, examined_keys=20)]
    digest.add(SlowQueryBatch(entries=(*skips, *pages), read_from="profiler"), NOW)
    recent = row_at(digest, NOW).recent
    assert recent is not None
    assert (recent.examined_keys, recent.heavy, recent.heavy_at) == (280_020, 4, NOW - 2)
