"""What has long been so, and is no emergency: it is not told as the cause of what begins now, and stops to be told."""

from helpers.application_incidents import slow_items
from helpers.incidents import MB, REDIS, Change, Story, Targets, digest, set_figures, set_slot, shape
from helpers.scan_incidents import missing_index
from msgspec.structs import replace

from perftui.diagnosis.places import Places
from perftui.diagnosis.ranking import rank
from perftui.model.host import Filesystem
from perftui.model.mongodb import Connections
from perftui.model.operation import ConnectionGroup, OperationList
from perftui.model.verdict import Evidence, Problem


def poor_cache(targets: Targets, _at: float, _passed: int) -> None:
    """It evicts, and hits in 70 % of all lookups, as it always did."""
    set_figures(targets, "redis", "redis", evicted_per_s=300.0, hit_rate=0.7)


def test_a_cache_that_was_always_poor_is_no_cause_of_a_missing_index() -> None:
    def both(targets: Targets, at: float, passed: int) -> None:
        poor_cache(targets, at, passed)
        missing_index(targets, at, passed)

    story = Story()
    found = story.play(120, poor_cache)[-1].problem
    assert found is not None
    assert (found.code, found.target_id) == ("cache-evicting", REDIS.id)
    last = story.play(20, both)[-1]
    assert last.problem is not None
    assert last.problem.code == "missing-index"
    assert "cache-evicting" in {one.code for one in last.others}


def test_a_cache_that_hits_as_usual_is_no_problem() -> None:
    """Also where that is below the threshold: the hit rate of some caches is."""
    story = Story()
    story.play(60, lambda targets, _at, _passed: set_figures(targets, "redis", "redis", hit_rate=0.7))
    assert {one.status for one in story.play(60, poor_cache)} == {"healthy"}


def test_a_filesystem_that_is_nearly_full_slows_no_endpoint() -> None:
    def nearly_full(targets: Targets, _at: float, _passed: int) -> None:
        root = Filesystem(mount="/data", total_bytes=1000 * MB, used_bytes=960 * MB, free_bytes=40 * MB)
        set_figures(targets, "host", "host", filesystems=(root,))

    def both(targets: Targets, at: float, passed: int) -> None:
        nearly_full(targets, at, passed)
        slow_items(targets, 900.0)

    story = Story()
    assert story.play(100, nearly_full)[-1].problem is not None
    last = story.play(20, both)[-1]
    assert last.problem is not None
    assert last.problem.code == "slow-endpoint"
    assert [one.code for one in last.others] == ["disk-full"]


def test_what_one_server_suffers_is_not_explained_by_another_server_s_queries() -> None:
    def problem(code: str, target: str) -> Problem:
        return Problem(
            code=code, severity="critical", target_id=target, what=code, since=100.0, evidence=Evidence(page="Queries")
        )

    places = Places()
    places._kinds = {"m1": "mongodb", "m2": "mongodb"}
    problems = [problem("missing-index", "m2"), problem("tickets-exhausted", "m1")]
    assert rank(problems, 110.0, places)[1] == ()
    assert rank([problems[0], problem("tickets-exhausted", "m2")], 110.0, places)[1] != ()


def connected(number: int, created_per_s: float, active: int = 0) -> Change:
    """Nearly all of one client."""

    def change(targets: Targets, _at: float, _passed: int) -> None:
        connections = Connections(current=number, available=20_000, created_per_s=created_per_s)
        set_figures(targets, "mongodb", "mongodb", connections=connections)
        group = ConnectionGroup(client="10.0.0.9", app_name="worker", connections=number - 40, active=active)
        set_slot(targets, "mongodb", operations=OperationList(connections=(group,)))

    return change


def test_a_large_pool_that_was_there_before_is_no_storm() -> None:
    assert {one.status for one in Story().play(120, connected(1200, 0.0))[10:]} == {"healthy"}
    assert Story().play(20, connected(1200, 30.0))[-1].problem is not None
    assert Story().play(20, connected(1200, 0.0, active=900))[-1].problem is not None


def test_more_of_the_application_is_told_for_minutes_and_then_usual() -> None:
    story = Story()
    story.play(600)
    told = [one.problem is not None for one in story.play(400, connected(600, 0.1))]
    assert all(told[5:290])
    assert not any(told[320:])


def test_an_endpoint_of_which_nothing_is_known_is_no_emergency_unless_it_is_far_too_slow() -> None:
    def taking(average_ms: float) -> Change:
        return lambda targets, _at, _passed: slow_items(targets, average_ms)

    for average_ms, severity in ((650.0, "warning"), (2000.0, "critical")):
        last = Story().play(30, taking(average_ms))[-1]
        assert last.problem is not None
        assert (last.problem.code, last.problem.severity) == ("slow-endpoint", severity)


GROUPED = {"span_s": 30.0, "count": 6, "examined_documents": 300_000, "returned": 30}


def test_an_aggregation_that_groups_what_an_index_finds_wants_no_other_index() -> None:
    def grouping(total_ms: float) -> Change:
        row = shape("g", "shop.orders", plan="IXSCAN { status: 1 }", recent=GROUPED | {"total_ms": total_ms})
        row = replace(row, op="aggregate", shape="aggregate [{$match: {status: ?}}, {$group: {_id: ?}}]")
        return lambda targets, _at, _passed: set_slot(targets, "mongodb", queries=digest(row, shape()))

    assert {one.status for one in Story().play(60, grouping(3_600.0))[10:]} == {"healthy"}
    last = Story().play(30, grouping(30_000.0))[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.severity) == ("full-scan", "warning")
    assert last.problem.what == "an aggregation on shop.orders reads much to give little"
