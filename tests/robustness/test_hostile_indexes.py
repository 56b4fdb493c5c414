"""Whatever a mongod answers about collections, indexes and builds, the readers give a sound value."""

from typing import Any

from hostile_values import BSON_VALUES, FEW, MANY, assert_sound, mutated
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.index import CollectionState, IndexOverview
from perftui.sources.mongodb.collection_reading import Found, merged
from perftui.sources.mongodb.collection_states import CollectionStates
from perftui.sources.mongodb.collection_stats import statistics_of
from perftui.sources.mongodb.index_builds import builds_of, waiting_for_quorum
from perftui.sources.mongodb.index_entry import index_of
from perftui.sources.mongodb.reads import first_batch

Document = dict[str, Any]
STATISTICS = {
    "ns": "shop.orders", "count": 30_000, "latencyStats": {"reads": {"ops": 3}, "writes": {"ops": 1}},
    "queryExecStats": {"collectionScans": {"total": 5}},
    "storageStats": {
        "count": 30_000, "size": 4_110_000, "storageSize": 454_656, "totalIndexSize": 573_440, "capped": False,
        "indexSizes": {"_id_": 4_096, "a_1": 282_624}, "indexBuilds": ["a_1"],
    },
}  # fmt: skip
USED = {
    "name": "a_1", "key": {"a": 1}, "accesses": {"ops": 7, "since": 5}, "building": True,
    "spec": {
        "v": 2, "key": {"a": 1, "b": "text"}, "name": "a_1", "unique": True, "sparse": True, "hidden": True,
        "expireAfterSeconds": 60, "partialFilterExpression": {"a": {"$gt": 1}}, "collation": {"locale": "fr"},
        "weights": {"b": 2},
    },
}  # fmt: skip
LISTED = {"spec": {"v": 2, "key": {"a": 1}, "name": "a_1"}, "buildUUID": "x"}
BUILD = {
    "opid": 7, "ns": "shop.orders", "active": False, "desc": "IndexBuildsCoordinatorMongod-0",
    "msg": "Index Build: scanning collection Index Build: scanning collection: 5/9 55%",
    "progress": {"done": 5, "total": 9}, "microsecs_running": 5_000, "secs_running": 0,
    "command": {"createIndexes": "orders", "indexes": [{"name": "a_1"}]},
}  # fmt: skip


@MANY
@given(
    st.lists(mutated(STATISTICS), max_size=3),
    st.lists(mutated(USED) | mutated(LISTED), max_size=3),
    mutated(STATISTICS),
)
def test_collections(shards: list[Document], indexes: list[Document], later: Document) -> None:
    states = CollectionStates()
    for statistics in (statistics_of(shards), statistics_of([later])):
        states.take("shop.orders", "collection", Found(statistics, merged(index_of(one) for one in indexes)))
        assert_sound(IndexOverview(collections=states.largest_first()))


@MANY
@given(st.lists(mutated(BUILD), max_size=3), BSON_VALUES)
def test_builds(operations: list[Document], phases: object) -> None:
    waiting = waiting_for_quorum({"activeIndexBuilds": {"phases": {"waitForCommitQuorum": phases}}})
    assert_sound(IndexOverview(builds=builds_of(operations, waiting)))


@FEW
@given(mutated({"cursor": {"firstBatch": [USED, LISTED]}}))
def test_replies(reply: Document) -> None:
    assert_sound(CollectionState(ns="shop.orders", indexes=merged(index_of(one) for one in first_batch(reply))))
