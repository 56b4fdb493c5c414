"""Whatever an application serves as its metrics, the readers give a sound value or say why not."""

import contextlib
import json
from typing import Any

from hostile_values import FEW, JSON_VALUES, MANY, assert_sound, mutated
from hypothesis import given
from hypothesis import strategies as st

from perftui.instrument import Budget, CacheMonitor, Registry, build_document
from perftui.sources.application.answer import UnusableAnswer
from perftui.sources.application.older import OlderReader
from perftui.sources.application.perftui_document import DocumentReader
from perftui.sources.application.prometheus import PrometheusReader


def own_document() -> dict[str, Any]:
    registry = Registry("shop", budgets=[Budget("*", "p(95)<1ms")], only_process=True)
    registry.endpoints.record("GET", "/items", 200, 61.0, 0.2)
    CacheMonitor("pages", registry).hit("a:b", 0.001)
    document: dict[str, Any] = json.loads(build_document(registry).to_json())
    latency = {"count": 5, "sum_s": 1.0, "p50_s": 0.2, "p95_s": 0.3, "max_s": 0.4}
    endpoint = {"method": "GET", "route": "/items", "requests_total": 9, "status": {"200": 8, "500": 1}}
    budget = {"expr": "p(95)<1ms", "value": 0.3, "limit": 0.1, "ok": False, "violations": 4}
    document["api"] |= {"latency": latency, "endpoints": [{**endpoint, "latency": latency, "budgets": [budget]}]}
    shape = {"id": "1", "collection": "shop.p", "op": "find", "shape": "{a: ?}", "count": 3, "latency": latency}
    group = {"name": "shop.p", "latency": latency}
    return document | {"query": {"count": 3, "latency": latency, "by_collection": [group], "shapes": [shape]}}


OLDER = {
    "api": {
        "totalRequests": 50, "averageDuration": 12.5, "p95Duration": 40, "errorRate": 0.1, "requestsPerMinute": 30,
        "endpoints": [
            {"path": "GET /a", "requestCount": 5, "averageDuration": 3, "errorCount": 1, "budgetViolations": 2,
             "lastRequest": 1_700_000_000_000},
        ],
    },
    "cache": {"hits": 5, "misses": 1, "hitRate": 0.8, "memoryUsage": 500, "mostAccessed": [{"key": "a", "count": 2}]},
    "query": {"totalQueries": 9, "averageQueryTime": 4.5, "slowQueries": [],
              "byCollection": {"p": {"count": 4, "avgTime": 2}}},
    "system": {"uptime": 500, "memory": {"rss": 5_000_000}},
}  # fmt: skip
PROMETHEUS = [
    ["process_start_time_seconds", "1.7e9"], ["process_resident_memory_bytes", "5e7"],
    ["process_cpu_seconds_total", "5"],
    ['http_requests_in_progress{a="b"}', "2"], ['target_info{service_name="shop"}', "1"],
    ['http_request_duration_seconds_bucket{method="GET",route="/a",status="200",le="0.1"}', "5"],
    ['http_request_duration_seconds_bucket{method="GET",route="/a",status="200",le="+Inf"}', "9"],
    ['http_request_duration_seconds_sum{method="GET",route="/a",status="200"}', "1.5"],
    ['http_request_duration_seconds_count{method="GET",route="/a",status="200"}', "9"],
    ['http_requests_total{method="GET",route="/a",status="500"}', "9"],
    ['db_client_operation_duration_seconds_count{db_operation_name="find"}', "9"],
    ['page_cache_hits_total{cache="pages"}', "5"], ['page_cache_misses_total{cache="pages"}', "5"],
]  # fmt: skip
LINES = st.sampled_from([
    "NaN", "+Inf", "-Inf", "1e308", "-1e308", "5e-324", "9" * 400, "0x10", "1_0", "", "1 1700000000", "é", "\x1b[2J",
    'http_request_duration_seconds_bucket{route="/a",le="nan"}', 'x{le="', "{}", "}{", 'a{b="\\', "\udcff",
])  # fmt: skip


def read_twice(reader: DocumentReader | OlderReader | PrometheusReader, first: bytes, second: bytes) -> None:
    for body in (first, second):
        with contextlib.suppress(UnusableAnswer):
            assert_sound(reader.read(body)[0])


def written(document: object) -> bytes:
    return json.dumps(document).encode()


@MANY
@given(mutated(own_document(), JSON_VALUES), mutated(own_document(), JSON_VALUES, most=1))
def test_own_document(first: object, second: object) -> None:
    read_twice(DocumentReader("http://app"), written(first), written(second))


@MANY
@given(mutated(OLDER, JSON_VALUES), mutated(OLDER, JSON_VALUES))
def test_older_document(first: object, second: object) -> None:
    read_twice(OlderReader("http://app", 300.0), written(first), written(second))


@MANY
@given(mutated(PROMETHEUS, LINES), mutated(PROMETHEUS, LINES))
def test_prometheus(first: list[Any], second: list[Any]) -> None:
    texts = [
        "\n".join(" ".join(map(str, line)) if isinstance(line, list) else line for line in one)
        for one in (first, second)
    ]
    read_twice(PrometheusReader(300.0, "http://app"), *(text.encode("utf-8", "replace") for text in texts))


@FEW
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_what_is_no_document(body: bytes) -> None:
    for reader in (DocumentReader("a"), OlderReader("a", 300.0), PrometheusReader(300.0, "a")):
        read_twice(reader, body, body)
