"""Plans that nobody would write: they are read without an error, within bounds, and can be drawn and stored."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.advice.plans.plan import read_plan, read_profiled_plan
from perftui.advice.plans.walk import stages
from perftui.advice.plans.words import is_covered, memory_bytes, plan_summary, stage_words
from perftui.model.base import plain
from perftui.model.plan import Plan
from perftui.model.text import safe_text

NAMES = (
    "queryPlanner", "winningPlan", "queryPlan", "slotBasedPlan", "rejectedPlans", "executionStats", "executionStages",
    "inputStage", "inputStages", "outerStage", "innerStage", "shards", "shardName", "stages", "$cursor", "$group",
    "$lookup", "$facet", "$unionWith", "$sort", "$limit", "$match", "pipeline", "from", "coll", "into", "stage",
    "planNodeId", "indexBounds", "startKey", "endKey", "keyPattern", "indexName", "indexesUsed", "sortPattern",
    "nReturned", "docsExamined", "keysExamined", "executionTimeMillisEstimate", "executionTimeNanos", "errorCode",
    "executionSuccess", "errorMessage", "splitPipeline", "mergerPart", "execStats", "ns", "op", "command", "ts",
    "millis", "parsedTextQuery", "terms", "strategy", "transformBy", "maxAccumulatorMemoryUsageBytes",
    "limitAmount", "opens",
)  # fmt: skip
STAGES = ("COLLSCAN", "IXSCAN", "EQ_LOOKUP", "COUNT_SCAN", "nlj", "ixseek", "scan", "limit", "SKIP", "SHARD_MERGE")
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=5),
    st.sampled_from(STAGES), st.datetimes(), st.sampled_from(("\x1b[31m", "\ud800", "x" * 5000, "-1", "{ a: 1 }")),
)  # fmt: skip


def _inside(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.one_of(st.sampled_from(NAMES), st.text(max_size=5))
    return st.one_of(st.lists(below, max_size=4), st.dictionaries(keys, below, max_size=6))


DOCUMENTS = st.dictionaries(
    st.sampled_from(NAMES), st.recursive(SCALARS, _inside, max_leaves=40), min_size=1, max_size=6
)


def look_at(plan: Plan) -> None:
    """All that draws a plan, and that it comes back equal from JSON."""
    found = list(stages(plan.winning))
    assert len(found) <= 1100
    words = [*map(stage_words, found), plan_summary(plan)]
    assert [safe_text(text) for text in words] == words, "safe to draw"
    assert isinstance(is_covered(plan), bool)
    assert (memory_bytes(plan) or 0) >= 0
    stage = plan.winning
    for position in plan.worst:
        stage = stage.inputs[position]
    encoded = msgspec.json.encode(plan, enc_hook=plain)
    assert msgspec.json.decode(encoded, type=Plan) == plan


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_any_reply_gives_a_plan(reply: dict[str, Any]) -> None:
    look_at(read_plan(reply, ns="shop.orders", op="find", taken_at=1.0))


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_any_planner_part_gives_a_plan(reply: dict[str, Any]) -> None:
    look_at(read_plan({"queryPlanner": reply, "executionStats": reply}, ns="shop.orders", op="find", taken_at=1.0))
    look_at(read_plan({"stages": [reply, {"$cursor": reply}]}, ns="shop.orders", op="find", taken_at=1.0))


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_any_profile_entry_gives_a_plan_or_none(entry: dict[str, Any], stats: dict[str, Any]) -> None:
    assert read_profiled_plan({**entry, "execStats": None}) is None
    for found in (
        read_profiled_plan({**entry, "execStats": stats}),
        read_profiled_plan({"execStats": {"stage": stats}}),
    ):
        assert found is not None
        look_at(found)


def nested(inner: Callable[[dict[str, Any]], dict[str, Any]], depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {"stage": "COLLSCAN", "planNodeId": 1}
    for _ in range(depth):
        document = inner(document)
    return document


DEEP: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "classic": lambda below: {"stage": "FETCH", "inputStage": below},
    "wide": lambda below: {"stage": "OR", "inputStages": [below] * 2},
    "slots": lambda below: {"stage": "nlj", "planNodeId": 1, "outerStage": below},
    "other nodes": lambda below: {"stage": "nlj", "planNodeId": id(below), "outerStage": below, "innerStage": below},
}


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("depth", [40, 900])
def test_a_deep_or_wide_tree_costs_little(name: str, depth: int) -> None:
    tree = nested(DEEP[name], depth)
    started = time.process_time()
    plan = read_plan({"queryPlanner": {"winningPlan": tree}}, ns="a.b", op="find", taken_at=1.0)
    queried = {"queryPlanner": {"winningPlan": {"queryPlan": tree}}, "executionStats": {"executionStages": tree}}
    slots = read_plan(queried, ns="a.b", op="find", taken_at=1.0)
    profiled = read_profiled_plan({"execStats": tree})
    assert profiled is not None
    for found in (plan, slots, profiled):
        look_at(found)
    assert time.process_time() - started < 20


def test_a_long_pipeline_and_many_shards_are_cut() -> None:
    facet: dict[str, Any] = {"$facet": {str(n): [{"$match": {}}] * 50 for n in range(1000)}}
    reply = {"stages": [facet] * 5000}
    look_at(read_plan(reply, ns="a.b", op="aggregate", taken_at=1.0))
    look_at(read_plan({"shards": {str(n): reply for n in range(3000)}}, ns="a.b", op="aggregate", taken_at=1.0))
    merge = {"stage": "SHARD_MERGE", "shards": [{"shardName": "a", "winningPlan": {"stage": "COLLSCAN"}}] * 5000}
    plan = read_plan({"queryPlanner": {"winningPlan": merge}}, ns="a.b", op="find", taken_at=1.0)
    assert len(plan.rejected) <= 20
    look_at(plan)
    within: dict[str, Any] = {}
    for _ in range(900):
        within = {"shards": {"a": within}, "queryPlanner": {"winningPlan": {"shards": [within]}}}
    look_at(read_plan(within, ns="a.b", op="find", taken_at=1.0))


def test_a_pipeline_of_a_hundred_stages_is_read_whole() -> None:
    reply = {"stages": [{"$match": {"a": n}} for n in range(100)]}
    plan = read_plan(reply, ns="a.b", op="aggregate", taken_at=1.0)
    assert [stage.name for stage in stages(plan.winning)] == ["$match"] * 100


def test_long_bounds_and_filters_are_cut_with_a_sign() -> None:
    node = {
        "stage": "IXSCAN",
        "indexBounds": {"a": [f"[{n}, {n}]" for n in range(10_000)]},
        "filter": {"a": {"$in": list(range(100_000))}},
    }
    stage = read_plan({"queryPlanner": {"winningPlan": node}}, ns="a.b", op="find", taken_at=1.0).winning
    (field, intervals), text = stage.bounds[0], stage.filter or ""
    assert (field, len(intervals), intervals[-1]) == ("a", 21, "… 9,980 more")
    assert len(text) <= 2000


def test_secrets_in_an_error_are_hidden() -> None:
    stats = {"executionSuccess": False, "errorCode": 1, "errorMessage": "cannot reach mongodb://u:s3cr3tword@h/"}
    plan = read_plan({"queryPlanner": {}, "executionStats": stats}, ns="a.b", op="find", taken_at=1.0)
    assert plan.error is not None
    assert "s3cr3tword" not in plan.error
