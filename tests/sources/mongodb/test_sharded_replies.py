"""What a mongos answers, as documented: no mongos runs here."""

from datetime import UTC, datetime

from perftui.sources.mongodb.collection_reading import merged
from perftui.sources.mongodb.collection_stats import statistics_of
from perftui.sources.mongodb.index_builds import builds_of
from perftui.sources.mongodb.index_entry import index_of

SHARDS = [
    {
        "ns": "shop.orders", "shard": "rs0", "host": "a:1", "localTime": datetime(2026, 1, 1), "count": 700,
        "latencyStats": {"reads": {"ops": 10}, "writes": {"ops": 4}},
        "queryExecStats": {"collectionScans": {"total": 3, "nonTailable": 3}},
        "storageStats": {"size": 70_000, "storageSize": 40_000, "totalIndexSize": 900,
                         "indexSizes": {"_id_": 500, "a_1": 400}, "capped": False},
    },
    {
        "ns": "shop.orders", "shard": "rs1", "host": "b:1", "localTime": datetime(2026, 1, 1), "count": 300,
        "latencyStats": {"reads": {"ops": 1}, "writes": {"ops": 2}},
        "queryExecStats": {"collectionScans": {"total": 1, "nonTailable": 1}},
        "storageStats": {"size": 30_000, "storageSize": 20_000, "totalIndexSize": 100,
                         "indexSizes": {"_id_": 60, "a_1": 40}, "capped": False},
    },
]  # fmt: skip
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 9, tzinfo=UTC)


def test_statistics_are_summed_over_the_shards() -> None:
    found = statistics_of(SHARDS)
    assert (found.documents, found.data_bytes, found.average_bytes, found.index_bytes) == (1_000, 100_000, 100.0, 1_000)
    assert (found.reads, found.writes, found.scans) == (11, 6, 4)
    assert found.index_sizes == {"_id_": 560, "a_1": 440}
    assert (found.shards, found.smallest_shard) == (2, 300)


def test_one_shard_that_does_not_tell_leaves_the_sum_unknown() -> None:
    found = statistics_of([SHARDS[0], {"ns": "shop.orders", "shard": "rs1"}])
    assert (found.documents, found.data_bytes, found.writes) == (None, None, None)


def test_an_index_is_used_as_often_as_on_all_shards_together_since_the_latest_start() -> None:
    entries = [
        {"name": "a_1", "key": {"a": 1}, "shard": shard, "host": host, "accesses": {"ops": ops, "since": since},
         "spec": {"v": 2, "key": {"a": 1}, "name": "a_1"}}
        for shard, host, ops, since in (("rs0", "a:1", 5, EARLY), ("rs1", "b:1", 7, LATE))
    ]  # fmt: skip
    [index] = merged(index_of(entry) for entry in entries)
    assert (index.name, index.uses, index.used_since) == ("a_1", 12, LATE.timestamp())
    assert index.options == {"v": 2}


def test_before_4_2_index_statistics_have_no_specification() -> None:
    index = index_of({"name": "a_1", "key": {"a": -1.0}, "host": "a:1", "accesses": {"ops": 5, "since": EARLY}})
    assert (index.name, index.keys, index.uses, index.options) == ("a_1", (("a", -1),), 5, {})


def test_a_shard_s_build() -> None:
    [build] = builds_of([{"opid": "rs0:77", "ns": "shop.orders", "desc": "IndexBuildsCoordinatorMongod-0"}])
    assert (build.opid, build.ns, build.names, build.waits_for_quorum) == ("rs0:77", "shop.orders", (), False)
