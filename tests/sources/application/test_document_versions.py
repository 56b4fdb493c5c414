"""The document of 0.2.0 is still read, and what came since is read where it is there."""

import json
from typing import Any

from perftui.instrument import CacheMonitor, MongoMonitor, Registry, build_document, monitored
from perftui.instrument.endpoints.kinds import ENDPOINT, EXCEPTION
from perftui.instrument.queries.kinds import POOL, QUERY, QUERY_CALLER
from perftui.model.application import ApplicationMetrics
from perftui.sources.application.perftui_document import DocumentReader

LATENCY = {
    "count": 4, "sum_s": 0.4, "min_s": 0.05, "max_s": 0.2, "p50_s": 0.1, "p90_s": 0.2, "p95_s": 0.2, "p99_s": 0.2,
    "hist": {"scheme": "loglin16", "unit": "us", "b": [[220, 4]]},
}  # fmt: skip
EMPTY = {**dict.fromkeys(("min_s", "max_s", "p50_s", "p90_s", "p95_s", "p99_s", "hist")), "count": 0, "sum_s": 0.0}
OF_0_2_0: dict[str, Any] = {
    "schema": "perftui.metrics/1", "generated_at": 1.8e9, "window_s": 300.0, "complete": True,
    "service": {"name": "shop", "version": "1.0", "instance": None},
    "workers": [{"pid": 7, "started_at": 1.7e9, "last_seen": 1.8e9}],
    "api": {
        "requests": 4, "requests_total": 9, "errors_5xx": 1, "errors_4xx": 0, "rate_per_s": 0.1, "error_rate": 0.25,
        "active": 2, "latency": LATENCY, "endpoints_omitted": 0,
        "endpoints": [{
            "method": "GET", "route": "/items", "requests_total": 9, "status": {"200": 3, "500": 1}, "latency": LATENCY,
            "budgets": [{"expr": "p(95)<100ms", "value": 0.2, "limit": 0.1, "ok": False, "violations": 2,
                         "window_s": 300.0}],
            "last_seen": 1.8e9,
        }],
    },
    "query": {
        "count": 4, "slow": 1, "latency": LATENCY,
        "by_collection": [{"name": "shop.p", "latency": LATENCY, "errors": 0}],
        "by_operation": [], "shapes_omitted": 0, "slow_samples": [],
        "shapes": [{"id": "1", "collection": "shop.p", "op": "find", "shape": "find {a: ?}", "count": 4,
                    "latency": LATENCY, "errors": 0, "get_mores": 0, "get_more_s": 0.0,
                    "examined": None, "returned": 8, "plan": None,
                    "advice": []}],
    },
    "cache": {"pages": {"hits": 3, "misses": 1, "sets": 1, "deletes": 0, "evictions": 0, "keys": None, "bytes": None,
                        "hit_rate": 0.75, "get": LATENCY, "set": EMPTY, "efficiency": {"score": None, "inputs": {}},
                        "top_keys": [{"key": "user:*", "count": 4}]}},
    "system": {"rss_bytes": 5_000_000, "cpu": 0.1, "gc": 7, "threads": 3, "uptime_s": 60.0},
}  # fmt: skip


def read(document: bytes) -> ApplicationMetrics:
    return DocumentReader("http://app").read(document)[0]


def test_the_document_of_0_2_0() -> None:
    metrics = read(json.dumps(OF_0_2_0).encode())
    (endpoint,) = metrics.endpoints
    assert (metrics.service, metrics.requests, metrics.active, metrics.process.threads) == ("shop", 4, 2, 3)
    assert (endpoint.route, endpoint.server_error_rate, endpoint.budget) == ("/items", 0.25, "over")
    assert (endpoint.active, endpoint.exceptions, endpoint.disconnects) == (None, {}, None)
    assert [one.hit_rate for one in metrics.caches] == [0.75]
    assert metrics.queries is not None
    assert [(one.by, one.name) for one in metrics.queries.groups] == [
        ("collection", "shop.p"),
        ("shape", "find {a: ?}"),
    ]
    assert metrics.queries.groups[1].callers == ()


def test_what_came_since() -> None:
    registry = Registry("shop", only_process=True)
    MongoMonitor(registry)
    now = registry.started
    registry.block(ENDPOINT, "GET", "/items", "200").record(now, 0.1)
    registry.block(ENDPOINT, "GET", "/items", "200").add(1, 4096)
    registry.block(EXCEPTION, "GET", "/items", "KeyError").add(0, 3)
    monitored(name="rebuild", registry=registry)(len)("abc")
    query = registry.block(QUERY, "1", "shop.p", "find", "find {a: ?}")
    for counter in range(2):
        query.record(now, 0.2)
        query.add(counter)
    registry.block(QUERY_CALLER, "1", "GET", "/items").add(0, 2)
    registry.block(POOL, "db:27017").record(now, 0.01)
    cache = CacheMonitor("pages", registry)
    cache.miss("user:7")
    metrics = read(build_document(registry).to_json())
    endpoint = next(one for one in metrics.endpoints if one.route == "/items")
    assert (endpoint.exceptions, endpoint.response_bytes, endpoint.disconnects) == ({"KeyError": 3}, 4096, 0)
    assert [one.method for one in metrics.endpoints if one.route == "rebuild"] == ["CALL"]
    assert [(use.key, use.count) for use in metrics.caches[0].missed_keys] == [("user:*", 1)]
    assert metrics.queries is not None
    shape = next(one for one in metrics.queries.groups if one.by == "shape")
    assert (shape.errors, shape.slow) == (1, 1)
    assert [(one.method, one.route, one.calls) for one in shape.callers] == [("GET", "/items", 2)]
    assert [pool.address for pool in metrics.queries.pools] == ["db:27017"]


def test_documents_that_executions_examine_are_counted_for_all_of_them() -> None:
    document = json.loads(json.dumps(OF_0_2_0))
    document["query"]["shapes"][0] |= {
        "examined": 1000,
        "plan": "COLLSCAN",
        "score": 30,
        "advice": ["Create an index."],
    }
    metrics = read(json.dumps(document).encode())
    assert metrics.queries is not None
    shape = metrics.queries.groups[1]
    assert (shape.examined_documents, shape.plan, shape.score, shape.advice) == (
        4000,
        "COLLSCAN",
        30,
        ("Create an index.",),
    )
