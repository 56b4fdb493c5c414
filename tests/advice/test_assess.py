"""Scores and findings: right figures, and never a word on what is not known."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perftui.advice.findings import codes
from perftui.advice.findings.assess import Evidence, assess, is_assessable
from perftui.model.finding import Assessment, Finding
from perftui.model.index import Index
from perftui.model.plan import Plan, Stage

NS = "shop.prompts"
CATEGORY = {"find": "prompts", "filter": {"category": "x", "active": True}, "sort": {"createdAt": -1}, "limit": 20}
SCAN = Stage(name="COLLSCAN", documents_examined=50_000, keys_examined=0, returned=5_000)
SORT = Stage(name="SORT", sort=(("createdAt", -1),), memory_bytes=12_000_000, returned=20, inputs=(SCAN,))


def plan(winning: Stage, **figures: Any) -> Plan:
    return Plan(ns=NS, op="find", verbosity="profile", taken_at=0.0, winning=winning, **figures)


def codes_of(assessment: Assessment) -> dict[str, str]:
    return {finding.code: finding.severity for finding in assessment.findings}


def only(assessment: Assessment, code: str) -> Finding:
    (found,) = [finding for finding in assessment.findings if finding.code == code]
    return found


def points(assessment: Assessment) -> dict[str, int]:
    return {penalty.code: penalty.points for penalty in assessment.penalties}


WORST = Evidence(
    ns=NS,
    op="find",
    command=CATEGORY,
    plan=plan(SORT, documents_examined=50_000, keys_examined=0, returned=20),
    executions=41,
    p95_ms=152.0,
    documents_examined=50_000,
    keys_examined=0,
    returned=20,
    plan_summaries=("COLLSCAN",),
    blocking_sort_share=1.0,
)


def test_all_faults_at_once_leave_nothing() -> None:
    found = assess(WORST)
    assert found.score == 0
    assert points(found) == {
        codes.COLLECTION_SCAN: 30,
        codes.POOR_SELECTIVITY: 20,
        codes.MANY_DOCUMENTS: 15,
        codes.SLOW: 10,
        codes.BLOCKING_SORT: 25,
    }
    assert only(found, codes.COLLECTION_SCAN).severity == "critical"
    assert "50,000 documents an execution for 20 returned" in only(found, codes.COLLECTION_SCAN).message
    assert "5,000 documents by createdAt in 12 MB of memory" in only(found, codes.BLOCKING_SORT).message
    assert [finding.severity for finding in found.findings] == sorted(
        (finding.severity for finding in found.findings), key=["critical", "warning", "info"].index
    )


@pytest.mark.parametrize(
    ("change", "score"),
    [
        ({"p95_ms": 100.0}, 10),
        ({"p95_ms": None}, 10),
        ({"documents_examined": 1000}, 15),
        ({"documents_examined": 1001}, 0),
        ({"returned": 5000}, 20),
        ({"returned": 4999}, 0),
    ],
)
def test_each_threshold_is_where_it_was(change: dict[str, Any], score: int) -> None:
    assert assess(replace(WORST, **change)).score == score


def test_the_index_is_looked_for_in_the_whole_plan() -> None:
    deep = Stage(name="LIMIT", inputs=(Stage(name="SORT_MERGE", inputs=(Stage(name="FETCH"), SCAN)),))
    assert points(assess(Evidence(plan=plan(deep)))) == {codes.COLLECTION_SCAN: 30}
    fetch = Stage(name="FETCH", inputs=(Stage(name="IXSCAN", index="a_1"),))
    assert assess(Evidence(plan=plan(Stage(name="LIMIT", inputs=(fetch,))))).score == 100


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert assess(Evidence()) == Assessment(score=100)
    assert not is_assessable(Evidence())
    only_scan = assess(Evidence(plan_summaries=("COLLSCAN",)))
    assert (points(only_scan), codes_of(only_scan)) == ({codes.COLLECTION_SCAN: 30}, {codes.COLLECTION_SCAN: "warning"})


@pytest.mark.parametrize(
    ("documents", "returned", "severity"),
    [
        (80, 1, "info"),
        (900, 1, "warning"),
        (50_000, 1, "critical"),
        (50_000, 30_000, "info"),
        (50_000, None, "warning"),
    ],
)
def test_a_scan_is_as_bad_as_what_it_throws_away(documents: int, returned: int | None, severity: str) -> None:
    evidence = Evidence(
        op="find",
        command={"find": "p", "filter": {"a": 1}},
        documents_examined=documents,
        returned=returned,
        plan_summaries=("COLLSCAN",),
    )
    assert codes_of(assess(evidence))[codes.COLLECTION_SCAN] == severity


def grouped(pipeline: list[dict[str, Any]], kept: int | None = None) -> Evidence:
    stage = Stage(name="COLLSCAN", documents_examined=50_000, returned=kept)
    return Evidence(
        op="aggregate",
        command={"aggregate": "prompts", "pipeline": pipeline, "cursor": {}},
        plan=None if kept is None else plan(Stage(name="$group", inputs=(stage,))),
        documents_examined=50_000,
        returned=10,
        plan_summaries=("COLLSCAN",),
    )


def test_an_aggregation_that_must_read_everything_is_said_to() -> None:
    found = assess(grouped([{"$group": {"_id": "$category", "n": {"$sum": 1}}}]))
    assert codes_of(found) == {codes.READS_EVERYTHING: "info", codes.MANY_DOCUMENTS: "info"}
    assert "groups the whole collection (50,000 documents an execution)" in only(found, codes.READS_EVERYTHING).message
    assert codes.COLLECTION_SCAN in points(found)


def test_an_aggregation_is_judged_by_what_its_filter_lets_pass() -> None:
    pipeline: list[dict[str, Any]] = [{"$match": {"active": True}}, {"$group": {"_id": "$category", "n": {"$sum": 1}}}]
    assert codes_of(assess(grouped(pipeline, kept=40_000)))[codes.COLLECTION_SCAN] == "info"
    assert codes_of(assess(grouped(pipeline, kept=500)))[codes.COLLECTION_SCAN] == "critical"
    unknown = assess(grouped(pipeline))
    assert codes_of(unknown)[codes.COLLECTION_SCAN] == "warning"
    assert codes.POOR_SELECTIVITY not in codes_of(unknown)


def test_an_index_that_narrows_down_too_little() -> None:
    evidence = Evidence(
        op="find", documents_examined=9_800, keys_examined=9_846, returned=20, plan_summaries=("IXSCAN { active: 1 }",)
    )
    found = assess(evidence)
    assert found.score == 65
    assert "IXSCAN { active: 1 }" in only(found, codes.INDEX_NOT_SELECTIVE).message
    assert codes.POOR_SELECTIVITY not in codes_of(found)
    many_keys = assess(replace(evidence, documents_examined=20))
    assert points(many_keys) == {codes.POOR_SELECTIVITY: 20}


ASKED: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"filter": {"title": {"$regex": "pro"}}}, {codes.UNANCHORED_REGEX: "warning"}),
    ({"filter": {"title": {"$regex": "pro", "$options": "i"}}}, {codes.UNANCHORED_REGEX: "warning"}),
    ({"filter": {"title": {"$regex": "^pro", "$options": "i"}}}, {codes.CASE_INSENSITIVE_REGEX: "warning"}),
    ({"filter": {"title": {"$regex": "^pro"}}}, {}),
    (
        {"filter": {"title": {"$regularExpression": {"pattern": "x", "options": ""}}}},
        {codes.UNANCHORED_REGEX: "warning"},
    ),
    ({"filter": {"$or": [{"a": 1}, {"b": {"$not": {"$regex": "x"}}}]}}, {codes.UNANCHORED_REGEX: "warning"}),
    ({"filter": {"a": {"$elemMatch": {"b": {"$regex": "x"}}}}}, {codes.UNANCHORED_REGEX: "warning"}),
    ({"filter": {"$where": "this.a == 1"}}, {codes.JAVASCRIPT: "warning"}),
    ({"filter": {"$expr": {"$function": {"body": "", "args": [], "lang": "js"}}}}, {codes.JAVASCRIPT: "warning"}),
    ({"filter": {"a": {"$in": list(range(200))}}}, {}),
    ({"filter": {"a": {"$in": list(range(201))}}}, {codes.LARGE_IN: "info"}),
    ({"filter": {"a": {"$in": list(range(201))}}, "sort": {"b": 1}}, {codes.LARGE_IN: "warning"}),
    (
        {"filter": {"a": {"$in": list(range(15))}, "b": {"$in": list(range(14))}}, "sort": {"c": 1}},
        {codes.LARGE_IN: "warning"},
    ),
    ({"filter": {"a": {"$in": list(range(15))}, "b": {"$in": list(range(14))}}}, {}),
    ({"filter": {}, "skip": 1000, "limit": 10}, {codes.LARGE_SKIP: "warning"}),
    ({"filter": {}, "skip": 999, "limit": 10}, {}),
]


@pytest.mark.parametrize(("options", "expected"), ASKED)
def test_what_the_query_asks_for(options: dict[str, Any], expected: dict[str, str]) -> None:
    assert codes_of(assess(Evidence(op="find", command={"find": "p", **options}))) == expected


def test_a_result_without_a_limit() -> None:
    evidence = Evidence(op="find", command={"find": "p", "filter": {"a": 1}}, returned=1000)
    assert codes_of(assess(evidence)) == {codes.UNBOUNDED_RESULT: "warning"}
    for change in ({"returned": 999}, {"returned": None}, {"command": {"find": "p", "limit": 5000}}, {"op": "update"}):
        assert codes_of(assess(replace(evidence, **change))) == {}


LOOKUP = {"$lookup": {"from": "users", "localField": "u", "foreignField": "email", "as": "x"}}


def test_a_join_without_an_index() -> None:
    joined = Evidence(op="aggregate", command={"aggregate": "p", "pipeline": [LOOKUP]}, documents_examined=520)
    assert codes.LOOKUP_WITHOUT_INDEX not in codes_of(assess(joined))
    nested = Stage(name="EQ_LOOKUP", ns="shop.users", detail="NestedLoopJoin, u = email", inputs=(Stage(name="FETCH"),))
    told = assess(replace(joined, plan=plan(nested)))
    assert "users.email" in only(told, codes.LOOKUP_WITHOUT_INDEX).message
    by_id = {"users": (Index(name="_id_", keys=(("_id", 1),)),)}
    assert codes.LOOKUP_WITHOUT_INDEX in codes_of(assess(replace(joined, foreign_indexes=by_id)))
    by_email = {"users": (*by_id["users"], Index(name="e", keys=(("email", 1), ("a", 1))))}
    assert codes.LOOKUP_WITHOUT_INDEX not in codes_of(assess(replace(joined, foreign_indexes=by_email)))


def test_a_scan_of_the_joined_collection_is_not_one_of_its_own() -> None:
    outer = Stage(name="IXSCAN", index="a_1")
    joined = Stage(name="EQ_LOOKUP", ns="shop.users", inputs=(outer, Stage(name="COLLSCAN", ns="shop.users")))
    assert assess(Evidence(plan=plan(joined))).score == 100


def test_a_fetch_that_an_index_could_spare() -> None:
    fetch = Stage(name="FETCH", returned=500, inputs=(Stage(name="IXSCAN", index="a_1", returned=500),))
    evidence = Evidence(
        op="find",
        command={"find": "p", "filter": {"a": 1}, "projection": {"a": 1, "b": 1, "_id": 0}, "limit": 500},
        plan=plan(fetch, documents_examined=500, keys_examined=500, returned=500),
    )
    assert "holds a, b " in only(assess(evidence), codes.COVERABLE_FETCH).advice
    array = replace_stage(fetch, multikey=True)
    for change in ({"plan": None}, {"plan": plan(array, documents_examined=500, returned=500)}):
        assert codes.COVERABLE_FETCH not in codes_of(assess(replace(evidence, **change)))


def replace_stage(fetch: Stage, **changes: Any) -> Stage:
    return Stage(name=fetch.name, returned=fetch.returned, inputs=(Stage(name="IXSCAN", index="a_1", **changes),))


def test_waits_and_failures() -> None:
    evidence = Evidence(
        op="update",
        executions=40,
        average_ms=200.0,
        write_conflicts=3.0,
        lock_wait_ms=150.0,
        queue_wait_ms=12.0,
        replanned_share=0.5,
        used_disk_share=0.25,
        errors=12,
        error_code=112,
    )
    found = assess(evidence)
    assert codes_of(found) == {
        codes.LOCK_WAIT: "critical",
        codes.WRITE_CONFLICTS: "warning",
        codes.REPLANNED: "warning",
        codes.DISK_SPILL: "warning",
        codes.FAILING: "warning",
        codes.QUEUE_WAIT: "info",
    }
    assert only(found, codes.LOCK_WAIT).message == "An execution waits 150 ms for locks, 75 % of its time."
    assert only(found, codes.FAILING).message == "12 of 40 executions failed: writes to the same document met."
    assert found.score == 100


def test_a_sort_of_computed_values_is_no_fault_of_an_index() -> None:
    pipeline = [{"$match": {"a": 1}}, {"$group": {"_id": "$b", "n": {"$sum": 1}}}, {"$sort": {"n": -1}}]
    evidence = Evidence(
        op="aggregate", command={"aggregate": "p", "pipeline": pipeline}, blocking_sort_share=1.0, executions=3
    )
    assert codes_of(assess(evidence)) == {codes.BLOCKING_SORT: "info"}
    assert assess(evidence).score == 75


def test_the_values_of_a_field_can_be_had_from_an_index() -> None:
    for command in ({"distinct": "p", "key": "a"}, {"aggregate": "p", "pipeline": [{"$group": {"_id": "$a"}}]}):
        evidence = Evidence(command=command, documents_examined=50_000, plan_summaries=("COLLSCAN",))
        assert codes.COLLECTION_SCAN in codes_of(assess(evidence))


@pytest.mark.parametrize("name", ["a\x1b[31m", "\u202egnp", "\ud800", "x" * 50_000])
def test_a_hostile_name_is_safe_to_draw(name: str) -> None:
    command = {"find": "p", "filter": {name: {"$regex": "x"}}, "sort": {name: 1}}
    sort = Stage(name="SORT", sort=((name, 1),), inputs=(SCAN,))
    for finding in assess(Evidence(op="find", command=command, plan=plan(sort))).findings:
        for text in (finding.message, finding.advice):
            assert len(text) <= 600
            assert text.isprintable()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "a", "$a", "^a", "x.*"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["a", "$in", "$or", "$regex", "$options", "$not", "$elemMatch", "$match"]), inner
        )
    ),
    max_leaves=12,
)
COMMANDS = st.dictionaries(
    st.sampled_from(
        ["find", "filter", "query", "q", "u", "pipeline", "sort", "limit", "skip", "projection", "updates"]
    ),
    VALUES,
)
COUNTS = st.none() | st.floats(min_value=0, max_value=1e12)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(COMMANDS, COUNTS, COUNTS, COUNTS)
def test_no_command_and_no_figures_break_it(
    command: dict[str, Any], documents: float | None, keys: float | None, returned: float | None
) -> None:
    evidence = Evidence(op="find", command=command, documents_examined=documents, keys_examined=keys, returned=returned)
    found = assess(evidence)
    assert found.score == max(100 - sum(penalty.points for penalty in found.penalties), 0)
    assert all(finding.message and finding.advice for finding in found.findings)
