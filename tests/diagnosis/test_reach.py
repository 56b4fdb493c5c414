"""Targets that do not answer any more, or never did."""

import pytest
from helpers.application_incidents import hanging_endpoint
from helpers.incidents import MONGODB, START, Change, Story, Targets, set_slot
from msgspec.structs import replace

from perftui.diagnosis.diagnosis import Diagnosis
from perftui.model.sample import Failure
from perftui.model.settings import Thresholds
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.verdict import Verdict

TIMEOUT = Failure(kind="timeout", message="db:27017 did not answer in time.", help="The server hangs.")
REFUSED = Failure(kind="refused", message="Nothing listens on web:8000.", help="Check that it runs.")


def read(name: str, at: float, slot: str | None, **options: object) -> SourceState:
    return SourceState(source=f"mongodb.{name}", interval_s=1.0, read_at=at, slot=slot, **options)  # type: ignore[arg-type]


def sources(targets: Targets, *found: SourceState) -> None:
    set_slot(targets, "mongodb", sources=found)


def lost(name: str, slot: str, began: float, at: float) -> SourceState:
    """Late until its time is over."""
    if at - began < 4:
        return read(name, began - 1, slot, waiting=True, stale=at - began > 2)
    return read(name, began - 1, slot, failure=TIMEOUT, failing_since=began)


def frozen() -> Change:
    """A standalone mongod that was stopped, and requests that wait for it: indexes are read rarely, and of members
    there is nothing to ask."""
    before: list[TargetState] = []

    def change(targets: Targets, at: float, passed: int) -> None:
        hanging_endpoint(targets, at, passed)
        began = at - passed
        indexes = lost("indexes", "indexes", began + 23, at) if passed > 26 else read("indexes", began - 2, "indexes")
        sources(
            targets,
            lost("server", "mongodb", began, at),
            lost("operations", "operations", began, at),
            lost("slow_queries", "queries", began + 1, at),
            read("members", at, None),
            indexes,
        )
        last = (before or [targets["mongodb"]])[0]
        before[:] = [last]
        set_slot(targets, "mongodb", mongodb=last.mongodb, operations=last.operations, queries=last.queries)

    return change


def one_heavy_command(targets: Targets, at: float, passed: int) -> None:
    """serverStatus hangs while all others are answered, the one sooner than the other."""
    began = at - passed
    every_6_s = at - passed % 6 + 0.5
    sources(
        targets,
        lost("server", "mongodb", began, at),
        lost("indexes", "indexes", began + 1, at),
        read("operations", min(every_6_s, at), "operations"),
        read("members", at, None),
    )


def heavy_others(targets: Targets, at: float, passed: int) -> None:
    """What locks hold up runs out of time; the server's figures are read every six seconds."""
    began = at - passed
    sources(
        targets,
        read("server", at - passed % 6, "mongodb"),
        lost("indexes", "indexes", began, at),
        lost("slow_queries", "queries", began, at),
        lost("operations", "operations", began, at),
    )


def codes(told: list[Verdict]) -> list[str]:
    return [one.problem.code if one.problem else one.status for one in told]


def test_a_server_that_was_stopped_is_not_reached_and_explains_the_slow_endpoints() -> None:
    story = Story()
    story.play(40)
    told = story.play(40, frozen())
    assert set(codes(told)[7:]) == {"unreachable"}
    last = told[-1]
    assert last.problem is not None
    assert (last.problem.target_id, last.problem.since) == (MONGODB.id, START + 40)
    assert "slow-endpoint" in {one.code for one in last.effects}


def test_nothing_is_said_of_a_server_that_does_not_answer() -> None:
    story = Story()
    story.play(40)
    for verdict in story.play(40, frozen()):
        assert "in MongoDB" not in verdict.message, "it was not read since then"
        assert "application itself" not in verdict.message


def test_a_slow_endpoint_says_who_does_not_answer() -> None:
    stopped = frozen()

    def late(targets: Targets, at: float, passed: int) -> None:
        stopped(targets, at, passed)
        still = (replace(one, failure=None, waiting=True, stale=True) for one in targets["mongodb"].sources)
        sources(targets, *still)

    story = Story()
    story.play(40)
    last = story.play(15, late)[-1]
    assert last.problem is not None
    assert last.problem.code in ("slow-endpoint", "slow-application")
    assert last.problem.elsewhere.startswith("MongoDB does not answer; nothing changed in Redis")
    assert last.problem.cause == ""


@pytest.mark.parametrize("change", [one_heavy_command, heavy_others])
def test_heavy_commands_that_run_out_of_time_are_no_lost_server(change: Change) -> None:
    story = Story()
    story.play(40)
    assert set(codes(story.play(60, change))) == {"healthy"}


def bare(targets: Targets) -> None:
    """Nothing of the application was read yet."""
    source = SourceState(source="application.metrics", interval_s=1.0, waiting=True)
    set_slot(targets, "application", application=None, sources=(source,))


def hanging_from_the_start(targets: Targets, _at: float, _passed: int) -> None:
    bare(targets)


def failing_after_a_while(targets: Targets, at: float, passed: int) -> None:
    bare(targets)
    if passed >= 5:
        (source,) = targets["application"].sources
        set_slot(targets, "application", sources=(replace(source, failure=REFUSED, failing_since=at - passed),))


def test_a_target_that_never_answered_is_not_healthy() -> None:
    told = Story().play(30, hanging_from_the_start)
    assert codes(told)[:9] == ["looking"] * 9
    assert set(codes(told)[11:]) == {"cannot tell"}
    assert told[-1].message.startswith("cannot tell: may not see web, which has not answered yet; looked at MongoDB db")


def test_one_whose_first_answer_fails_is_never_healthy_before() -> None:
    told = Story().play(30, failing_after_a_while)
    assert codes(told)[:7] == ["looking"] * 7
    assert set(codes(told)[7:]) == {"unreachable"}
    assert told[-1].unseen == ()


def test_who_has_only_one_look_cannot_tell_either() -> None:
    story = Story()
    story.diagnosis = Diagnosis(Thresholds(), at_once=True)
    assert codes(story.play(1, hanging_from_the_start)) == ["cannot tell"]


def test_an_empty_snapshot_is_looked_at() -> None:
    snapshot = Snapshot(sequence=1, taken_at=START, interval_s=1.0, window_s=300.0)
    assert Diagnosis(Thresholds()).take(snapshot).status == "looking"
