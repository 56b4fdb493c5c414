"""Slow queries added up by shape: right sums in each window, bounded memory, unchanged rows stay the same objects."""

import random
from typing import Any

import pytest

from perftui.model.query import DigestRow, QueryDigest, SlowQuery, SlowQueryBatch
from perftui.monitor.digest import Digest

NOW = 1_700_000_000.0


def entry(shape: str = "a", at: float = NOW, ms: float = 10.0, **options: Any) -> SlowQuery:
    return SlowQuery(at=at, ns="s.p", op="find", shape_id=shape, shape=f"find {shape}", duration_ms=ms, **options)


def batch(*entries: SlowQuery, **options: Any) -> SlowQueryBatch:
    return SlowQueryBatch(entries=entries, read_from="profiler", **options)


def row(digest: QueryDigest, shape: str = "a") -> DigestRow:
    return next(row for row in digest.rows if row.shape_id == shape)


def test_a_row_sums_its_executions() -> None:
    digest = Digest()
    work: dict[str, Any] = {"examined_documents": 100, "returned": 2, "plan_summary": "COLLSCAN", "app_name": "shop"}
    digest.add(batch(*(entry(ms=float(ms), sort_in_memory=ms > 50, **work) for ms in range(1, 101))), NOW)
    digest.add(batch(entry(ms=5000.0, error="no", raw="{}"), entry("b", ms=1.0)), NOW)
    summary = digest.summary(300, NOW + 1)
    one = row(summary)
    assert (one.count, one.examined_documents, one.returned, one.examined_keys) == (101, 10_000, 200, None)
    assert (one.sorts_in_memory, one.errors, one.plan_summaries, one.applications) == (50, 1, ("COLLSCAN",), ("shop",))
    assert one.latency_ms.p50 == pytest.approx(51, rel=0.02)
    assert one.latency_ms.p95 == pytest.approx(96, rel=0.02)
    assert (one.latency_ms.maximum, one.latency_ms.total) == (5000.0, 10_050.0)
    assert one.slowest is not None
    assert (one.slowest.duration_ms, one.slowest.raw) == (5000.0, "{}")
    assert [each.shape_id for each in summary.rows] == ["a", "b"]
    assert (summary.entries, summary.read_from) == (102, "profiler")


def test_windows_agree_with_a_count_of_the_entries() -> None:
    draw = random.Random(3)
    digest, all_entries = Digest(), []
    for second in range(0, 4200, 7):
        new = [entry(draw.choice("abc"), NOW + second - draw.random(), draw.expovariate(0.01)) for _ in range(3)]
        digest.add(batch(*new), NOW + second)
        all_entries += new
    now = NOW + 4199
    for window in (60, 300, 900, 3600):
        summary = digest.summary(window, now)
        for at_least, at_most in [(window - 60 if window > 900 else window - 15, window)]:
            low = sum(each.at >= now - at_least for each in all_entries)
            high = sum(each.at >= now - at_most for each in all_entries)
            assert low <= summary.entries <= high
        slowest = row(summary).slowest
        assert slowest is not None
        assert slowest.duration_ms == row(summary).latency_ms.maximum
        assert summary.covered_s == window


def test_what_did_not_change_is_the_same_object() -> None:
    digest = Digest()
    digest.add(batch(entry("a"), entry("b")), NOW)
    before = digest.summary(300, NOW + 1)
    digest.add(batch(), NOW + 1)
    assert digest.summary(300, NOW + 1) is before
    digest.add(batch(entry("b", NOW + 1)), NOW + 1)
    after = digest.summary(300, NOW + 1)
    assert row(after, "a") is row(before, "a")
    assert row(after, "b").count == 2


def test_old_entries_leave_the_window_and_then_the_memory() -> None:
    digest = Digest()
    digest.add(batch(entry(ms=900.0)), NOW)
    digest.add(batch(entry(ms=20.0, at=NOW + 400)), NOW + 400)
    one = row(digest.summary(60, NOW + 401))
    assert (one.count, one.latency_ms.maximum) == (1, 20.0)
    assert one.slowest is not None
    assert one.slowest.duration_ms == 20.0
    assert row(digest.summary(900, NOW + 401)).count == 2
    assert digest.summary(3600, NOW + 8000).rows == ()
    assert not digest._shapes
    assert digest._cells == 0


def test_a_backlog_lands_in_its_own_time_and_is_what_is_covered() -> None:
    digest = Digest()
    digest.add(batch(entry(at=NOW - 1000), entry(at=NOW - 10), entry(at=NOW - 9999), backlog=True), NOW)
    assert digest.summary(60, NOW).entries == 1
    assert digest.summary(3600, NOW).entries == 2
    fresh = Digest()
    fresh.add(batch(), NOW)
    assert fresh.summary(300, NOW + 20).covered_s == 20
    fresh.add(batch(entry(at=NOW - 100), backlog=True), NOW + 20)
    assert fresh.summary(300, NOW + 20).covered_s == 120


def test_nothing_watched_covers_nothing() -> None:
    digest = Digest()
    digest.add(SlowQueryBatch(read_from="none"), NOW)
    summary = digest.summary(300, NOW + 50)
    assert (summary.covered_s, summary.rows, summary.read_from) == (None, (), "none")


def test_shapes_beyond_the_bound_share_one_row_that_says_so() -> None:
    digest = Digest(bound=3)
    digest.add(batch(*(entry(f"s{number}", ms=float(number + 1)) for number in range(10))), NOW)
    summary = digest.summary(300, NOW)
    rest = next(each for each in summary.rows if each.overflow)
    assert (len(summary.rows), rest.count, rest.shape, rest.ns) == (4, 7, "shapes beyond 3", "")
    assert summary.entries == 10
    digest.summary(300, NOW + 4000)
    digest.add(batch(entry("new", NOW + 4000)), NOW + 4000)
    assert not row(digest.summary(300, NOW + 4000), "new").overflow


def test_a_getmore_adds_work_but_no_execution() -> None:
    digest = Digest()
    digest.add(batch(entry(ms=10.0, executions=0), entry(ms=30.0)), NOW)
    one = row(digest.summary(300, NOW))
    assert (one.count, one.latency_ms.total, one.latency_ms.maximum, one.latency_ms.average) == (1, 40.0, 30.0, 40.0)


def test_lost_entries_are_counted_in_their_window() -> None:
    digest = Digest()
    digest.add(batch(lost_entries=3), NOW)
    digest.add(batch(lost_entries=4), NOW + 1)
    assert digest.summary(300, NOW + 2).lost_entries == 7
    digest.add(batch(lost_entries=None), NOW + 400)
    assert digest.summary(300, NOW + 400).lost_entries is None
    assert digest.summary(300, NOW + 900).lost_entries == 0


def test_memory_is_bounded_whatever_comes() -> None:
    digest = Digest(bound=50)
    raw = "x" * 60_000
    for second in range(0, 7200, 30):
        now = NOW + second
        digest.add(batch(*(entry(f"s{n}", now, 1000.0 - second / 10, raw=raw) for n in range(80))), now)
        digest.summary(300, now)
    kept = [one for shape in digest._shapes.values() for _, one in shape._slowest]
    assert len(digest._shapes) == 51
    assert sum(len(shape.cells) for shape in digest._shapes.values()) == digest._cells < 51 * 130
    assert sum(len(one.raw) for one in kept) == digest._raw_bytes < 5 * 1024 * 1024


def test_too_many_cells_shorten_what_is_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.monitor.digest._CELLS", 100)
    digest = Digest()
    for slot in range(60):
        now = NOW + slot * 15
        digest.add(batch(*(entry(f"s{n}", now) for n in range(5))), now)
    summary = digest.summary(900, NOW + 60 * 15)
    assert digest._cells <= 105
    assert summary.covered_s is not None
    assert summary.covered_s < 450


def test_an_entry_without_a_time_or_from_the_future_counts_now() -> None:
    digest = Digest()
    digest.add(batch(entry(at=0.0), entry(at=NOW + 1e6)), NOW)
    assert digest.summary(60, NOW).entries == 2
    assert digest.summary(60, NOW + 120).entries == 0


def test_a_row_counts_the_endpoints_that_its_comments_name() -> None:
    digest = Digest()
    comments = ["perftui:GET /a"] * 3 + ["perftui:POST /b/{id}"] * 5 + ["mine", "perftui: slow queries", None]
    digest.add(batch(*(entry(comment=comment) for comment in comments), entry("b")), NOW)
    digest.add(batch(entry(comment="perftui:GET /a", at=NOW + 20, ms=90.0)), NOW + 20)
    summary = digest.summary(300, NOW + 21)
    uses = [(use.method, use.route, use.count, use.total_ms) for use in row(summary).endpoints]
    assert uses == [("POST", "/b/{id}", 5, 50.0), ("GET", "/a", 4, 120.0)]
    assert row(summary, "b").endpoints == ()
    assert [use.route for use in row(digest.summary(30, NOW + 30)).endpoints] == ["/a"]


def test_endpoints_of_a_shape_are_bounded() -> None:
    digest = Digest()
    digest.add(batch(*(entry(comment=f"perftui:GET /{number}") for number in range(5000))), NOW)
    assert len(row(digest.summary(300, NOW + 1)).endpoints) == 5
    assert row(digest.summary(300, NOW + 1)).count == 5000


def counted_after(digest: Digest, now: float) -> int:
    """Ten executions more, and how many are counted in the last minute then."""
    digest.add(batch(*(entry(at=now - second) for second in range(10))), now)
    return digest.summary(60, now).entries


@pytest.mark.parametrize("step_s", [90, 1000, 3550, 7200, 86_400])
def test_a_clock_that_is_set_back_hides_nothing(step_s: int) -> None:
    digest, end = Digest(), NOW + step_s
    for second in range(-1200, 0, 10):
        digest.add(batch(entry(at=end + second, raw="{}")), end + second)
    digest.add(batch(lost_entries=None), end)
    digest.summary(300, end)
    assert counted_after(digest, NOW) >= 10
    assert digest.summary(300, NOW).lost_entries == 0
    assert [counted_after(digest, NOW + 600 * number) for number in range(1, 14)] == [10] * 13
    kept = digest._shapes.values()
    assert sum(len(shape.cells) for shape in kept) == digest._cells
    assert sum(len(one.raw) for shape in kept for _, one in shape._slowest) == digest._raw_bytes


def test_after_a_clock_was_set_back_only_what_was_seen_is_covered() -> None:
    digest = Digest()
    digest.add(batch(entry(at=NOW + 7200), unbiased=("s",)), NOW + 7200)
    digest.summary(300, NOW + 7200)
    counted_after(digest, NOW)
    assert digest.summary(300, NOW).covered_s == 0.0
    assert digest.summary(300, NOW + 40).covered_s == 40.0
    digest.add(batch(unbiased=("s",)), NOW + 40)
    digest.add(batch(entry(at=NOW + 55), unbiased=("s",)), NOW + 90)
    measured = digest.since("a", NOW + 40, NOW + 90)
    assert measured is not None
    assert (measured.executions, measured.only_slow) == (1, False)


def test_readings_that_differ_by_seconds_set_no_clock_back() -> None:
    digest = Digest()
    digest.add(batch(entry(at=NOW)), NOW)
    assert digest.summary(300, NOW - 30).entries == 1
