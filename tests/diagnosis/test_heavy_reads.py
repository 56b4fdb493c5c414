"""Reads that take much of a server though no index is missing: scripts, sorts on disk, few but long executions, and
keys that only counters tell of."""

import pytest
from helpers.incidents import Change, Story, Targets, after, digest, set_figures, set_slot, shape
from msgspec.structs import replace

from perftui.advice.findings import codes
from perftui.model.finding import Finding
from perftui.model.mongodb import QueryWork
from perftui.model.operation import Operation, OperationList

MAP = '{"mapReduce":"items","map":"function(){ emit(this.cat, 1) }","reduce":"...","out":{"inline":1}}'
WHERE = '{"find":"items","filter":{"$where":"this.a > this.b"}}'
TWICE = {"span_s": 20.3, "count": 2, "total_ms": 22_642.0, "longest_ms": 11_438.0, "examined_documents": 200_000,
         "returned": 0, "scans": 2, "heavy": 2}  # fmt: skip
SPILLS = {"span_s": 23.9, "count": 10, "total_ms": 12_027.0, "longest_ms": 1372.0, "examined_documents": 600_000,
          "examined_keys": 600_000, "returned": 286_748, "used_disk": 16, "heavy": 10}  # fmt: skip


def one(at: float, running_s: float, command: str, op: str = "command", **fields: object) -> Operation:
    known: dict[str, object] = {"opid": int(at - running_s), "ns": "shop.items", "shape_id": "mr", "app_name": "stats"}
    return Operation(
        op=op, running_s=running_s, started_at=at - running_s, plan_summary="COLLSCAN", command=command,
        **(known | fields),  # type: ignore[arg-type]
    )  # fmt: skip


def repeated(command: str, lasts_s: int, op: str = "command") -> Change:
    """One ends, and the next begins."""

    def change(targets: Targets, at: float, passed: int) -> None:
        running = one(at, passed % lasts_s + 0.1, command, op)
        set_slot(targets, "mongodb", operations=OperationList(operations=(running,)))

    return change


@pytest.mark.parametrize(
    ("command", "op", "what"),
    [(MAP, "command", "a runaway mapReduce on"), (WHERE, "query", "a runaway query with JavaScript on")],
)
def test_a_script_for_each_document_runs_away_as_an_aggregation_does(command: str, op: str, what: str) -> None:
    last = after(11, repeated(command, 12, op))
    assert last.problem is not None
    assert (last.problem.code, last.problem.what) == ("runaway-aggregation", f"{what} shop.items")
    assert "sent by stats" in last.problem.cause
    assert "need no JavaScript" in last.problem.help


def test_what_runs_away_again_and_again_stays_one_incident() -> None:
    story = Story()
    story.play(40)
    told = [verdict.problem for verdict in story.play(60, repeated(MAP, 12))][10:]
    assert {problem is not None and problem.code for problem in told} == {"runaway-aggregation"}


def test_what_ran_away_once_and_is_quick_again_is_over() -> None:
    story = Story()
    story.play(40)
    assert story.play(11, repeated(MAP, 12))[-1].problem is not None
    assert story.play(20, repeated(MAP, 3))[-1].problem is None


def a_report(targets: Targets, at: float, passed: int) -> None:
    running = one(at, passed + 0.1, '{"find":"items","filter":{"cat":{"$gt":5}}}', "query")
    set_slot(targets, "mongodb", operations=OperationList(operations=(running,)))


def a_backup(targets: Targets, at: float, passed: int) -> None:
    running = one(at, 0.2, '{"find":"items","filter":{}}', "getmore")
    recent = {"count": 1 if passed < 20 else 0, "total_ms": 9000.0, "examined_documents": 400_000, "returned": 400_000}
    row = shape("mr", plan="COLLSCAN", recent={"span_s": 20.0, "scans": 80, "heavy": 80, **recent})
    set_slot(targets, "mongodb", operations=OperationList(operations=(running,)), queries=digest(row, shape()))


def two_that_ended(targets: Targets, _at: float, _passed: int) -> None:
    set_slot(targets, "mongodb", queries=digest(shape("mr", plan="COLLSCAN", recent=TWICE), shape()))


def sorting(recent: dict[str, float]) -> Change:
    row = replace(shape("sp", plan="IXSCAN { cat: 1 }", recent=recent), shape="find {cat: {$gte: ?}} sort {desc: 1}")
    return lambda targets, _at, _passed: set_slot(targets, "mongodb", queries=digest(row, shape()))


HEALTHY = {
    "a report of nearly a minute": a_report,
    "a backup": a_backup,
    "two reports that have ended": two_that_ended,
    "sorts on disk that cost little": sorting(SPILLS | {"total_ms": 5000.0}),
    "one export that sorts on disk": sorting(SPILLS | {"count": 2, "total_ms": 12_000.0, "used_disk": 4}),
    "one of many that sorts on disk": sorting(SPILLS | {"count": 40, "returned": 600_000}),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_what_is_heavy_but_wanted(name: str) -> None:
    story = Story()
    story.play(40)
    assert {verdict.status for verdict in story.play(50, HEALTHY[name])} == {"healthy"}


def test_two_long_executions_and_a_third_under_way_are_many() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        script = Finding(code=codes.JAVASCRIPT, severity="critical", message="mapReduce runs JavaScript.")
        row = replace(shape("mr", plan="COLLSCAN", recent=TWICE), op="command", shape="mapReduce {}")
        running = one(at, passed % 6 + 0.1, '{"aggregate":"items"}')
        queries = digest(replace(row, findings=(script,)))
        set_slot(targets, "mongodb", queries=queries, operations=OperationList(operations=(running,)))

    last = after(6, change)
    assert last.problem is not None
    assert last.problem.code == "full-scan"
    assert (
        last.problem.cause == "each mapReduce reads 100,000 documents to return 0; it runs JavaScript on each document"
    )
    assert "instead of JavaScript" in last.problem.help


def test_sorts_that_spill_are_told_where_they_take_a_third_of_a_core() -> None:
    last = after(6, sorting(SPILLS))
    assert last.problem is not None
    assert (last.problem.code, last.problem.what) == ("runaway-aggregation", "a find on shop.items sorts on disk")
    assert "16 times lately" in last.problem.cause
    assert "0.5 s of server time a second" in last.problem.cost
    assert last.problem.help.startswith("an index that gives its order ({desc: 1}), or a limit")


def test_what_spills_because_it_reads_too_much_wants_an_index_first() -> None:
    last = after(6, sorting(SPILLS | {"returned": 100}))
    assert last.problem is not None
    assert (last.problem.code, [other.code for other in last.others]) == ("missing-index", [])


def test_an_aggregation_that_copies_a_collection_wants_no_index() -> None:
    recent = {"span_s": 30.0, "count": 4, "total_ms": 44_000.0, "examined_documents": 400_000, "returned": 0}
    row = replace(shape("o", plan="IXSCAN { at: 1 }", recent=recent), op="aggregate")
    row = replace(row, shape="aggregate $match {at: {$gt: ?}} | $out")
    last = after(6, lambda targets, _at, _passed: set_slot(targets, "mongodb", queries=digest(row)))
    assert last.problem is not None
    assert (last.problem.code, last.problem.action) == ("full-scan", "advise")


def counted(keys: float, seconds: int = 1000, returned: float = 300.0) -> Change:
    def change(targets: Targets, _at: float, passed: int) -> None:
        work = QueryWork(
            examined_documents_per_s=900.0,
            examined_keys_per_s=keys if passed % 60 < seconds else 900.0,
            returned_documents_per_s=returned,
        )
        set_figures(targets, "mongodb", "mongodb", work=work)
        seen = Operation(
            opid=1, op="query", ns="shop.items", running_s=0.05, app_name="crawler", plan_summary="IXSCAN { _id: 1 }"
        )
        set_slot(targets, "mongodb", operations=OperationList(operations=(seen,)))

    return change


def test_keys_that_no_recorded_query_tells_of() -> None:
    last = after(16, counted(900_000.0))
    assert last.problem is not None
    assert (last.problem.code, last.problem.action) == ("full-scan", "profiling")
    assert last.problem.cost == "900,000/s keys examined to return 300/s"
    assert "crawler runs IXSCAN { _id: 1 } on shop.items just now" in last.problem.cause


@pytest.mark.parametrize(
    "change", [counted(200_000.0), counted(4_000_000.0, seconds=8), counted(900_000.0, returned=50_000.0)]
)
def test_keys_that_are_few_or_wanted_or_soon_done(change: Change) -> None:
    story = Story()
    story.play(40)
    assert {one.status for one in story.play(180, change)} == {"healthy"}
