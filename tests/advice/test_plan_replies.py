"""Replies of servers that cannot run here: sharded clusters, EXPRESS and the slot-based engine of 7 and 8."""

import json
from pathlib import Path
from typing import Any

import pytest

from perftui.advice.plans.plan import read_plan
from perftui.advice.plans.walk import stages
from perftui.model.plan import Plan

PAGE = Path(__file__).parents[2] / "docs" / "plans.md"
REPLIES = Path(__file__).parent / "replies"
NAMES = sorted(path.stem for path in REPLIES.glob("*.json"))


def reply(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPLIES / f"{name}.json").read_text("utf-8"))
    return found


def plan_of(name: str) -> Plan:
    return read_plan(reply(name), ns="shop.orders", op="find", taken_at=5.0)


def names(plan: Plan) -> list[str]:
    return [stage.name for stage in stages(plan.winning)]


@pytest.mark.parametrize("name", NAMES)
def test_every_reply_is_read_whole(name: str) -> None:
    plan = plan_of(name)
    assert "UNKNOWN" not in names(plan)
    assert plan.raw
    assert (plan.ns, plan.taken_at) == ("shop.orders", 5.0)
    assert ("executionStats" in json.dumps(reply(name))) == (plan.verbosity == "executionStats")


@pytest.mark.parametrize("name", NAMES)
def test_the_page_explains_every_stage_of_it(name: str) -> None:
    page = PAGE.read_text("utf-8")
    plan = plan_of(name)
    found = {stage.name for root in (plan.winning, *plan.rejected) for stage in stages(root)}
    assert [stage for stage in found - {"$mergeCursors", "EQ_LOOKUP_UNWIND"} if stage not in page] == []


def test_a_sharded_find_adds_its_shards_up_and_names_them() -> None:
    plan = plan_of("sharded_find")
    assert plan.sharded
    assert names(plan) == ["SHARD_MERGE_SORT", *["SHARDING_FILTER", "FETCH", "IXSCAN"] * 2]
    assert (plan.keys_examined, plan.documents_examined, plan.returned) == (70, 60, 50)
    assert [(shard.shard, shard.returned) for shard in plan.winning.inputs] == [("s0", 30), ("s1", 20)]
    assert plan.indexes == ("status_1_at_-1",)
    assert plan.winning.own_time_ms == 3, "shards work beside each other"
    assert [plan.rejected[0].shard, plan.rejected[0].limit] == ["s0", 20]
    assert plan.worst == (0, 0), "the fetch of the slower shard"


def test_old_shards_tell_no_totals_of_their_own() -> None:
    plan = plan_of("sharded_single_old")
    assert names(plan) == ["SINGLE_SHARD", "COLLSCAN"]
    assert (plan.keys_examined, plan.documents_examined) == (0, 1001)
    assert plan.worst == (0,), "a stage that only hands on is never the one to look at"


def test_a_sharded_write_is_read() -> None:
    plan = plan_of("sharded_update")
    assert names(plan) == ["SHARD_WRITE", "UPDATE", "SHARDING_FILTER", "COLLSCAN"]
    assert (plan.engine, plan.documents_examined, plan.worst) == ("classic", None, (0, 0, 0))


def test_a_sharded_pipeline_is_one_chain_over_its_shards() -> None:
    plan = plan_of("sharded_aggregate")
    shard = ["$group", "SHARDING_FILTER", "COLLSCAN"]
    assert names(plan) == ["$sort", "$group", "$mergeCursors", "SHARD_MERGE", *shard, *shard]
    assert (plan.keys_examined, plan.documents_examined, plan.time_ms) == (0, 5000, 61)
    merge = plan.winning.inputs[0].inputs[0].inputs[0]
    assert (merge.detail, merge.returned) == ("on mongos", 160)
    first = merge.inputs[0]
    assert (first.shard, first.memory_bytes, first.used_disk, first.spills) == ("s0", 2048, True, 2)


def test_a_pipeline_on_one_shard_keeps_its_engine() -> None:
    plan = plan_of("sharded_aggregate_one")
    assert names(plan) == ["SINGLE_SHARD", "GROUP", "COLLSCAN"]
    assert (plan.engine, plan.sharded) == ("sbe", True)


@pytest.mark.parametrize(
    ("name", "stage", "detail"),
    [("express", "EXPRESS_IXSCAN", None), ("express_update", "EXPRESS_UPDATE", "changes 1")],
)
def test_express_names_its_index_with_a_pattern_in_words(name: str, stage: str, detail: str | None) -> None:
    plan = plan_of(name)
    assert (plan.engine, plan.server_version) == ("express", "8.0.4")
    assert (plan.winning.name, plan.winning.keys, plan.winning.detail) == (stage, (("_id", 1),), detail)
    assert (plan.indexes, plan.keys_examined, plan.documents_examined, plan.returned) == (("_id_",), 1, 1, 1)


def test_a_clustered_scan_shows_the_records_it_reads() -> None:
    plan = plan_of("clustered")
    assert plan.winning.name == "EXPRESS_CLUSTERED_IXSCAN"
    assert plan.rejected[0].bounds == (("_id", ("[5, 5]",)),)


def test_a_hash_join_counts_its_foreign_side_apart() -> None:
    plan = plan_of("sbe_8_hash_join")
    join, scan = stages(plan.winning)
    assert (join.ns, join.detail) == ("shop.users", "HashJoin, user = name")
    assert (join.documents_examined, join.collection_scans, scan.documents_examined) == (120, 1, 500)
    assert (join.spills, join.spilled_bytes, join.memory_bytes, join.used_disk) == (3, 9000, 65536, True)
    assert (join.time_ms, join.own_time_ms, plan.documents_examined) == (18, 14, 620)
    assert [stage.name for stage in stages(plan.rejected[0])] == ["FETCH", "IXSCAN"]


def test_an_execution_that_failed_says_why() -> None:
    plan = plan_of("cached_and_failed")
    assert not plan.finished
    assert plan.error is not None
    assert "error 292: Sort exceeded memory limit" in plan.error
    sort = plan.winning.inputs[0]
    assert (sort.failed, sort.sort, plan.worst) == (True, (("score", "textScore"), ("at", -1)), (0,))


def test_a_batched_delete_returns_what_it_matched() -> None:
    plan = plan_of("batched_delete")
    assert (plan.returned, plan.winning.detail) == (80, "deletes 80")
