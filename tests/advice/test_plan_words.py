"""Which stage to look at first, and a plan in words."""

import pytest

from perftui.advice.plans.words import fetches, is_covered, memory_bytes, plan_summary, stage_words
from perftui.advice.plans.worst import with_own_times, worst_of
from perftui.model.plan import Plan, Stage


def plan_of(winning: Stage) -> Plan:
    return Plan(ns="shop.orders", op="find", verbosity="queryPlanner", taken_at=0.0, winning=winning)


SCAN = Stage(name="COLLSCAN")
INDEX_SCAN = Stage(name="IXSCAN", index="a_1", keys=(("a", 1),))
FETCH = Stage(name="FETCH", inputs=(INDEX_SCAN,))


def test_own_time_is_time_less_the_inputs() -> None:
    tree = Stage(name="SORT", time_ms=30.0, inputs=(Stage(name="COLLSCAN", time_ms=12.0),))
    assert with_own_times(tree).own_time_ms == 18.0
    assert with_own_times(tree).inputs[0].own_time_ms == 12.0


def test_own_time_is_never_negative_nor_invented() -> None:
    tree = with_own_times(Stage(name="SORT", time_ms=1.0, inputs=(Stage(name="COLLSCAN", time_ms=2.0), SCAN)))
    assert tree.own_time_ms == 0.0
    assert tree.inputs[1].own_time_ms is None


@pytest.mark.parametrize("name", ["SHARD_MERGE", "$facet"])
def test_what_runs_beside_each_other_is_not_added_up(name: str) -> None:
    tree = Stage(name=name, time_ms=10.0, inputs=(Stage(name="A", time_ms=8.0), Stage(name="B", time_ms=9.0)))
    assert with_own_times(tree).own_time_ms == 1.0


@pytest.mark.parametrize(
    ("tree", "worst"),
    [
        (Stage(name="SORT", time_ms=50.0, inputs=(Stage(name="COLLSCAN", time_ms=10.0),)), ()),
        (Stage(name="SORT", time_ms=50.0, inputs=(Stage(name="COLLSCAN", time_ms=40.0),)), (0,)),
        (Stage(name="LIMIT", time_ms=50.0, inputs=(Stage(name="COLLSCAN", time_ms=10.0),)), (0,)),
        (Stage(name="SORT", time_ms=1.0, inputs=(Stage(name="COLLSCAN", documents_examined=9),)), (0,)),
        (Stage(name="FETCH", documents_examined=5, inputs=(Stage(name="IXSCAN", keys_examined=11),)), (0,)),
        (Stage(name="FETCH", documents_examined=6, inputs=(Stage(name="IXSCAN", keys_examined=11),)), ()),
        (Stage(name="SORT", inputs=(SCAN,)), (0,)),
        (Stage(name="LIMIT", inputs=(Stage(name="SORT", inputs=(FETCH,)),)), (0,)),
        (Stage(name="LIMIT", inputs=(Stage(name="FETCH", filter="{}", inputs=(INDEX_SCAN,)),)), (0,)),
        (Stage(name="OR", inputs=(FETCH, Stage(name="FETCH", inputs=(SCAN,)))), (1, 0)),
        (Stage(name="$group", inputs=(Stage(name="EQ_LOOKUP", detail="HashJoin, a = b", inputs=(FETCH,)),)), (0,)),
        (Stage(name="EQ_LOOKUP", detail="NonExistentForeignCollection", inputs=(SCAN,)), (0,)),
        (FETCH, ()),
    ],
)
def test_the_stage_to_look_at_first(tree: Stage, worst: tuple[int, ...]) -> None:
    assert worst_of(with_own_times(tree)) == worst


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (Stage(name="IXSCAN", index="category_1_createdAt_-1"), "IXSCAN category_1_createdAt_-1"),
        (Stage(name="IXSCAN", index="a_1", backwards=True, shard="s0"), "s0: IXSCAN a_1, backwards"),
        (
            Stage(name="SORT", sort=(("createdAt", -1),), limit=20, memory_bytes=12_000_000),
            "SORT createdAt desc, top 20, 12 MB",
        ),
        (
            Stage(name="$sort", sort=(("a", 1), ("s", "textScore")), used_disk=True),
            "$sort a asc, s textScore, spilled to disk",
        ),
        (Stage(name="LIMIT", limit=2000), "LIMIT 2,000"),
        (
            Stage(name="$lookup", ns="shop.users", detail="u = _id", collection_scans=500),
            "$lookup shop.users, u = _id, 500 collection scans",
        ),
        (SCAN, "COLLSCAN"),
    ],
)
def test_a_stage_in_words(stage: Stage, words: str) -> None:
    assert stage_words(stage) == words


def test_the_summary_names_each_way_of_reading_once() -> None:
    text = Stage(name="IXSCAN", keys=(("_fts", "text"), ("_ftsx", 1)))
    tree = Stage(name="OR", inputs=(FETCH, FETCH, Stage(name="FETCH", inputs=(text,)), SCAN))
    assert plan_summary(plan_of(tree)) == 'IXSCAN { a: 1 }, IXSCAN { _fts: "text", _ftsx: 1 }, COLLSCAN'
    assert plan_summary(plan_of(Stage(name="IDHACK"))) == "IDHACK"
    assert plan_summary(plan_of(Stage(name="$lookup", inputs=(FETCH, SCAN)))) == "IXSCAN { a: 1 }"


def test_covered_means_that_no_document_is_read() -> None:
    covered = Stage(name="PROJECTION_COVERED", inputs=(INDEX_SCAN,))
    assert is_covered(plan_of(covered))
    assert not is_covered(plan_of(FETCH))
    assert not is_covered(plan_of(SCAN))
    assert not is_covered(plan_of(Stage(name="IDHACK")))
    assert fetches(plan_of(FETCH)) == [FETCH]


def test_memory_is_added_up_where_it_is_known() -> None:
    tree = Stage(name="$group", memory_bytes=5, inputs=(Stage(name="SORT", memory_bytes=7, inputs=(SCAN,)),))
    assert memory_bytes(plan_of(tree)) == 12
    assert memory_bytes(plan_of(SCAN)) is None
