"""The numbers that history keeps."""

import pytest

from perftui.model.application import ApplicationMetrics, CacheStats, EndpointStats
from perftui.model.host import DiskTraffic, HostMetrics, MemoryUse
from perftui.model.mongodb import MongoServer, OperationRates, Queues, StorageCache, Tickets
from perftui.model.query import DigestRow, LatencySummary, QueryDigest
from perftui.model.redis import RedisServer
from perftui.model.snapshot import TargetState
from perftui.model.target import Target, TargetKind
from perftui.monitor.metrics import METRICS, metrics_of, subjects

NAMED = (
    "mongodb.ops_per_s mongodb.queued mongodb.cache_share mongodb.slow_per_s mongodb.connections mongodb.tickets_share "
    "mongodb.read_ms mongodb.write_ms mongodb.collection_scans_per_s mongodb.lag_s redis.ops_per_s redis.hit_rate "
    "redis.used_bytes redis.evicted_per_s redis.clients application.requests_per_s application.p95_ms "
    "application.server_error_rate application.active host.cpu_share host.memory_share host.load1 "
    "host.disk_bytes_per_s host.network_bytes_per_s endpoint.per_s endpoint.p95_ms endpoint.server_error_rate "
    "shape.per_s shape.p95_ms cache.hit_rate cache.hit_rate_now cache.gets_per_s application.cache_hit_rate"
)


def state(kind: TargetKind, **slots: object) -> TargetState:
    target = Target(id=f"{kind}://x", kind=kind, name="x", address=f"{kind}://x")
    return TargetState(target=target, **slots)  # type: ignore[arg-type]


def test_the_metrics_that_screens_ask_for_exist() -> None:
    assert set(NAMED.split()) <= set(METRICS)
    assert all(name == metric.name for name, metric in METRICS.items())


@pytest.mark.parametrize("kind", ["mongodb", "redis", "application", "host"])
def test_what_is_not_known_is_none(kind: TargetKind) -> None:
    payloads = {"mongodb": MongoServer(), "redis": RedisServer(), "host": HostMetrics(hostname="h")}
    payloads["application"] = ApplicationMetrics(format="perftui")
    for bare in (state(kind), state(kind, **{kind: payloads[kind]})):
        assert [metric.read(bare) for metric in metrics_of(kind)] == [None] * len(metrics_of(kind))


def test_sums_and_shares() -> None:
    server = MongoServer(
        operations=OperationRates(insert=1, query=2.5, command=4),
        queues=Queues(readers=0, writers=2),
        cache=StorageCache(used_bytes=50, maximum_bytes=200, dirty_bytes=10),
        tickets=Tickets(read_used=64, read_total=128, write_used=128, write_total=128),
    )
    busy = state("mongodb", mongodb=server, slow_queries_per_s=3.5)
    read = {
        name: METRICS[f"mongodb.{name}"].read(busy) for name in ("ops_per_s", "queued", "cache_share", "slow_per_s")
    }
    assert read == {"ops_per_s": 7.5, "queued": 2, "cache_share": 0.25, "slow_per_s": 3.5}
    assert METRICS["mongodb.tickets_share"].read(busy) == 1.0
    host = HostMetrics(
        hostname="h", memory=MemoryUse(used_bytes=3, total_bytes=4), disk=DiskTraffic(written_bytes_per_s=7)
    )
    caches = (
        CacheStats(name="a", hit_rate_now=0.5, gets_per_s=30.0),
        CacheStats(name="b", hit_rate_now=1.0, gets_per_s=10.0),
        CacheStats(name="c", gets_per_s=99.0),
    )
    application = ApplicationMetrics(format="perftui", caches=caches)
    assert METRICS["application.cache_hit_rate"].read(state("application", application=application)) == 25 / 40
    assert METRICS["host.memory_share"].read(state("host", host=host)) == 0.75
    assert METRICS["host.disk_bytes_per_s"].read(state("host", host=host)) == 7


def test_a_share_of_nothing_is_unknown() -> None:
    server = MongoServer(cache=StorageCache(used_bytes=0, maximum_bytes=0))
    assert METRICS["mongodb.cache_share"].read(state("mongodb", mongodb=server)) is None


def test_subjects_are_named_as_screens_name_them() -> None:
    endpoint = EndpointStats(method="GET", route="/a", per_s=4)
    found = subjects(
        state("application", application=ApplicationMetrics(format="perftui", endpoints=(endpoint,))), "endpoint"
    )
    assert [(name, weight) for name, _, weight in found] == [("GET /a", 4)]
    row = DigestRow(
        shape_id="v1:a", ns="a.b", op="find", shape="", count=1, latency_ms=LatencySummary(), last_seen_at=1
    )
    overflow = DigestRow(
        shape_id="overflow", ns="", op="", shape="", count=1, latency_ms=LatencySummary(), last_seen_at=1, overflow=True
    )
    digest = state("mongodb", queries=QueryDigest(rows=(row, overflow)))
    assert [name for name, _, _ in subjects(digest, "shape")] == ["v1:a"]
