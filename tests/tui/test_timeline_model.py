"""The time axis as data."""

import pytest
from fakes import FakeFeed, full_snapshots
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.event import Event
from perftui.model.settings import Settings, Thresholds
from perftui.model.snapshot import Snapshot
from perftui.monitor.history import History
from perftui.tui.reach import reach_of
from perftui.tui.screens import timeline_model as model
from perftui.tui.view import View


def view_of_many(count: int = 60) -> View:
    feed = FakeFeed()
    snapshots = full_snapshots(count)
    for snapshot in snapshots:
        feed.history.add(snapshot)
    return View(snapshot=snapshots[-1], history=feed.history, settings=Settings(), selected={}, utc=True)


def event(at: float, severity: str = "warning") -> Event:
    return Event(at=at, target_id="t", kind="k", severity=severity, message="m")  # type: ignore[arg-type]


@given(st.lists(st.none() | st.floats(0, 1e6), min_size=1, max_size=400), st.integers(1, 200))
def test_folding_gives_a_value_a_column_and_loses_no_spike(values: list[float | None], width: int) -> None:
    folded = model.fold(values, width, max)
    assert len(folded) == width
    known = [value for value in values if value is not None]
    if known and len(values) > width:
        assert max(value for value in folded if value is not None) == max(known)


def test_every_target_has_its_rows() -> None:
    view = view_of_many()
    few = model.make_rows(view, 60.0, 50, room=9)
    assert [row.metric.name for row in few] == [
        "application.requests_per_s",
        "application.p95_ms",
        "application.server_error_rate",
        "mongodb.ops_per_s",
        "mongodb.slow_per_s",
        "mongodb.queued",
        "redis.ops_per_s",
        "redis.hit_rate",
        "host.cpu_share",
    ]
    many = model.make_rows(view, 60.0, 50, room=40)
    assert len(many) > len(few)
    assert all(row.is_main or any(value is not None for value in row.columns) for row in many)


def test_a_whole_is_full_only_when_it_is_whole() -> None:
    view = view_of_many()
    rows = {row.metric.name: row for row in model.make_rows(view, 60.0, 50, room=40)}
    assert rows["redis.hit_rate"].top == 1.0
    assert rows["application.server_error_rate"].top == 0.05
    assert rows["mongodb.ops_per_s"].top == max(value or 0.0 for value in rows["mongodb.ops_per_s"].columns)


def test_a_hit_rate_shows_its_worst() -> None:
    view = view_of_many()
    fine = next(row for row in model.make_rows(view, 60.0, 60, room=9) if row.metric.name == "redis.hit_rate")
    coarse = next(row for row in model.make_rows(view, 60.0, 6, room=9) if row.metric.name == "redis.hit_rate")
    assert min(value or 1.0 for value in coarse.columns) == min(value or 1.0 for value in fine.columns)


def test_the_axis_finds_the_column_of_a_moment() -> None:
    axis = model.Axis((None, None, 10.0, 20.0, 30.0))
    assert [axis.column_at(at) for at in (0.0, 10.0, 15.0, 30.0, 99.0)] == [2, 2, 3, 4, 4]
    assert axis.span == (10.0, 30.0)
    assert model.Axis(()).column_at(5.0) == 0
    assert model.Axis((None,)).span is None


def test_a_column_shows_its_gravest_event() -> None:
    axis = model.Axis((10.0, 20.0, 30.0))
    marks = model.event_marks(
        [event(15.0, "info"), event(18.0, "critical"), event(30.0, "recovered"), event(99.0)], axis
    )
    assert marks == {1: "critical", 2: "recovered"}


def test_events_are_found_around_and_beyond_a_moment() -> None:
    events = [event(10.0), event(20.0), event(30.0)]
    assert [one.at for one in model.events_near(events, 21.0, 10.0, 3)] == [20.0, 30.0]
    assert [one.at for one in model.events_near(events, 21.0, 99.0, 2)] == [20.0, 30.0]
    after, before = model.next_event(events, 20.0, 1), model.next_event(events, 20.0, -1)
    assert after is not None
    assert before is not None
    assert (after.at, before.at) == (30.0, 10.0)
    assert model.next_event(events, 30.0, 1) is None


def test_values_are_judged_by_the_users_thresholds() -> None:
    rows = {row.metric.name: row for row in model.make_rows(view_of_many(), 60.0, 50, room=40)}
    limits = Thresholds(endpoint_p95_ms=500.0)
    assert model.grade(rows["application.p95_ms"], 600.0, limits) == "over"
    assert model.grade(rows["redis.hit_rate"], 0.5, limits) == "over"
    assert model.grade(rows["mongodb.ops_per_s"], 1e9, limits) == "normal"
    assert model.grade(rows["host.cpu_share"], None, limits) == "normal"


def test_an_axis_is_as_long_as_its_window_from_the_start() -> None:
    view = view_of_many(2)
    assert reach_of(view, 60.0) == (60, 60.0, 1.0)
    assert model.make_axis(view, 60.0, 60).times[:58] == (None,) * 58


def test_a_window_is_never_longer_than_history() -> None:
    reach = reach_of(view_of_many(60), 1e9)
    assert reach == (60, 59.0, 59.0), "and is told as what it is"


def test_a_window_is_time_whatever_the_interval_was() -> None:
    slower = view_at([1.0] * 600 + [30.0] * 2)
    assert reach_of(slower, 300.0) == (242, 300.0, 300.0)
    assert _span(slower, 300.0) == pytest.approx(299.0)
    faster = view_at([1.0] * 600 + [0.1] * 100)
    assert _span(faster, 300.0) == pytest.approx(299.0, abs=1.0)
    assert reach_of(faster, 300.0).known_s == 300.0


def view_at(steps: list[float]) -> View:
    """History in which one Snapshot follows the other after so many seconds, and that is the interval."""
    history, snapshots = History(3600), full_snapshots(2)
    at = snapshots[0].taken_at
    for sequence, step in enumerate(steps, 1):
        at += step
        last = replace(snapshots[-1], sequence=sequence, taken_at=at, interval_s=step)
        history.add(last)
    return View(snapshot=last, history=history, settings=Settings(), selected={})


def _span(view: View, window_s: float) -> float:
    span = model.make_axis(view, window_s, 400).span
    assert span is not None
    return span[1] - span[0]


def test_no_target_gives_no_row() -> None:
    view = view_of_many(2)
    empty = Snapshot(sequence=9, taken_at=1.0, interval_s=1.0, window_s=60.0)
    bare = View(snapshot=empty, history=view.history, settings=view.settings, selected={})
    assert model.make_rows(bare, 60.0, 50, room=40) == []


@pytest.mark.parametrize(("level", "tall", "text"), [(0, 1, " ▁▄▇"), (0, 2, " ▁██"), (1, 2, "   ▇")])
def test_a_strip_tells_gap_zero_and_full_apart(level: int, tall: int, text: str) -> None:
    assert model.strip_text((None, 0.0, 0.5, 1.0), 1.0, level, tall) == text


def test_main_rows_grow_first() -> None:
    rows = model.make_rows(view_of_many(), 60.0, 50, room=40)
    main = sum(row.is_main for row in rows)
    others = len(rows) - main
    assert model.heights(rows, main + others) == (1, 1)
    assert model.heights(rows, 2 * main + others) == (2, 1)
    assert model.heights(rows, 3 * main + others) == (3, 1)
