"""The source against real HTTP servers: friendly, strange and hostile ones."""

import asyncio
import json

import pytest
from helpers.applications import source_of
from helpers.bare_http import Handler, metrics_of, path_of, poll_once, served
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from perftui.model.application import ApplicationMetrics


def answering(body: str | bytes, status: str = "200 OK", content_type: str = "text/plain", more: str = "") -> Handler:
    data = body.encode() if isinstance(body, str) else body

    async def handle(_request: str, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(data)}\r\n{more}\r\n"
        writer.write(head.encode() + data)

    return handle


async def endless(_request: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        writer.write(b"tick 1\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def huge(_request: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    for _ in range(100 * 16):
        writer.write(b"x 1\n" * 16384)
        await writer.drain()


async def half(_request: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    writer.close()


async def hanging(_request: str, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def no_http(_request: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x15\x03\x01\x00\x02\x02\x16 I am not HTTP\r\n\r\n")


@pytest.mark.parametrize(
    ("handler", "kind", "words"),
    [
        (endless, "timeout", "did not finish"),
        (huge, "protocol", "more than 8 MB"),
        (half, "unreachable", "broke its answer off"),
        (hanging, "timeout", "did not answer in time"),
        (no_http, "unreachable", "HTTP"),
        (answering("<html>hi", content_type="text/html"), "protocol", "web page"),
        (answering('{"hello": 1}'), "protocol", "none of api, query and cache"),
        (answering('{"api": '), "protocol", "JSON is broken"),
        (answering("once upon a time\nthere was"), "protocol", "neither JSON nor"),
        (answering('{"schema": "perftui.metrics/2"}'), "protocol", "does not fit"),
        (answering("", "401 Unauthorized"), "login", "asks for a login"),
        (answering("", "403 Forbidden"), "rights", "refuses"),
        (answering("", "500 Oops"), "unreachable", "500"),
        (answering("", "404 Not Found"), "unsupported", "no metrics"),
        (answering("", "302 Found", more="Location: http://elsewhere.example/x\r\n"), "protocol", "redirects"),
        (answering("", "302 Found", more="Location: /metrics\r\n"), "protocol", "redirects"),
    ],
)
async def test_bad_answers_are_told_in_words(handler: Handler, kind: str, words: str) -> None:
    timeout_s = 3.0 if handler in (hanging, endless) else 20.0
    async with served(handler) as (url, _):
        sample = await poll_once(url.replace("//", "//user:hunter2@") + "/metrics?token=hunter2", timeout_s=timeout_s)
    assert sample.failure is not None
    assert sample.failure.kind == kind
    assert words in sample.failure.message
    assert "hunter2" not in repr(sample.failure)


async def test_nobody_listens() -> None:
    async with served(answering("")) as (url, _):
        pass
    sample = await poll_once(url)
    assert sample.failure is not None
    assert sample.failure.kind == "refused"


async def test_well_known_paths_are_tried_once_and_the_right_one_remembered() -> None:
    text = 'http_requests_total{method="GET",handler="/a",status="2xx"} 3\n'

    async def handle(request: str, writer: asyncio.StreamWriter) -> None:
        found = request.startswith("GET /metrics ")
        await (answering(text) if found else answering("", "404 Not Found"))(request, writer)

    async with served(handle) as (url, asked):
        source = source_of(url)
        metrics = metrics_of(await source.poll())
        assert metrics.requests == 3
        assert len(asked) == 3
        metrics_of(await source.poll())
        assert [path_of(head) for head in asked[3:]] == ["/metrics"]
        await source.close()


async def test_an_application_without_metrics_is_asked_once_a_poll_after_the_first() -> None:
    async with served(answering("", "404 Not Found")) as (url, asked):
        source = source_of(url)
        first = await source.poll()
        assert first.failure is not None
        assert first.failure.kind == "unsupported"
        assert len(asked) == 5
        await source.poll()
        assert len(asked) == 6
        await source.close()


async def test_headers_and_one_kept_connection() -> None:
    seen: list[str] = []

    async def handle(request: str, writer: asyncio.StreamWriter) -> None:
        seen.append(f"{request} {writer.get_extra_info('peername')}")
        await answering("process_cpu_seconds_total 1\n")(request, writer)

    async with served(handle) as (url, _):
        source = source_of(url + "/metrics", Authorization="Bearer hunter2")
        for _ in range(3):
            metrics_of(await source.poll())
        await source.close()
    assert all("Bearer hunter2" in one for one in seen)
    assert len({one.rsplit("(", 1)[1] for one in seen}) == 1


OLDER = {
    "api": {
        "totalRequests": 120,
        "totalErrors": 6,
        "errorRate": 0.05,
        "averageDuration": 80,
        "p95Duration": 210.5,
        "p99Duration": 300,
        "requestsPerMinute": 24,
        "slowestEndpoints": [{"path": "GET /api/prompts", "avgDuration": 90}],
        "endpoints": [
            {
                "path": "GET /api/prompts",
                "requestCount": 100,
                "errorCount": 5,
                "averageDuration": 90,
                "minDuration": 2,
                "maxDuration": 400,
                "p50Duration": 85,
                "p95Duration": 220,
                "p99Duration": 310,
                "budgetViolations": 2,
                "lastRequest": 1700000000000,
            },
            {"path": "/health", "requestCount": 20, "p95Duration": "fast"},
            "garbage",
        ],
    },
    "query": {
        "totalQueries": 300,
        "slowQueries": [{}, {}],
        "averageQueryTime": 12,
        "byCollection": {"prompts": {"count": 290, "avgTime": 11}},
        "byOperation": {"find": {"count": 300, "avgTime": 12}},
    },
    "cache": {"hits": 80, "misses": 20, "hitRate": 0.8, "mostAccessed": [{"key": "prompts", "count": 7}]},
    "system": {"memory": {"rss": 1000}, "uptime": 60, "timestamp": 1},
}


async def test_older_document() -> None:
    async with served(answering(json.dumps(OLDER), content_type="application/json")) as (url, asked):
        metrics = metrics_of(await poll_once(url + "/api/performance/metrics"))
    assert [path_of(head) for head in asked] == ["/api/performance/metrics?type=all&window=5"]
    assert (metrics.format, metrics.requests, metrics.per_s) == ("older", 120, 0.4)
    prompts, health = metrics.endpoints
    assert (prompts.method, prompts.route, prompts.latency_ms.p95) == ("GET", "/api/prompts", 220)
    assert prompts.server_error_rate == 0.05
    assert prompts.budget == "over"
    assert prompts.per_s == pytest.approx(100 / 60)
    assert prompts.last_seen_at == 1700000000
    assert (health.method, health.route, health.latency_ms.p95, health.budget) == ("", "/health", None, None)
    assert metrics.queries is not None
    assert metrics.queries.slow == 2
    assert {(group.by, group.name, group.count) for group in metrics.queries.groups} == {
        ("collection", "prompts", 290),
        ("operation", "find", 300),
    }
    assert metrics.caches[0].hit_rate == 0.8
    assert metrics.caches[0].efficiency is None
    assert metrics.process.resident_bytes == 1000
    assert set(metrics.clear_types) == {"api", "query", "cache", "all"}


EXPORTERS = {
    "otel": (
        "http_server_request_duration_seconds",
        {"http_request_method": "GET", "http_route": "/a", "http_response_status_code": "%s"},
        1.0,
    ),
    "otel python": (
        "http_server_duration_milliseconds",
        {"http_method": "GET", "http_target": "/a", "http_status_code": "%s"},
        1000.0,
    ),
    "starlette": ("starlette_request_duration_seconds", {"method": "GET", "path": "/a", "status_code": "%s"}, 1.0),
    "flask": ("flask_http_request_duration_seconds", {"method": "GET", "url_rule": "/a", "status": "%s"}, 1.0),
    "micrometer": (
        "http_server_requests_seconds",
        {"method": "GET", "uri": "/a", "status": "%s", "outcome": "x", "exception": "none"},
        1.0,
    ),
    "express": ("http_request_duration_seconds", {"method": "GET", "path": "/a", "status_code": "%s"}, 1.0),
    "go": ("shop_http_request_duration_seconds", {"method": "GET", "handler": "/a", "code": "%s"}, 1.0),
}


@pytest.mark.parametrize("exporter", EXPORTERS)
async def test_every_exporters_durations(exporter: str) -> None:
    name, labels, unit = EXPORTERS[exporter]
    registry = CollectorRegistry()
    bounds = [bound * unit for bound in (0.1, 0.2, 0.5, 1.0)]
    histogram = Histogram(name, "h", list(labels), registry=registry, buckets=bounds)
    for status, number in (("200", 90), ("404", 6), ("500", 4)):
        values = [text.replace("%s", status) for text in labels.values()]
        for _ in range(number):
            histogram.labels(*values).observe(0.15 * unit)
    async with served(answering(generate_latest(registry))) as (url, _):
        metrics = metrics_of(await poll_once(url + "/metrics"))
    (endpoint,) = metrics.endpoints
    assert (endpoint.method, endpoint.route, endpoint.requests) == ("GET", "/a", 100)
    assert endpoint.latency_ms.average == pytest.approx(150)
    assert endpoint.latency_ms.p95 == pytest.approx(195)
    assert endpoint.p95_bounds is not None
    assert endpoint.p95_bounds.low == pytest.approx(100)
    assert endpoint.p95_bounds.high == pytest.approx(200)
    assert endpoint.server_error_rate == pytest.approx(0.04)
    assert endpoint.client_error_rate == pytest.approx(0.06)
    assert metrics.server_error_rate == pytest.approx(0.04)


async def test_fastapi_instrumentator_and_django_join_counters_with_durations() -> None:
    instrumentator = """
http_requests_total{handler="/a",method="GET",status="2xx"} 95
http_requests_total{handler="/a",method="GET",status="5xx"} 5
http_request_duration_seconds_bucket{handler="/a",le="0.1",method="GET"} 50
http_request_duration_seconds_bucket{handler="/a",le="+Inf",method="GET"} 100
http_request_duration_seconds_count{handler="/a",method="GET"} 100
http_request_duration_seconds_sum{handler="/a",method="GET"} 20
http_request_duration_highr_seconds_count 100
http_request_duration_highr_seconds_sum 20
"""
    django = """
django_http_requests_latency_seconds_by_view_method_bucket{view="a",le="0.1",method="GET"} 50
django_http_requests_latency_seconds_by_view_method_bucket{view="a",le="+Inf",method="GET"} 100
django_http_requests_latency_seconds_by_view_method_count{view="a",method="GET"} 100
django_http_requests_latency_seconds_by_view_method_sum{view="a",method="GET"} 20
django_http_responses_total_by_status_view_method_total{status="200",view="a",method="GET"} 95
django_http_responses_total_by_status_view_method_total{status="503",view="a",method="GET"} 5
"""
    for text in (instrumentator, django):
        async with served(answering(text)) as (url, _):
            metrics = metrics_of(await poll_once(url + "/metrics"))
        (endpoint,) = metrics.endpoints
        assert (endpoint.method, endpoint.requests, endpoint.server_error_rate) == ("GET", 100, 0.05)
        assert endpoint.latency_ms.average == 200
        assert endpoint.latency_ms.p95 == 100
        assert endpoint.p95_bounds is not None
        assert endpoint.p95_bounds.high is None


async def test_without_buckets_only_the_average_and_that_is_said() -> None:
    text = (
        'http_server_requests_seconds_count{method="GET",uri="/a",outcome="SERVER_ERROR"} 10\n'
        'http_server_requests_seconds_sum{method="GET",uri="/a",outcome="SERVER_ERROR"} 5\n'
        'http_server_requests_seconds_max{method="GET",uri="/a",outcome="SERVER_ERROR"} 1\n'
    )
    async with served(answering(text)) as (url, _):
        sample = await poll_once(url + "/metrics")
    (endpoint,) = metrics_of(sample).endpoints
    assert (endpoint.latency_ms.average, endpoint.latency_ms.p95, endpoint.server_error_rate) == (500, None, 1)
    assert any("no buckets" in note for note in sample.notes)


async def test_rates_over_polls_and_a_restart() -> None:
    counts = iter([1000, 1010, 4])

    async def handle(request: str, writer: asyncio.StreamWriter) -> None:
        count = next(counts)
        text = (
            f'http_server_request_duration_seconds_count{{http_route="/a",http_request_method="GET"}} {count}\n'
            f'http_server_request_duration_seconds_sum{{http_route="/a",http_request_method="GET"}} {count}\n'
            f"process_start_time_seconds {1 if count > 4 else 2}\nprocess_resident_memory_bytes 7\n"
            'target_info{service_name="shop",service_version="1.2"} 1\n'
            "redis_keyspace_hits_total 30\nredis_keyspace_misses_total 10\n"
        )
        await answering(text)(request, writer)

    async with served(handle) as (url, _):
        source = source_of(url + "/metrics")
        first, second, third = [metrics_of(await source.poll()) for _ in range(3)]
        await source.close()
    assert first.per_s is None
    assert second.per_s is not None
    assert second.per_s > 0
    assert [one.requests for one in (first, second, third)] == [1000, 1010, 1014]
    assert third.endpoints[0].latency_ms.average == pytest.approx(1000)
    assert (third.service, third.version, third.process.resident_bytes) == ("shop", "1.2", 7)
    assert third.caches[0].hit_rate == 0.75


async def test_another_document_after_a_deployment_is_found_again() -> None:
    bodies = iter([json.dumps(OLDER), '{"schema": "perftui.metrics/1", "generated_at": 5}', "", '{"schema": 1}'])
    last = "process_cpu_seconds_total 1\n"

    async def handle(request: str, writer: asyncio.StreamWriter) -> None:
        await answering(next(bodies, last))(request, writer)

    async with served(handle) as (url, _):
        source = source_of(url + "/metrics")
        samples = [await source.poll() for _ in range(7)]
        await source.close()
    formats = [sample.payload.format for sample in samples if isinstance(sample.payload, ApplicationMetrics)]
    assert formats[0] == "older"
    assert formats[-1] == "openmetrics"
    assert samples[-1].failure is None


@pytest.mark.parametrize("written", ["?api_key=k3y", "/?api_key=k3y"])
async def test_a_key_in_the_address_goes_with_every_path_that_is_tried(written: str) -> None:
    metrics = answering("http_requests_total 3\n")

    async def guarded(request: str, writer: asyncio.StreamWriter) -> None:
        is_metrics = request.startswith("GET /metrics?api_key=k3y ")
        await (metrics if is_metrics else answering("none", status="404 Not Found"))(request, writer)

    async with served(guarded) as (url, asked):
        sample = await poll_once(url + written)
    metrics_of(sample)
    assert all(path_of(head).endswith("api_key=k3y") for head in asked)
    assert path_of(asked[-1]) == "/metrics?api_key=k3y"
