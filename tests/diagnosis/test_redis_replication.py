"""Of Redis' replication: replicas that are cut off, behind or lost, and whose fault that is."""

from helpers.incidents import REDIS, Story, Targets, after, set_figures, set_slot
from helpers.redis_incidents import (
    MB,
    change_redis,
    cut_off,
    following,
    problem_after,
    replica,
    replication,
)
from msgspec.structs import replace

from perftui.model.sample import Failure


def test_a_replica_whose_primary_is_watched_and_gone_is_an_effect() -> None:
    """The verdict names the primary; its replica only tells what follows."""
    second = replace(REDIS, id="redis://cache2:6379", name="cache2", address="redis://cache2:6379")
    story = Story(kinds=("redis", "second"))

    def change(targets: Targets, at: float, passed: int) -> None:
        cut_off(targets, at, passed)
        failure = Failure(kind="refused", message="Nothing listens at cache2:6379.", help="Start it.")
        sources = tuple(replace(one, failure=failure, failing_since=at - passed) for one in targets["redis"].sources)
        targets["second"] = replace(targets["redis"], target=second, redis=None, sources=sources)

    def well(targets: Targets, _at: float, _passed: int) -> None:
        targets["second"] = replace(targets["redis"], target=second)

    story.play(40, well)
    last = story.play(10, change)[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.target_id) == ("unreachable", second.id)
    assert [(one.code, one.target_id) for one in last.effects] == [("redis-replica-down", REDIS.id)]


def test_a_mongodb_that_is_gone_cuts_no_replica_off() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        cut_off(targets, at, passed)
        failure = Failure(kind="refused", message="Nothing listens at db:27017.", help="Start it.")
        before = targets["mongodb"].sources
        failed = tuple(replace(one, failure=failure, failing_since=at - passed) for one in before)
        set_slot(targets, "mongodb", sources=failed)

    last = after(10, change)
    assert [one.code for one in last.others] == ["redis-replica-down"]


def test_a_primary_that_lost_a_replica_says_so_for_two_minutes() -> None:
    story = Story()
    story.play(60, change_redis(replication=following(replica(), replica(6381))))
    alone = change_redis(replication=following(replica()))
    last = story.play(12, alone)[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.what) == ("redis-replica-down", "Redis lost a replica")
    assert last.problem.cost == "1 of 2 follow"
    assert story.play(150, alone)[-1].status == "healthy"


def test_a_replica_is_behind_by_bytes_too() -> None:
    known = following(replica(behind_bytes=400 * MB))
    found = problem_after(12, change_redis(replication=known, received_bytes_per_s=20.0 * MB))
    assert found.code == "redis-replica-lag"
    assert "400 MB behind, all that Redis received in 20 s" in found.cost


def test_a_replica_that_hears_nothing_says_so() -> None:
    found = problem_after(12, change_redis(replication=replication(primary_last_io_s=31.0)))
    assert (found.code, found.subject) == ("redis-replica-lag", "")
    assert "it has heard nothing of 10.0.0.1:6379 for 31 s" in found.cost


def test_a_copy_that_never_ends_is_told() -> None:
    def change(targets: Targets, _at: float, passed: int) -> None:
        known = replication(link_up=False, syncing=True, link_down_s=float(passed))
        set_figures(targets, "redis", "redis", replication=known)

    story = Story()
    story.play(40)
    assert {one.status for one in story.play(60, change)} == {"healthy"}

    def longer(targets: Targets, at: float, passed: int) -> None:
        change(targets, at, passed + 60)

    last = story.play(10, longer)[-1]
    assert last.problem is not None
    assert "it copies all data anew, and did not finish yet" in last.problem.cause


def test_a_replica_that_never_reached_its_primary_is_cut_off() -> None:
    never = change_redis(replication=replication(link_up=False))
    story = Story()
    story.play(40)
    assert {one.status for one in story.play(25, never)} == {"healthy"}
    last = story.play(20, never)[-1]
    assert last.problem is not None
    assert last.problem.code == "redis-replica-down"
