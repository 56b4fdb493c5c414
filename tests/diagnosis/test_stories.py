"""Causes with what follows from them, one after the other and several at once."""

import random

import pytest
from helpers.application_incidents import failing, no_requests, slow_endpoint, slow_items
from helpers.cache_incidents import unanswered
from helpers.incidents import (
    APPLICATION,
    MONGODB,
    START,
    Change,
    Story,
    Targets,
    after,
    digest,
    healthy,
    set_figures,
    set_slot,
    shape,
)
from helpers.scan_incidents import SCAN, missing_index
from helpers.server_incidents import hung_build, squeeze, unreachable
from msgspec.structs import replace

from perftui.advice.findings import codes
from perftui.model.event import Event
from perftui.model.finding import Finding
from perftui.model.host import Process
from perftui.model.operation import Operation, OperationList
from perftui.model.snapshot import Snapshot
from perftui.model.verdict import Verdict


def event(kind: str, message: str, target: str = MONGODB.id, second: int = 40) -> Event:
    return Event(at=START + second, target_id=target, kind=kind, severity="warning", message=message)


def test_a_step_down_explains_what_fails_after_it() -> None:
    story = Story()
    story.play(40)
    story.events.append(event("role.changed", "db is now SECONDARY; it was PRIMARY."))
    last = story.play(10, failing)[-1]
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("stepped-down", ["failing-requests"])
    assert last.problem.since == START + 40
    assert story.play(150)[-1].status == "healthy"


def test_a_restart_is_told_and_forgotten() -> None:
    story = Story()
    story.play(40)
    story.events.append(event("server.restarted", "db restarted 2 s ago."))
    assert story.play(5)[-1].problem is not None
    assert story.play(100)[-1].status == "healthy"


def test_a_release_is_named_with_the_query_that_came_with_it() -> None:
    story = Story()
    story.play(40)
    story.events.append(event("version.changed", "web runs 2.1 now; it ran 2.0.", APPLICATION.id))
    assert "web runs 2.1 now" in story.play(10, missing_index)[-1].message


@pytest.mark.parametrize("recorded", [True, False], ids=["profiled", "too fast to be recorded"])
def test_an_index_that_was_created_is_never_said_to_be_gone(recorded: bool) -> None:
    def served(targets: Targets, at: float, passed: int) -> None:
        plans, when = ("COLLSCAN", "IXSCAN { k: 1 }"), (at - passed - 0.5, at)
        row = shape("new", plan="COLLSCAN", recent=SCAN | {"heavy": 200, "heavy_at": when[0]})
        if recorded:
            row = replace(row, plan_summaries=plans, plans_at=when)
        set_slot(targets, "mongodb", queries=digest(row, shape()))

    story = Story()
    story.play(40)
    assert story.play(15, missing_index)[-1].problem is not None
    told = [verdict.problem.code if verdict.problem else "" for verdict in story.play(10, served)]
    assert set(told) <= {"missing-index", "slow-endpoint", ""}
    assert "missing-index" not in told[7:]


def test_scans_that_come_now_and_then_are_told_all_the_while() -> None:
    def now_and_then(targets: Targets, at: float, passed: int) -> None:
        work = SCAN | {"count": 100, "heavy": 4, "heavy_at": at - passed % 8}
        set_slot(targets, "mongodb", queries=digest(shape("new", plan="COLLSCAN", recent=work), shape()))

    story = Story()
    story.play(40)
    assert {verdict.problem.code for verdict in story.play(60, now_and_then)[10:] if verdict.problem} == {
        "missing-index"
    }
    assert all(verdict.problem for verdict in story.verdicts[-50:])


def test_an_index_that_was_seen_to_go_is_named() -> None:
    story = Story()
    story.play(40)
    dropped = event("index.dropped", "Index k_1 on shop.items was dropped.")
    story.events.append(replace(dropped, subject="shop.items"))
    last = story.play(10, missing_index)[-1]
    assert last.problem is not None
    assert last.problem.code == "index-dropped"
    assert "Index k_1 on shop.items was dropped" in last.problem.cause


def test_a_join_without_an_index_blames_the_collection_that_is_joined() -> None:
    message = "It joins on customers.number without an index: 50,000 documents are examined an execution."
    finding = Finding(code=codes.LOOKUP_WITHOUT_INDEX, severity="critical", message=message, advice="Create one.")

    def joined(targets: Targets, _at: float, _passed: int) -> None:
        row = replace(shape(plan="IXSCAN { number: 1 }", recent=SCAN | {"scans": 0}), findings=(finding,))
        set_slot(targets, "mongodb", queries=digest(row))

    problem = after(10, joined).problem
    assert problem is not None
    assert (problem.code, problem.what) == ("missing-index", "missing index for a $lookup from shop.items")
    assert problem.cause.startswith("it joins on customers.number without an index; each find reads 50,000")


def test_a_query_that_reads_everything_wants_another_query() -> None:
    def reads_all(targets: Targets, _at: float, _passed: int) -> None:
        found = Finding(code=codes.READS_EVERYTHING, severity="warning", message="It reads everything.")
        row = replace(shape("all", plan="COLLSCAN", recent=SCAN), findings=(found,))
        set_slot(targets, "mongodb", queries=digest(row))

    last = after(10, reads_all)
    assert last.problem is not None
    assert (last.problem.code, last.problem.severity, last.problem.action) == ("full-scan", "warning", "advise")


def test_an_endpoint_that_leaps_is_told_sooner_than_one_that_rises() -> None:
    def rose(targets: Targets, _at: float, _passed: int) -> None:
        slow_items(targets, 450.0)

    leapt, risen = ([one.problem is not None for one in told(change)].index(True) for change in (slow_endpoint, rose))
    assert leapt + 2 <= risen


def told(change: Change) -> list[Verdict]:
    story = Story()
    story.play(40)
    return story.play(12, change)


def test_an_operation_of_a_minute_is_told() -> None:
    def long(targets: Targets, at: float, passed: int) -> None:
        one = Operation(opid=1, op="query", ns="shop.items", running_s=60.0 + passed, started_at=at - 60 - passed)
        set_slot(targets, "mongodb", operations=OperationList(operations=(one,)))

    last = after(5, long)
    assert last.problem is not None
    assert (last.problem.code, last.problem.evidence.row) == ("long-operation", "1")


def test_of_several_of_a_kind_the_ill_one_is_named() -> None:
    other = replace(MONGODB, id="mongodb://db2:27017", name="db2")
    diagnosis = Story().diagnosis

    class Two:
        """Adds a healthy second server to each Snapshot."""

        def take(self, snapshot: Snapshot) -> Verdict:
            first = next(state for state in snapshot.targets if state.target == MONGODB)
            second = replace(healthy_state, target=other) if first.mongodb is not None else first
            return diagnosis.take(replace(snapshot, targets=(*snapshot.targets, second)))

    healthy_state = healthy(random.Random(9))["mongodb"]
    story = Story()
    story.diagnosis = Two()  # type: ignore[assignment]
    story.play(40)
    last = story.play(10, squeeze)[-1]
    assert last.problem is not None
    assert last.problem.what == "MongoDB's cache is too small for its work (db)"


def test_a_build_that_hangs_on_every_member_is_told_once() -> None:
    second = replace(MONGODB, id="mongodb://db2:27017", name="db2")
    story = Story()
    diagnosis = story.diagnosis

    class OfASet:
        """Adds another member that builds and waits too, before the primary."""

        def take(self, snapshot: Snapshot) -> Verdict:
            first = next(state for state in snapshot.targets if state.target == MONGODB)
            secondary = None if first.mongodb is None else replace(first.mongodb, role="SECONDARY")
            return diagnosis.take(
                replace(snapshot, targets=(replace(first, target=second, mongodb=secondary), *snapshot.targets))
            )

    story.diagnosis = OfASet()  # type: ignore[assignment]
    story.play(40)
    last = story.play(10, hung_build)[-1]
    assert last.problem is not None
    told = [one for one in (last.problem, *last.effects, *last.others) if one.code == "index-build-hung"]
    assert [one.target_id for one in told] == [MONGODB.id]


WORKING = Process(pid=11, name="redis-server", command="redis-server", role="redis", cpu_share=0.99)


def test_a_redis_whose_process_stands_still_is_told_from_one_that_works() -> None:
    def works(targets: Targets, at: float, passed: int) -> None:
        unanswered(targets, at, passed)
        set_figures(targets, "host", "host", processes=(WORKING,))

    stands, busy = after(9, unanswered).problem, after(9, works).problem
    assert stands is not None
    assert busy is not None
    assert "its process (pid 11) does nothing: CLIENT PAUSE" in stands.cause
    assert stands.command == "ps -o pid,stat,wchan -p 11"
    assert busy.cause == "one command or script keeps it busy: its process uses a whole core"


def test_requests_of_which_none_ends_are_told_from_those_that_do_not_come() -> None:
    def hang(targets: Targets, _at: float, passed: int) -> None:
        no_requests(targets, _at, passed)
        set_figures(targets, "application", "application", active=8)

    problem = after(14, hang).problem
    assert problem is not None
    assert (problem.code, problem.severity, problem.cause) == ("no-requests", "critical", "8 are under way")
    assert problem.what.startswith("no request of the application ends any more")


def test_a_database_that_is_gone_explains_that_no_request_ends() -> None:
    def both(targets: Targets, at: float, passed: int) -> None:
        no_requests(targets, at, passed)
        unreachable(targets, at, passed)

    last = after(14, both)
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("unreachable", ["no-requests"])
    assert "all endpoints: usually" in last.problem.cost
