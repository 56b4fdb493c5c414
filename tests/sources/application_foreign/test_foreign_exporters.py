"""Real applications with exporters of others, under real servers: what the monitor shows is the load that was sent."""

import asyncio
import itertools
import math
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest
from helpers.applications import BAD, GONE, ITEM, NOWHERE, ODD_PATH, ORDER, Application, Polled, poll, send, source_of
from helpers.foreign import ITEM_S, ODD, ORDER_S

from perftui.model.snapshot import Snapshot
from perftui.servers import PrivateServers


class Exporter(NamedTuple):
    """An application, how its server is started, and what its exporter calls things."""

    module: str
    family: str
    wsgi: bool = False
    environment: Mapping[str, str] = {}
    item: str = "/items/{item}"
    order: str = "/orders"
    odd: str = f"/{ODD}/{{name}}"
    unmatched: str | None = "(unmatched)"


OTEL, STABLE = "opentelemetry_app", "OTEL_SEMCONV_STABILITY_OPT_IN"
EXPORTERS = {
    "prometheus-fastapi-instrumentator": Exporter("fastapi_instrumentator_app", "http_request_duration_seconds"),
    "starlette_exporter": Exporter("starlette_exporter_app", "starlette_request_duration_seconds", unmatched=None),
    "opentelemetry asgi": Exporter(OTEL, "http_server_duration_milliseconds"),
    "opentelemetry asgi, both names": Exporter(
        OTEL, "http_server_duration_milliseconds", environment={STABLE: "http/dup"}
    ),
    "opentelemetry fastapi, stable names": Exporter(
        OTEL, "http_server_request_duration_seconds", environment={STABLE: "http", "INSTRUMENT": "fastapi"}
    ),
    "prometheus-flask-exporter": Exporter(
        "flask_exporter_app",
        "flask_http_request_duration_seconds",
        wsgi=True,
        item="/items/<item>",
        odd=f"/{ODD}/<name>",
    ),
    "django-prometheus": Exporter(
        "django_prometheus_app",
        "django_http_requests_latency_seconds_by_view_method",
        wsgi=True,
        item="item",
        order="orders",
        odd=ODD,
    ),
}
LOAD = {
    ("GET", ITEM): 20,
    ("GET", GONE): 3,
    ("GET", BAD): 5,
    ("POST", ORDER): 12,
    ("GET", ODD_PATH): 4,
    ("GET", NOWHERE): 6,
}
Start = Callable[[str], Application]


def start(servers: PrivateServers, exporter: Exporter, **more: int) -> Application:
    threads = ["--threads", "8"] if exporter.wsgi else []
    return Application(
        servers,
        exporter.module,
        wsgi=exporter.wsgi,
        environment=exporter.environment,
        arguments=threads,
        **more,
    )


@pytest.fixture(scope="module")
def running(session_servers: PrivateServers) -> Start:
    """Each application once for all tests."""
    started: dict[str, Application] = {}

    def running(name: str) -> Application:
        if name not in started:
            started[name] = start(session_servers, EXPORTERS[name])
        return started[name]

    return running


def grown(before: Polled, after: Polled, method: str, route: str) -> int:
    return (after.endpoint(method, route).requests or 0) - (before.endpoint(method, route).requests or 0)


def bounds_ms(page: str, family: str) -> list[float]:
    """The exporter's own bounds of buckets, 0 first."""
    found = re.findall(rf'^{family}_bucket{{.*?\ble="([^"]+)"', page, re.MULTILINE)
    scale = 1.0 if "milliseconds" in family else 1000.0
    return sorted({0.0, *(float(bound) * scale for bound in found)})


def assert_overlaps(bounds: list[float], value: float | None, low: float, high: float) -> None:
    """The exporter's bucket that holds `value` must hold some of what was between `low` and `high` milliseconds."""
    assert value is not None
    assert any(start <= value <= end and start <= high and end >= low for start, end in itertools.pairwise(bounds)), (
        value,
        low,
        high,
        bounds,
    )


@pytest.mark.parametrize("name", EXPORTERS)
async def test_counts_statuses_rates_and_routes_are_those_of_the_load(name: str, running: Start) -> None:
    exporter, application = EXPORTERS[name], running(name)
    source = source_of(application.url)
    before = await poll(source)
    seen = await send(application.url, LOAD)
    after = await poll(source)
    await source.close()
    assert {status for sent in seen.values() for status in sent.statuses} == {200, 201, 404, 500}
    routes = {("GET", exporter.item): 28, ("POST", exporter.order): 12, ("GET", exporter.odd): 4}
    for (method, route), number in routes.items():
        assert grown(before, after, method, route) == number, route
        rate = after.endpoint(method, route).per_s or 0
        assert number / (after.ended - before.began) <= rate <= number / (after.began - before.ended)
    item = after.endpoint("GET", exporter.item)
    assert (item.server_error_rate or 0) * 28 == pytest.approx(5)
    assert (item.client_error_rate or 0) * 28 == pytest.approx(3)
    order = after.endpoint("POST", exporter.order)
    assert (order.server_error_rate, order.client_error_rate) == (0, 0)
    if exporter.unmatched:
        lost = after.endpoint("GET", exporter.unmatched)
        number = grown(before, after, "GET", exporter.unmatched)
        assert (lost.client_error_rate or 0) * number == pytest.approx(6)
    paths = {path for _, path in LOAD} - {exporter.order}
    assert not paths & {one.route for one in after.metrics.endpoints}, "a path is no route"
    everything = (after.metrics.requests or 0) - (before.metrics.requests or 0)
    assert (after.metrics.server_error_rate or 0) * everything == pytest.approx(5)
    assert after.metrics.complete is None
    assert after.notes == ()


@pytest.mark.parametrize("name", EXPORTERS)
async def test_latencies_are_within_the_exporters_own_buckets(name: str, running: Start) -> None:
    exporter, application = EXPORTERS[name], running(name)
    source = source_of(application.url)
    await poll(source)
    seen = await send(application.url, {("GET", ITEM): 20, ("POST", ORDER): 12})
    after = await poll(source)
    await source.close()
    bounds = bounds_ms(application.page(), exporter.family)
    assert len(bounds) > 3
    for key, route, slept_s in ((("GET", ITEM), exporter.item, ITEM_S), (("POST", ORDER), exporter.order, ORDER_S)):
        endpoint, seconds = after.endpoint(key[0], route), seen[key].seconds
        least, most = slept_s * 1000 - 1, max(seconds) * 1000 + 1
        assert endpoint.latency_ms.average is not None
        assert least <= endpoint.latency_ms.average <= sum(seconds) / len(seconds) * 1000 + 1
        assert_overlaps(bounds, endpoint.latency_ms.p50, least, most)
        assert_overlaps(bounds, endpoint.latency_ms.p95, least, most)
        assert endpoint.p95_bounds is not None
        low, high = endpoint.p95_bounds.low, endpoint.p95_bounds.high or math.inf
        assert (low, high) in [pytest.approx(pair) for pair in itertools.pairwise(bounds)]
        assert low <= (endpoint.latency_ms.p95 or 0) <= high
        assert low <= most
        assert high >= least
    assert after.metrics.latency_ms.p50 is not None
    assert after.metrics.process.resident_bytes is not None


@pytest.mark.parametrize("name", EXPORTERS)
async def test_the_snapshot_command_shows_the_same(name: str, running: Start) -> None:
    exporter, application = EXPORTERS[name], running(name)
    source = source_of(application.url)
    await send(application.url, {("GET", ITEM): 3})
    shown = (await poll(source)).endpoint("GET", exporter.item)
    await source.close()
    command = [sys.executable, "-m", "perftui", "snapshot", application.url, "--json", "--wait", "60s"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    (state,) = [one for one in Snapshot.from_json(done.stdout).targets if one.target.kind == "application"]
    assert state.application is not None
    (endpoint,) = [one for one in state.application.endpoints if (one.method, one.route) == ("GET", exporter.item)]
    assert endpoint.requests == shown.requests


@pytest.mark.parametrize("name", EXPORTERS)
async def test_a_restart_makes_no_negative_and_no_absurd_rate(name: str, private_servers: PrivateServers) -> None:
    """More requests after it than before: the counters never fell from one poll to the next."""
    exporter = EXPORTERS[name]
    application = start(private_servers, exporter)
    source = source_of(application.url)
    await send(application.url, {("GET", ITEM): 4})
    before = await poll(source)
    application.restart()
    await send(application.url, {("GET", ITEM): 9, ("GET", BAD): 3})
    after = await poll(source)
    await send(application.url, {("GET", ITEM): 2})
    last = await poll(source)
    await source.close()
    asked = 12 + 1  # the helper's own look whether it answers
    assert grown(before, after, "GET", exporter.item) == asked
    rate = after.endpoint("GET", exporter.item).per_s or 0
    assert asked / (after.ended - before.began) <= rate <= asked / (after.began - before.ended)
    assert (after.endpoint("GET", exporter.item).server_error_rate or 0) * asked == pytest.approx(3)
    assert grown(after, last, "GET", exporter.item) == 2
    assert min(one.per_s or 0 for one in last.metrics.endpoints) >= 0
    assert last.metrics.complete is None
