"""One of an application's caches that finds nothing any more, while the server that holds it hits as a whole."""

import pytest
from helpers.cache_incidents import flushed
from helpers.incidents import APPLICATION, Story, Targets, set_figures
from helpers.whole_applications import caches

from perftui.model.application import ApplicationProcess, CacheStats, KeyUse
from perftui.model.verdict import Verdict

CODE = "application-cache-misses"


def played(
    *, before: int = 40, usually: float = 0.97, now: float = 0.0, per_s: float = 12.0, seconds: int = 20
) -> Verdict:
    story = Story()
    story.play(before, caches(usually))
    return story.play(seconds, caches(now, per_s=per_s))[-1]


def test_it_is_named_with_what_it_costs() -> None:
    last = played()
    assert last.problem is not None, last.message
    assert (last.problem.code, last.problem.target_id, last.problem.subject) == (CODE, APPLICATION.id, "pages")
    assert "the application's cache pages finds nothing any more" in last.message
    assert "12/s of 12/s lookups miss; hit rate 0 %, usually 97 %" in last.message
    assert (last.problem.evidence.page, last.problem.evidence.row) == ("Caches", "pages")


def test_it_stays_named_and_is_over_when_it_hits_again() -> None:
    story = Story()
    story.play(40, caches(0.97))
    story.play(20, caches(0.0))
    assert {one.problem and one.problem.subject for one in story.play(300, caches(0.0))} == {"pages"}
    assert story.play(40, caches(0.97))[-1].status == "healthy"


def test_who_comes_late_knows_of_its_window() -> None:
    last = Story().play(16, caches(0.0, window=0.45))[-1]
    assert last.problem is not None, last.message
    assert "hit rate 0 %, 45 % in its window" in last.message


def test_a_cache_that_mostly_misses_is_well() -> None:
    assert played(usually=0.2).status == "healthy"
    assert Story().play(30, caches(0.02, window=0.05))[-1].status == "healthy"


def test_a_few_lookups_prove_nothing() -> None:
    assert played(per_s=2.0).status == "healthy"


def test_a_crawler_takes_nothing_from_those_who_hit() -> None:
    """Ten times the lookups, most of which miss: as many as before find what they look for."""
    assert played(now=0.09, per_s=120.0).status == "healthy"


def test_a_cache_that_loses_a_little_is_well() -> None:
    assert played(now=0.7).status == "healthy"


def test_a_cache_that_warms_after_a_deploy_is_well() -> None:
    def deployed(targets: Targets, at: float, passed: int) -> None:
        caches(min(0.02 * passed, 0.9))(targets, at, passed)
        set_figures(targets, "application", "application", process=ApplicationProcess(uptime_s=1.0 + passed))

    story = Story()
    story.play(60, caches(0.97))
    assert {one.status for one in story.play(60, deployed)} == {"healthy"}


def test_a_cache_that_warms_while_we_come_is_well() -> None:
    def warming(targets: Targets, at: float, passed: int) -> None:
        caches(min(0.02 * passed, 0.9), window=0.01 * passed)(targets, at, passed)

    assert {one.status for one in Story().play(60, warming)} == {"looking", "healthy"}


def test_a_flush_is_its_cause() -> None:
    def both(targets: Targets, at: float, passed: int) -> None:
        flushed(targets, at, passed)
        caches(0.0, 0.0)(targets, at, passed)

    story = Story()
    story.play(40, caches(0.97))
    last = story.play(16, both)[-1]
    assert last.problem is not None
    assert last.problem.code == "cache-flushed"
    assert CODE in {one.code for one in last.effects}


FULL = CacheStats(name="pages", hit_rate_now=0.0, gets_per_s=12.0, capacity=500, keys=500, evictions=900)
MISSED = CacheStats(name="pages", hit_rate_now=0.0, gets_per_s=12.0, missed_keys=(KeyUse(key="page:*", count=9),))


@pytest.mark.parametrize(
    ("cache", "words"), [(FULL, "it is full: 500 keys fit, and it evicts"), (MISSED, "most missed: page:*")]
)
def test_what_is_known_of_it_is_told(cache: CacheStats, words: str) -> None:
    def ill(targets: Targets, at: float, passed: int) -> None:
        caches(0.0)(targets, at, passed)
        set_figures(targets, "application", "application", caches=(cache,))

    story = Story()
    story.play(40, caches(0.97))
    assert words in story.play(20, ill)[-1].message
