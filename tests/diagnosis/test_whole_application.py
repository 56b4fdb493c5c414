"""Many endpoints that are slow at once are one problem, with the likeliest origin; busy and young ones are well."""

import random

import pytest
from helpers.incidents import APPLICATION, REDIS, START, Story, Targets
from helpers.whole_applications import (
    HEALTHY,
    USUALLY,
    Asked,
    blocked_loop,
    endpoints_of,
    play,
    slower_mongodb,
    unread,
)

from perftui.diagnosis.diagnosis import Diagnosis
from perftui.model.settings import Thresholds
from perftui.model.snapshot import Snapshot
from perftui.model.verdict import Verdict

QUIET = {"looking", "healthy"}


def told(verdicts: list[Verdict]) -> set[str]:
    return {one.problem.code for one in verdicts if one.problem is not None}


def test_a_handler_that_blocks_the_event_loop_is_named_and_stays_so() -> None:
    story = Story()
    story.play(40, HEALTHY)
    last = story.play(16, blocked_loop)[-1]
    assert last.problem is not None, last.message
    assert (last.problem.code, last.problem.target_id) == ("slow-application", APPLICATION.id)
    assert (last.problem.severity, last.problem.since_known) == ("critical", True)
    for words in (
        "all endpoints are slow at once", "all 7 that are in use", "usually 4.0 ms", "its event loop is blocked",
        "waits rather than computes", "the likeliest origin is GET /legacy: at least 360 ms", "py-spy dump",
    ):  # fmt: skip
        assert words in last.message, last.message
    assert {one.code for one in last.effects} == {"slow-endpoint"}
    later = {(one.problem.code, one.problem.subject) for one in story.play(300, blocked_loop) if one.problem}
    assert later == {("slow-application", "the application")}
    assert story.play(60, HEALTHY)[-1].status == "healthy"


def test_who_comes_late_is_told_of_it_by_the_first_reading() -> None:
    """Requests end so rarely, and the document is so late, that there is no second one."""
    late = Story(read_every=60)
    last = late.play(6, play(unread(1700.0, 10), document_ms=1500.0))[-1]
    assert last.problem is not None, last.message
    assert (last.problem.code, last.problem.severity) == ("slow-application", "critical")
    assert "1,700 ms" in last.message
    assert "70 requests are under way" in last.message
    assert "likeliest" not in last.message


def test_a_single_reading_accuses_nobody() -> None:
    """Who waits for a thread while the loop is blocked has as much time of its own as who blocks it."""
    asked = {route: Asked(900.0, 880.0, active=6) for route in USUALLY} | {"/report": Asked(1400.0, 5.0, active=6)}
    last = Story(read_every=60).play(6, play(endpoints_of(asked), document_ms=1300.0))[-1]
    assert last.problem is not None, last.message
    assert last.problem.code == "slow-application"
    assert "likeliest" not in last.message


def test_one_snapshot_is_enough_too() -> None:
    story = Story()
    story.play(1, play(unread(1700.0, 10), document_ms=1500.0))
    snapshot = Snapshot(
        sequence=1, taken_at=START, interval_s=1.0, window_s=300.0, targets=tuple(story.targets.values())
    )
    verdict = Diagnosis(Thresholds(), at_once=True).take(snapshot)
    assert verdict.problem is not None, verdict.message
    assert verdict.problem.code == "slow-application"


def test_endpoints_that_were_slow_once_are_well() -> None:
    """The window's average is high, but no more requests are under way than usual."""
    assert {one.status for one in Story(read_every=60).play(8, play(unread(1700.0, 1)))} <= QUIET


def test_an_application_far_away_is_not_blocked() -> None:
    """Its document takes as long as the way, and its endpoints are as slow as ever."""
    asked = dict.fromkeys(USUALLY, Asked(300.0, 150.0, active=8))
    story = Story(kinds=("mongodb", "redis", "application"))
    assert {one.status for one in story.play(60, play(endpoints_of(asked), document_ms=450.0))} <= QUIET


def test_who_computes_is_told_from_who_waits() -> None:
    asked = {route: Asked(300.0, 1.0, active=8) for route in USUALLY} | {"/legacy": Asked(900.0, 1.0, active=8)}
    story = Story()
    story.play(40, HEALTHY)
    last = story.play(16, play(endpoints_of(asked), document_ms=600.0, cpu=0.99))[-1]
    assert last.problem is not None
    assert "it computes: its process takes 1.0 cores" in last.message
    assert "the likeliest origin is GET /legacy" in last.message


def test_those_that_cannot_be_told_apart_are_both_named() -> None:
    slow = {"/legacy": Asked(900.0, 1.0, active=8), "/cats": Asked(800.0, 1.0, active=8)}
    asked = {route: Asked(300.0, 290.0, active=8) for route in USUALLY} | slow
    story = Story()
    story.play(40, HEALTHY)
    last = story.play(16, play(endpoints_of(asked), document_ms=600.0))[-1]
    assert "the likeliest origin is GET /legacy or GET /cats" in last.message


def test_all_that_ask_a_stalled_mongodb_are_told_though_it_says_that_it_is_fast() -> None:
    story = Story()
    story.play(40, HEALTHY)
    ill = play(endpoints_of(slower_mongodb()))
    assert {one.status for one in story.play(12, ill)} == {"healthy"}
    last = story.play(18, ill)[-1]
    assert last.problem is not None, last.message
    assert (last.problem.code, last.problem.severity) == ("slow-application", "warning")
    for words in ("5 of 7 that are in use", "passes in queries, while MongoDB answers in", "stopped or throttled"):
        assert words in last.message, last.message
    assert last.problem.command is None


def test_it_stays_one_warning_for_as_long_as_it_lasts() -> None:
    story = Story()
    story.play(40, HEALTHY)
    ill = play(endpoints_of(slower_mongodb()))
    story.play(30, ill)
    assert {one.problem and one.problem.code for one in story.play(400, ill)} == {"slow-application"}


def test_a_burst_is_no_slow_application() -> None:
    story = Story()
    story.play(40, HEALTHY)
    assert told(story.play(12, play(endpoints_of(slower_mongodb())))) == set()
    assert told(story.play(40, HEALTHY)) == set()


def test_a_deploy_with_cold_caches_is_no_slow_application() -> None:
    story = Story()
    story.play(60, HEALTHY)
    assert told(story.play(40, play(endpoints_of(slower_mongodb(20.0)), uptime_s=1.0))) == set()


def test_an_application_that_was_young_when_the_look_began_is_judged() -> None:
    story = Story()
    story.play(40, play(endpoints_of(USUALLY), uptime_s=30.0))
    assert told(story.play(40, play(endpoints_of(slower_mongodb()), uptime_s=70.0))) == {"slow-application"}


def test_few_slower_endpoints_are_no_slow_application() -> None:
    story = Story()
    story.play(40, HEALTHY)
    assert told(story.play(60, play(endpoints_of(slower_mongodb(routes=3))))) == set()


@pytest.mark.parametrize("seed", [1])
def test_half_an_hour_of_outliers_is_well(seed: int) -> None:
    """Any endpoint is ten times slower for a reading now and then, and all are three times slower in bursts."""
    chance = random.Random(seed)

    def sometimes(targets: Targets, at: float, passed: int) -> None:
        load = 3.0 if passed % 120 > 90 else 1.0
        asked = {
            route: one._replace(average_ms=one.average_ms * load * (12.0 if chance.random() < 0.04 else 1.0))
            for route, one in USUALLY.items()
        }
        play(endpoints_of(asked))(targets, at, passed)

    assert told(Story(seed).play(1800, sometimes)) == set()


def test_two_endpoints_that_hang_are_both_named_the_likelier_first() -> None:
    """A pool of threads is exhausted by the one; the other, for want of a thread, hangs as much."""

    def hanging(targets: Targets, at: float, passed: int) -> None:
        asked = USUALLY | {
            "/report": Asked(14_000.0, 2.0, active=43 + passed),
            "/export": Asked(16_000.0, active=55 + 2 * passed),
        }
        play(endpoints_of(asked, 4))(targets, at, passed)

    last = Story().play(14, hanging)[-1]
    assert last.problem is not None
    assert last.problem.code == "slow-endpoint"
    assert "GET /export and GET /report are slow" in last.message
    assert "81 requests hang in GET /export, 56 in GET /report" in last.message
    assert last.problem.evidence.row == "GET /export"
    assert "what they share" in last.problem.help


def test_no_other_target_is_blamed() -> None:
    story = Story()
    story.play(40, HEALTHY)
    last = story.play(16, blocked_loop)[-1]
    assert REDIS.id not in {one.target_id for one in (*last.effects, *last.others)}
