"""Overall and per endpoint figures, slowest endpoints, rates, slow requests: from known requests."""

import json
import math
import random
from time import monotonic
from typing import Any

import pytest
from helpers.endpoints import assert_no_faults, endpoint_of
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from perftui.instrument import ASGIMiddleware, EndpointStatistics, Registry, WSGIMiddleware, build_document
from perftui.instrument.endpoints.slow import network_of, printable
from perftui.model.metrics import ApiDocument, SlowRequestDocument


def counted(*requests: tuple[str, str, int, float]) -> EndpointStatistics:
    """Method, route, status and seconds of each."""
    registry = Registry()
    for method, route, status, seconds in requests:
        registry.endpoints.record(method, route, status, monotonic(), seconds)
    return EndpointStatistics(registry)


FAST, SLOW, RARE = ("GET", "/fast", 200, 0.001), ("GET", "/slow", 200, 0.5), ("POST", "/rare", 503, 2.0)
MIXED = (*[FAST] * 900, *[SLOW] * 95, *[RARE] * 5)


def test_sums_over_all_endpoints() -> None:
    whole = counted(*MIXED, ("GET", "/fast", 404, 0.001)).overall()
    assert (whole.requests, whole.requests_total, whole.errors_5xx, whole.errors_4xx) == (1001, 1001, 5, 1)
    assert whole.error_rate == pytest.approx(5 / 1001)
    assert whole.latency.sum_s == pytest.approx(901 * 0.001 + 95 * 0.5 + 5 * 2.0)
    assert whole.latency.min_s == pytest.approx(0.001)
    assert whole.latency.max_s == pytest.approx(2.0)
    assert whole.endpoints == ()


def test_totals_of_what_failed_and_of_what_was_refused() -> None:
    """Clients that left were not refused; of a function nothing is known to be."""
    registry = Registry(only_process=True)
    for status, number in ((200, 5), (404, 3), (429, 2), (499, 7), (503, 1)):
        for _ in range(number):
            registry.endpoints.record("GET", "/items", status, monotonic(), 0.001)
    api = build_document(registry).api
    assert api is not None
    (one,) = api.endpoints
    assert (one.requests_total, one.errors_total, one.client_errors_total) == (18, 1, 5)


def test_the_slowest_by_any_figure() -> None:
    statistics = counted(*MIXED)
    named = {
        by: [one.route for one in statistics.slowest(2, by=by)]
        for by in ("p50", "p90", "p95", "p99", "avg", "max", "total")
    }
    assert named.pop("total") == ["/slow", "/rare"]
    assert set(map(tuple, named.values())) == {("/rare", "/slow")}
    assert len(statistics.slowest()) == 3
    with pytest.raises(ValueError, match="is none of avg"):
        statistics.slowest(by="mean")  # type: ignore[arg-type]


@pytest.mark.parametrize("minutes", [0, -1, 61])
def test_a_window_that_is_not_kept_is_refused(minutes: int) -> None:
    with pytest.raises(ValueError, match="1 to 60"):
        counted().overall(minutes)


def test_rates_over_the_standard_windows() -> None:
    statistics = counted(*MIXED)
    found = statistics.rates()
    assert list(found) == [1, 5, 15, 60]
    for minutes, rate in found.items():
        assert (rate.window_s, rate.requests, rate.errors_5xx) == (minutes * 60, 1000, 5)
        assert rate.error_rate == pytest.approx(0.005)
        assert rate.rate_per_s is not None
        assert rate.rate_per_s > 1000 / 60
    assert EndpointStatistics(Registry()).rates()[5].error_rate is None


def test_a_clear_begins_the_windows_anew_and_totals_stay() -> None:
    statistics = counted(*MIXED)
    statistics.registry.clear("api")
    statistics.registry.endpoints.record("GET", "/fast", 200, monotonic(), 0.001)
    whole = statistics.overall(60)
    assert (whole.requests, whole.requests_total, whole.rates[3].requests) == (1, 1001, 1)


def test_an_endpoint_that_was_not_called_is_not_there() -> None:
    assert counted(*MIXED).endpoint("GET", "/none") is None


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["lognormal", "pareto"]))
def test_percentiles_are_within_one_percent(seed: int, kind: str) -> None:
    draw = random.Random(seed)
    values = sorted(
        min(draw.lognormvariate(-4, 1) if kind == "lognormal" else 0.001 * draw.paretovariate(1.5), 50.0)
        for _ in range(5000)
    )
    latency = counted(*(("GET", "/x", 200, value) for value in values)).overall().latency
    for q, found in ((0.5, latency.p50_s), (0.9, latency.p90_s), (0.95, latency.p95_s), (0.99, latency.p99_s)):
        assert found is not None
        at = q * len(values)
        # Beside the exact one lie its neighbours, as far apart as the sample's own uncertainty.
        low, high = (
            values[math.floor(at) - 1 - len(values) // 500],
            values[min(math.ceil(at) + len(values) // 500, 4999)],
        )
        assert low * 0.99 <= found <= high * 1.01


async def answer(request: Request) -> Response:
    if request.url.path == "/stream":
        return StreamingResponse(iter(["a", "b", "c"]))
    return PlainTextResponse("x", status_code=404 if request.url.path == "/items/none" else 200)


def application() -> Any:
    return Starlette(routes=[Route("/items/{id}", answer), Route("/stream", answer)])


async def ask(app: Any, path: str, **scope: Any) -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None: ...

    whole = {"type": "http", "method": "GET", "path": path, "headers": [], "client": ("192.0.2.77", 1), **scope}
    whole["asgi"] = {"spec_version": "2.4"}  # of servers whose `send` tells that the client has left
    await app(whole, receive, send)


AGENT = [(b"accept", b"*/*"), (b"user-agent", b"curl/8 \x1b[31m\n" + b"a" * 300)]


@pytest.mark.parametrize("asked", [False, True])
async def test_slow_requests_tell_no_person_unless_asked(asked: bool) -> None:
    registry = Registry()
    app = ASGIMiddleware(application(), registry, slow_ms=0, user_agent=asked, client_network=asked)
    await ask(app, "/items/secret-token?x=1", headers=AGENT)
    await ask(app, "/items/none", headers=AGENT, client=("2001:db8:1:2:3::4", 5))
    await ask(app, "/stream")
    stream, none, first = EndpointStatistics(registry).overall().slow_requests
    assert [(one.method, one.route, one.status) for one in (first, none, stream)] == [
        ("GET", "/items/{id}", 200), ("GET", "/items/{id}", 404), ("GET", "/stream", 200)
    ]  # fmt: skip
    assert first.user_agent == ("curl/8 ?[31m?" + "a" * 187 if asked else None)
    assert (first.client, none.client) == (("192.0.2.0/24", "2001:db8:1::/48") if asked else (None, None))
    assert stream.user_agent is None
    assert b"secret" not in build_document(registry).to_json()
    assert_no_faults(registry)


async def test_only_slow_requests_are_remembered_and_only_the_newest() -> None:
    registry = Registry()
    await ask(ASGIMiddleware(application(), registry, slow_ms=60_000), "/items/1")
    assert EndpointStatistics(registry).overall().slow_requests == ()
    slow = ASGIMiddleware(application(), registry, slow_ms=0)
    for number in range(300):
        await ask(slow, f"/items/{number}")
    assert len(registry.endpoints.slow.newest()) == 100
    found = EndpointStatistics(registry).overall().slow_requests
    assert len(found) == 20
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert json.loads(json.dumps(registry.endpoints.slow.published())) == registry.endpoints.slow.published()


def test_slow_requests_of_wsgi() -> None:
    registry = Registry()

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return [b"x"]

    environ = {"REQUEST_METHOD": "GET", "REMOTE_ADDR": "198.51.100.7", "HTTP_USER_AGENT": "curl"}
    body: Any = WSGIMiddleware(app, registry, slow_ms=0, user_agent=True, client_network=True)(environ, lambda *_: None)
    assert list(body) == [b"x"]
    body.close()
    (slow,) = EndpointStatistics(registry).overall().slow_requests
    assert isinstance(slow, SlowRequestDocument)
    assert (slow.client, slow.user_agent, slow.status) == ("198.51.100.0/24", "curl", 200)


@given(st.one_of(st.text(), st.binary(), st.none()))
def test_what_is_shown_of_a_header_is_printable(text: str | bytes | None) -> None:
    found = printable(text)
    assert found is None if text is None else found is not None and found.isprintable() and len(found) <= 200


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("10.1.2.3", "10.1.2.0/24"), ("::ffff:10.1.2.3", "10.1.2.0/24"), ("2001:db8:a:b:c::1", "2001:db8:a::/48"),
        ("fe80::1%eth0", "fe80::/48"), ("", None), (None, None), ("testclient", None), ("/tmp/socket", None),
        ("1" * 10_000, None), (5, "0.0.0.0/24"),
    ],
)  # fmt: skip
def test_networks_of_peers(peer: object, network: str | None) -> None:
    assert network_of(peer) == (network if peer != 5 else None)


async def test_the_document_has_all_of_it() -> None:
    registry = Registry()
    app = ASGIMiddleware(application(), registry, slow_ms=0)
    for path in ("/items/1", "/stream", "/nowhere"):
        await ask(app, path)
    api = build_document(registry).api
    assert isinstance(api, ApiDocument)
    assert {one.route for one in api.endpoints} == {"/items/{id}", "/stream", "(unmatched)"}
    assert (api.response_bytes, len(api.rates), len(api.slow_requests)) == (1 + 3 + 9, 4, 3)
    assert endpoint_of(registry, "GET /stream").streams == 1
