"""Queries that read an index nearly whole: its keys cost time too, though hardly a document is read."""

from collections.abc import Mapping

import pytest
from helpers.incidents import Change, Story, Targets, after, digest, set_slot, shape
from msgspec.structs import replace

from perftui.advice.findings import codes
from perftui.model.finding import Finding
from perftui.model.operation import Operation, OperationList
from perftui.model.query import DigestRow
from perftui.model.verdict import Problem

KEYS = {"count": 200, "total_ms": 38_000.0, "examined_documents": 2000, "examined_keys": 19_980_000, "returned": 2000}
COVERED = {"count": 200, "examined_documents": 0, "examined_keys": 4_000_000, "returned": 0}
SKIPS = "find {} sort {_id: 1} limit ? project {_id} skip ?"


def found(*names: str) -> tuple[Finding, ...]:
    return tuple(Finding(code=one, severity="warning", message="It is so.") for one in names)


def reading(plan: str, *findings: str, recent: Mapping[str, float] = KEYS, **fields: object) -> Change:
    row = replace(shape("k", plan=plan, recent=recent), findings=found(*findings), **fields)

    def change(targets: Targets, _at: float, _passed: int) -> None:
        set_slot(targets, "mongodb", queries=digest(row, shape()))

    return change


def problem(change: Change) -> Problem:
    last = after(10, change)
    assert last.problem is not None, last.message
    return last.problem


@pytest.mark.parametrize(
    ("code", "why", "help_"),
    [
        (codes.UNANCHORED_REGEX, "its pattern has no literal beginning", "begin the pattern with ^"),
        (codes.CASE_INSENSITIVE_REGEX, "its pattern ignores case", "lower-case copy"),
    ],
)
def test_a_pattern_that_tries_every_key(code: str, why: str, help_: str) -> None:
    told = problem(reading("IXSCAN { name: 1 }", codes.INDEX_NOT_SELECTIVE, code))
    assert (told.code, told.action) == ("full-scan", "advise")
    assert told.cause == f"each find reads 99,900 keys of the index {{ name: 1 }} to return 10; {why}"
    assert help_ in told.help


@pytest.mark.parametrize("findings", [(codes.INDEX_NOT_SELECTIVE, codes.LARGE_SKIP), ()])
def test_a_deep_skip_wants_a_range_and_no_index(findings: tuple[str, ...]) -> None:
    told = problem(reading("IXSCAN { _id: 1 }", *findings, recent=KEYS | {"examined_documents": 0}, shape=SKIPS))
    assert (told.code, told.what) == ("full-scan", "shop.items is paged through with a deep skip")
    assert "each find reads 99,900 keys of the index { _id: 1 } to return 10" in told.cause
    assert told.help == "page by range: ask for what comes after the last _id seen, instead of skip"


def test_a_skip_over_a_collection_without_an_index_for_its_filter_wants_one() -> None:
    recent = KEYS | {"examined_keys": 0, "examined_documents": 19_980_000, "scans": 200}
    findings = (codes.COLLECTION_SCAN, codes.LARGE_SKIP)
    told = problem(reading("COLLSCAN", *findings, recent=recent, shape="find {cat: ?} limit ? skip ?"))
    assert (told.code, told.action) == ("missing-index", "create")


def test_an_index_that_narrows_down_too_little_wants_another() -> None:
    told = problem(reading("IXSCAN { at: 1, kind: 1 }", codes.INDEX_NOT_SELECTIVE))
    assert (told.code, told.action, told.severity) == ("missing-index", "create", "critical")
    assert told.what == "no good index on shop.items"
    assert told.help.startswith("create the advised index: fields of equality first")


def test_where_no_finding_says_that_an_index_helps_none_is_promised() -> None:
    told = problem(reading("IXSCAN { a: 1 }", codes.UNBOUNDED_RESULT))
    assert (told.code, told.action) == ("full-scan", "advise")


def test_counts_that_take_a_third_of_a_core_are_told() -> None:
    told = problem(reading("COUNT_SCAN { a: 1 }", recent=COVERED | {"total_ms": 9000.0}, op="count"))
    assert (told.code, told.what) == ("full-scan", "a count on shop.items reads much to give little")


HEALTHY = {
    "covered counts": reading("COUNT_SCAN { a: 1 }", recent=COVERED | {"total_ms": 3000.0}, op="count"),
    "a group over an index now and then": reading(
        "IXSCAN { a: 1 }",
        recent={"count": 1, "total_ms": 9000.0, "examined_documents": 0, "examined_keys": 5_000_000, "returned": 20},
        op="aggregate",
        shape="aggregate $group {_id: a}",
    ),
    "a few searches": reading(
        "IXSCAN { name: 1 }",
        codes.UNANCHORED_REGEX,
        recent={"count": 4, "total_ms": 760.0, "examined_documents": 40, "examined_keys": 400_000, "returned": 40},
    ),
    "a long list of values": reading(
        "IXSCAN { a: 1 }",
        recent={"count": 200, "total_ms": 9000.0, "examined_documents": 200_000, "examined_keys": 500_000,
                "returned": 200_000},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_keys_that_are_read_for_good_reason(name: str) -> None:
    story = Story()
    story.play(40)
    assert {one.status for one in story.play(40, HEALTHY[name])} == {"healthy"}


def test_it_is_over_once_no_execution_reads_many_keys_any_more() -> None:
    def served(targets: Targets, at: float, passed: int) -> None:
        recent = KEYS | {"heavy": 200, "heavy_at": at - passed}
        row: DigestRow = replace(shape("k", plan="IXSCAN { name: 1 }", recent=recent), findings=())
        set_slot(targets, "mongodb", queries=digest(row))

    story = Story()
    story.play(40)
    assert story.play(10, reading("IXSCAN { name: 1 }", recent=KEYS | {"heavy": 200}))[-1].problem is not None
    assert story.play(12, served)[-1].problem is None


def running(number: int, plan: str, command: str) -> Change:
    def change(targets: Targets, at: float, passed: int) -> None:
        operations = tuple(
            Operation(
                opid=one, op="query", ns="shop.archive", running_s=passed + 3.0, shape_id="ar", app_name="crawler",
                started_at=at - passed - 3, plan_summary=plan, command=command,
            )
            for one in range(number)
        )  # fmt: skip
        set_slot(targets, "mongodb", operations=OperationList(operations=operations))

    return change


SKIPPING = '{"find":"archive","filter":{},"sort":{"at":1},"skip":4000000,"limit":20}'
SEARCHING = '{"find":"archive","filter":{"name":{"$regex":"lost"}}}'


@pytest.mark.parametrize(
    ("command", "why", "help_"),
    [
        (SKIPPING, "all that it skips is read", "after the last at seen"),
        (SEARCHING, "its pattern has no literal beginning", "begin the pattern"),
    ],
)
def test_they_are_told_before_any_has_ended(command: str, why: str, help_: str) -> None:
    told = problem(running(4, "IXSCAN { at: 1 }", command))
    assert (told.code, told.what) == ("full-scan", "4 operations read most of an index of shop.archive")
    assert why in told.cause
    assert "sent by crawler" in told.cause
    assert help_ in told.help


@pytest.mark.parametrize(
    ("number", "command"),
    [
        (2, SKIPPING),
        (6, '{"find":"archive","filter":{"at":{"$gt":5}},"skip":100}'),
        (6, '{"find":"archive","filter":{"name":{"$regex":"^lost"}}}'),
        (6, '{"find":"archive","filter":{"name":{"$rege'),
    ],
)
def test_what_reads_long_by_an_index_is_no_fault_by_itself(number: int, command: str) -> None:
    story = Story()
    story.play(40)
    assert {one.status for one in story.play(20, running(number, "IXSCAN { at: 1 }", command))} == {"healthy"}
