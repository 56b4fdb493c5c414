"""Large, broken, compressed and endless pages of metrics: bounded work, and a sentence with what to do."""

import asyncio
import gzip
import zlib

import pytest
from helpers.applications import source_of
from helpers.bare_http import Handler, metrics_of, path_of, poll_once, served
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from perftui.sources.application import text as text_module
from perftui.sources.application.answer import LARGEST_BYTES
from perftui.sources.application.prometheus import PrometheusReader

TEXT = b'http_requests_total{method="get",route="/a",code="200"} 3\n'


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def answering(body: bytes, status: str = "200 OK", *headers: str) -> Handler:
    async def handle(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(body, status, *headers))

    return handle


async def trickling(_head: str, writer: asyncio.StreamWriter) -> None:
    """Each byte resets a client's read timeout; only a deadline for the whole answer ends it."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n")
    for number in range(1_000_000):
        writer.write(TEXT[number % len(TEXT) :][:1])
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless(_head: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        writer.write(TEXT * 1000)
        await writer.drain()


BOMB = zlib.compress(b"\0" * (LARGEST_BYTES * 4))
GZIP = "Content-Encoding: gzip"


@pytest.mark.parametrize(
    ("handler", "kind", "words"),
    [
        (answering(b"", "401 Unauthorized", "WWW-Authenticate: Basic"), "login", "login"),
        (answering(b"", "403 Forbidden"), "rights", "refuses"),
        (answering(b"<html>", "404 Not Found"), "unsupported", "no metrics"),
        (answering(b"Traceback", "500 Internal Server Error"), "unreachable", "500"),
        (answering(b"", "503 Service Unavailable"), "unreachable", "503"),
        (answering(b"", "406 Not Acceptable"), "protocol", "406"),
        (answering(b"", "204 No Content"), "protocol", "204"),
        (answering(b"", "302 Found", "Location: http://elsewhere.invalid/"), "protocol", "redirects"),
        (answering(b"", "302 Found", "Location: /metrics"), "protocol", "redirects"),
        (answering(b"", "302 Found"), "protocol", "redirects"),
        (
            answering(b"<!DOCTYPE html><title>Login</title>", "200 OK", "Content-Type: text/html"),
            "protocol",
            "web page",
        ),
        (answering(b"  \n<html>"), "protocol", "web page"),
        (answering(b'{"names": ["jvm.memory.used"]}'), "protocol", "no metrics document"),
        (answering(b"\x0a\x17\x0a\x04\x08\x00\x00\n" * 50), "protocol", "neither JSON nor"),
        (answering(TEXT, "200 OK", GZIP), "protocol", "is not"),
        (answering(gzip.compress(TEXT * 99)[:-9], "200 OK", GZIP), "unreachable", "broke its answer off"),
        (answering(BOMB, "200 OK", "Content-Encoding: deflate"), "protocol", "more than 8 MB"),
        (answering(TEXT, "200 OK", "Content-Encoding: br"), "protocol", "compressed with 'br'"),
        (trickling, "timeout", "did not finish"),
        (endless, "protocol", "more than 8 MB"),
    ],
)
async def test_what_is_no_page_of_metrics_is_told_with_what_to_do(handler: Handler, kind: str, words: str) -> None:
    async with served(handler) as (url, _):
        sample = await poll_once(url + "/metrics", timeout_s=3.0 if handler is trickling else 20.0)
    assert sample.failure is not None
    assert sample.failure.kind == kind
    assert words in sample.failure.message
    assert sample.failure.help
    assert "Traceback" not in sample.failure.message + sample.failure.help


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_what_is_compressed_unasked_is_read(encoding: str) -> None:
    packed = gzip.compress(TEXT) if encoding == "gzip" else zlib.compress(TEXT)
    async with served(answering(packed, "200 OK", f"Content-Encoding: {encoding}")) as (url, asked):
        metrics = metrics_of(await poll_once(url + "/metrics"))
    assert metrics.requests == 3
    assert "accept-encoding: identity" in asked[0].lower()


async def test_a_redirect_on_the_same_host_is_taken_once() -> None:
    """As Starlette's to the slash behind a mount: it would double what each poll costs."""

    async def handle(head: str, writer: asyncio.StreamWriter) -> None:
        moved = answer(b"", "307 Temporary Redirect", "Location: /metrics/?key=k")
        writer.write(answer(TEXT) if path_of(head) == "/metrics/?key=k" else moved)

    async with served(handle) as (url, asked):
        source = source_of(url + "/metrics?key=k")
        for _ in range(3):
            assert metrics_of(await source.poll()).requests == 3
        await source.close()
    assert [path_of(head) for head in asked] == ["/metrics?key=k", *["/metrics/?key=k"] * 3]


async def test_a_page_that_moved_again_is_looked_for_anew() -> None:
    gone = False

    async def handle(head: str, writer: asyncio.StreamWriter) -> None:
        if path_of(head) == "/metrics" and not gone:
            writer.write(answer(b"", "308 Permanent Redirect", "Location: /old"))
        else:
            writer.write(answer(b"", "404 Not Found") if path_of(head) == "/old" and gone else answer(TEXT))

    async with served(handle) as (url, _):
        source = source_of(url + "/metrics")
        metrics_of(await source.poll())
        gone = True
        failed = await source.poll()
        assert failed.failure is not None
        metrics_of(await source.poll())
        await source.close()


def page_of(routes: int) -> bytes:
    registry = CollectorRegistry()
    durations = Histogram("http_request_duration_seconds", "d", ["method", "handler"], registry=registry)
    unknown = Counter("unknown_things", "u", ["handler"], registry=registry)
    sizes = Histogram("http_response_size_bytes", "s", ["handler"], registry=registry)
    for number in range(routes):
        durations.labels("GET", f"/r{number}").observe(0.02)
        unknown.labels(f"/r{number}").inc(1000)
        sizes.labels(f"/r{number}").observe(10)
    return generate_latest(registry)


def test_two_hundred_routes_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = text_module.parse_series

    def counting(line: str) -> object:
        parsed.append(line)
        return parse(line)

    monkeypatch.setattr(text_module, "parse_series", counting)
    body = page_of(200)
    reader = PrometheusReader(300.0, "http://shop")
    metrics, notes = reader.read(body)
    lines = sum(not line.startswith(b"#") for line in body.splitlines())
    assert lines > 200 * 30
    assert len(parsed) == lines
    assert len(reader._text.series) == 200 * (15 + 1 + 1 + 1), "buckets, count, sum, created: nothing of other families"
    assert (len(metrics.endpoints), metrics.requests, notes) == (200, 200, ())
    parsed.clear()
    again, _ = reader.read(body)
    assert parsed == []
    assert [one.requests for one in again.endpoints] == [1] * 200
    reader.read(page_of(201))
    assert len(parsed) == lines / 200


async def test_the_bytes_of_a_page_are_counted() -> None:
    body = page_of(200)
    async with served(answering(body)) as (url, _):
        sample = await poll_once(url + "/metrics")
    assert sample.received_bytes == len(body)


def test_families_that_nobody_knows_are_ignored() -> None:
    text = (
        'http_requests_total{route="/a",status="200"} 3\n'
        "http_request_bytes_total 7\nrequests 9\nhttp_client_request_duration_seconds_count 70\n"
        'db_queries_total{status="500"} 1000\nspring_security_http_requests_seconds_count 5\n'
    )
    metrics, _ = PrometheusReader(300.0, "http://shop").read(text.encode())
    assert (metrics.requests, metrics.server_error_rate, len(metrics.endpoints)) == (3, 0, 1)


def test_a_page_that_breaks_off_makes_no_reset_and_no_rate() -> None:
    """The rest of it comes with the next one, with all that was counted since the start."""
    registry = CollectorRegistry()
    counter = Counter("http_requests", "r", ["route", "status"], registry=registry)
    counter.labels("/a", "200").inc(1234)
    counter.labels("/b", "200").inc(5000)
    whole = generate_latest(registry).decode()
    cut = whole[: whole.index("1234.0") + 2]
    assert cut.endswith(" 12")
    reader = PrometheusReader(300.0, "http://shop")
    counts = []
    for page in (whole, cut, whole):
        metrics, notes = reader.read(page.encode())
        counts.append((metrics.requests, metrics.per_s))
        assert any("could not be read" in note for note in notes) is (page is cut)
    assert counts == [(6234, None), (6234, 0), (6234, 0)]
    first_cut = PrometheusReader(300.0, "http://shop")
    first_cut.read(whole[: whole.index("5000.0") + 1].encode())
    metrics, _ = first_cut.read(whole.encode())
    assert (metrics.requests, metrics.per_s) == (6234, 0)


def test_openmetrics_with_exemplars_timestamps_and_creation_times() -> None:
    registry = CollectorRegistry()
    durations = Histogram(
        "http_request_duration_seconds", "d", ["route", "status"], registry=registry, buckets=(0.1, 1)
    )
    for _ in range(4):
        durations.labels("/a", "200").observe(0.05, {"trace_id": "abc} 99"})
    page = generate_openmetrics(registry)  # type: ignore[no-untyped-call]
    assert b"# {trace_id=" in page
    assert b"_created{" in page
    metrics, notes = PrometheusReader(300.0, "http://shop").read(page)
    (endpoint,) = metrics.endpoints
    assert (endpoint.requests, endpoint.p95_bounds and endpoint.p95_bounds.high, notes) == (4, 100, ())


def test_a_series_that_began_anew_counts_from_zero_though_it_never_fell() -> None:
    """`_created` tells a restart that a process's start and the counters do not."""

    def page(count: int, created: float) -> bytes:
        return (
            f'http_requests_total{{route="/a",status="200"}} {count}\n'
            f'http_requests_created{{route="/a",status="200"}} {created}\n# EOF\n'
        ).encode()

    reader = PrometheusReader(300.0, "http://shop")
    assert reader.read(page(100, 1.7e9))[0].requests == 100
    metrics, _ = reader.read(page(150, 4e9))
    assert metrics.requests == 250
    assert metrics.complete is None


def test_a_start_that_moves_with_the_clock_or_is_no_number_is_no_restart() -> None:
    """Go reads the machine's boot time, in whole seconds, for each answer."""

    def page(count: int, started: str) -> bytes:
        return (
            f'http_requests_total{{route="/a",status="200"}} {count}\nprocess_start_time_seconds {started}\n'.encode()
        )

    reader, seen = PrometheusReader(300.0, "http://shop"), []
    for count, started in ((100, "1700000000.37"), (101, "1700000001.37"), (102, "1700000000.37"), (103, "NaN")):
        metrics, _ = reader.read(page(count, started))
        seen.append((metrics.requests, metrics.complete))
    assert seen == [(100, None), (101, None), (102, None), (103, None)]
    metrics, _ = reader.read(page(104, "1800000000.00"))
    assert metrics.requests == 207


def test_parts_of_a_histogram_are_reset_together() -> None:
    """After a restart that nothing tells of, some buckets may be above what they were, and some below."""

    def page(low: int, count: int) -> bytes:
        name = "http_request_duration_seconds"
        return (
            f'{name}_bucket{{route="/a",le="0.1"}} {low}\n{name}_bucket{{route="/a",le="+Inf"}} {count}\n'
            f'{name}_count{{route="/a"}} {count}\n{name}_sum{{route="/a"}} {low * 0.05 + (count - low)}\n'
        ).encode()

    reader = PrometheusReader(300.0, "http://shop")
    reader.read(page(2, 100))
    metrics, _ = reader.read(page(8, 10))
    (endpoint,) = metrics.endpoints
    assert endpoint.requests == 110
    assert endpoint.latency_ms.p50 == pytest.approx(62.5), "8 of the 10 new ones took less than 100 ms"
    assert endpoint.latency_ms.average == pytest.approx((8 * 50 + 2 * 1000) / 10)


def test_the_finest_buckets_are_taken_for_the_whole_application() -> None:
    """The instrumentator's: three by route, and more than twenty without."""
    text = (
        'http_request_duration_seconds_bucket{handler="/a",le="0.1"} 100\n'
        'http_request_duration_seconds_bucket{handler="/a",le="+Inf"} 100\n'
        'http_request_duration_seconds_count{handler="/a"} 100\n'
        "http_request_duration_highr_seconds_count 100\nhttp_request_duration_highr_seconds_sum 3\n"
        'http_request_duration_highr_seconds_bucket{le="0.025"} 0\n'
        'http_request_duration_highr_seconds_bucket{le="0.05"} 100\n'
        'http_request_duration_highr_seconds_bucket{le="+Inf"} 100\n'
    )
    metrics, _ = PrometheusReader(300.0, "http://shop").read(text.encode())
    assert metrics.p95_bounds is not None
    assert (metrics.p95_bounds.low, metrics.p95_bounds.high) == (25, 50)
    assert metrics.requests == 100
    (endpoint,) = metrics.endpoints
    assert endpoint.p95_bounds is not None
    assert endpoint.p95_bounds.high == 100
