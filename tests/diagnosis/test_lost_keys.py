"""Why a cache lost its keys: what its counters say, and what is no reason."""

import pytest
from helpers.incidents import Change, Story, Targets, set_figures
from helpers.redis_incidents import MB

from perftui.model.redis import CommandStats, RedisMemory, RedisReplication
from perftui.model.verdict import Problem

FULL = RedisMemory(used_bytes=60 * MB, maximum_bytes=60 * MB, policy="allkeys-lru")
COUNTED = {"expired_per_s": 2.0, "evicted_per_s": 0.0}


def busy_cache(**fields: object) -> Change:
    """What goes and comes all the time is counted."""

    def change(targets: Targets, _at: float, _passed: int) -> None:
        set_figures(targets, "redis", "redis", **COUNTED | fields)

    return change


def loses(hit_rate: float = 0.2, uptime_s: float = 9e5, **counters: object) -> Change:
    """About 5,000 keys become 500 within a second; its counters then."""

    def change(targets: Targets, _at: float, passed: int) -> None:
        then = counters if passed == 0 else {}
        figures = {"keys": 500 + passed, "hit_rate": hit_rate, "uptime_s": uptime_s + passed}
        set_figures(targets, "redis", "redis", **COUNTED | figures | then)

    return change


def found(change: Change, before: Change | None = None) -> Problem:
    story = Story()
    story.play(40, before or busy_cache())
    last = story.play(9, change)[-1]
    assert last.problem is not None, last.message
    assert last.problem.code == "cache-flushed"
    return last.problem


def test_keys_that_expire_together_had_the_same_time_to_live() -> None:
    """Its process is young, which is no reason: it began before perftui came."""
    told = found(loses(uptime_s=70.0, expired_per_s=4_600.0))
    assert told.cause == "4,600 keys expired within 1.0 s: they were given the same TTL"
    assert "jitter" in told.help


def test_an_expiry_that_takes_several_seconds_is_told_as_one() -> None:
    def before(targets: Targets, _at: float, _passed: int) -> None:
        set_figures(targets, "redis", "redis", keys=90_000, **COUNTED)

    def expiring(targets: Targets, _at: float, passed: int) -> None:
        left, gone = ((60_000, 30_000.0), (30_000, 30_000.0), (600, 29_400.0))[passed] if passed < 3 else (600, 1.0)
        set_figures(targets, "redis", "redis", keys=left, expired_per_s=gone, evicted_per_s=0.0, hit_rate=0.3)

    told = found(expiring, before)
    assert told.cost.startswith("90,000 keys became 600, the hit rate 9")
    assert told.cause.startswith("89,400 keys expired within 3.0 s")


def test_who_restarted_within_the_fall_restarted_empty() -> None:
    assert found(loses(uptime_s=0.0, expired_per_s=None, evicted_per_s=None)).cause == "Redis restarted empty"


def test_what_neither_expired_nor_was_evicted_was_deleted() -> None:
    told = found(loses(uptime_s=70.0))
    assert told.cause == "they were deleted: they neither expired nor were evicted"


def test_a_replica_is_told_to_delete_whatever_the_reason() -> None:
    follows = RedisReplication(role="replica", link_up=True)

    def change(targets: Targets, at: float, passed: int) -> None:
        loses()(targets, at, passed)
        set_figures(targets, "redis", "redis", replication=follows)

    assert found(change).cause == "they were deleted or expired at once"


def test_evicted_at_once() -> None:
    told = found(loses(evicted_per_s=4_500.0, memory=FULL))
    assert told.cause.startswith("4,500 keys were evicted for want of memory")


@pytest.mark.parametrize("expired", [4_600.0, 0.0])
def test_keys_that_nobody_misses_are_no_loss(expired: float) -> None:
    story = Story()
    story.play(40, busy_cache())
    unmissed = story.play(60, loses(hit_rate=0.94, expired_per_s=expired))
    assert {one.status for one in unmissed} == {"healthy"}


def test_an_expiry_of_which_no_reading_shows_half() -> None:
    def before(targets: Targets, _at: float, _passed: int) -> None:
        set_figures(targets, "redis", "redis", keys=300_000, **COUNTED)

    def expiring(targets: Targets, _at: float, passed: int) -> None:
        left = round(300_000 * 0.65 ** (passed + 1)) if passed < 8 else 600
        gone = round(300_000 * 0.65**passed) - left
        set_figures(targets, "redis", "redis", keys=left, expired_per_s=gone, evicted_per_s=0.0, hit_rate=0.3)

    told = found(expiring, before)
    assert told.cost.startswith("300,000 keys became ")
    assert told.cause.endswith("they were given the same TTL")


def test_a_flush_after_which_nobody_stores_anything_is_told_by_its_counter() -> None:
    """The keys stay at 0, and nobody asks for them, so that no hit rate falls."""

    def quiet(keys: int, flushes: float) -> Change:
        commands = (CommandStats(command="flushall", calls=int(flushes)),)
        return lambda targets, _at, _passed: set_figures(targets, "redis", "redis", keys=keys, commands=commands)

    assert found(quiet(0, 1.0), quiet(4_000, 0.0)).cause.startswith("FLUSHALL or FLUSHDB was sent")
