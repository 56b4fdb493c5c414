"""Whatever servers say, there is a verdict: no rule takes the screen down, and one that breaks is named."""

import random
from collections.abc import Iterator

import pytest
from helpers.incidents import START, Story
from helpers.snapshots import busy_snapshot, sessions
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from perftui.diagnosis import diagnosis as module
from perftui.diagnosis.diagnosis import Diagnosis
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.rules import RULES
from perftui.diagnosis.track import KEPT, Track
from perftui.model.settings import Thresholds
from perftui.model.snapshot import Snapshot


@given(sessions())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_snapshots_of_every_shape_get_a_verdict(session: list[Snapshot]) -> None:
    diagnosis = Diagnosis(Thresholds())
    for snapshot in session:
        verdict = diagnosis.take(snapshot)
        assert verdict.message
        assert not any("its rule failed" in one.what for one in verdict.unseen)


def test_thousands_of_operations_get_a_verdict() -> None:
    diagnosis = Diagnosis(Thresholds())
    verdicts = [diagnosis.take(busy_snapshot(sequence, 500)) for sequence in range(1, 20)]
    assert verdicts[-1].status in ("problem", "healthy")
    assert not verdicts[-1].unseen


def test_a_rule_that_breaks_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_moment: Moment) -> Iterator[Suspicion]:
        raise KeyError("unexpected")

    monkeypatch.setattr(module, "RULES", (Rule(codes=("odd",), find=breaks), *RULES))
    last = Story().play(20)[-1]
    assert last.status == "cannot tell"
    assert last.unseen[0].what == "odd (its rule failed)"
    assert "KeyError in odd" in (last.unseen[0].needs or "")


def test_a_clock_that_steps_back_begins_anew() -> None:
    story = Story()
    story.play(30)
    story.second -= 20
    assert story.play(1)[-1].status == "looking"
    assert story.play(10)[-1].status == "healthy"


def test_a_gap_begins_anew() -> None:
    story = Story()
    story.play(30)
    story.second += 600
    assert story.play(1)[-1].status == "looking"


def test_snapshots_in_one_moment_change_nothing() -> None:
    """An early frame between two ticks must not count as another reading."""
    diagnosis = Diagnosis(Thresholds())
    first = diagnosis.take(busy_snapshot(1, 0))
    assert diagnosis.take(replace(busy_snapshot(2, 0), taken_at=START + 1.1)) is first
    assert diagnosis.take(busy_snapshot(3, 0)) is not first


def test_a_track_is_bounded_and_finds_its_change() -> None:
    track = Track()
    for second in range(5 * KEPT):
        track.add(float(second), 10.0 if second < 5 * KEPT - 50 else 90.0)
    assert len(list(track.pairs(0.0))) <= KEPT * 1.25
    change = track.change(5.0 * KEPT - 1)
    assert change is not None
    assert (change.at, change.before, change.after) == (5 * KEPT - 50, 10.0, 90.0)


def test_one_odd_reading_is_no_change() -> None:
    track = Track()
    for second in range(60):
        track.add(float(second), 500.0 if second == 57 else 10.0)
    assert track.change(59.0) is None
    assert track.lately(59.0) == 10.0


def test_what_is_too_young_has_nothing_usual() -> None:
    track = Track()
    for second in range(5):
        track.add(float(second), 1.0)
    assert track.usual(10.0) is None
    assert track.change(5.0) is None


@pytest.mark.parametrize("seed", range(20))
def test_what_is_usual_is_the_same_however_often_it_was_asked(seed: int) -> None:
    """Also once the oldest readings are gone, and after a clock was set back."""
    chance, now = random.Random(seed), 1000.0
    asked = Track(kept=20)
    for _ in range(1000):
        now += chance.choice([0.5, 1.0, 1.0, 2.0]) if chance.random() < 0.96 else -40.0
        asked.add(now, chance.random())
        if chance.random() < 0.1:
            before = now - chance.uniform(0.0, 10.0)
            unasked = Track()
            for at, value in asked.pairs(0.0):
                unasked.add(at, value)
            assert asked.usual(before) == unasked.usual(before)
