"""The monitor's source on a real instrumented application behind uvicorn, compared with the load that was sent."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from helpers.waiting import wait_until_async
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from perftui.instrument import ASGIMiddleware, Budget, CacheMonitor, Registry, metrics_app
from perftui.model.application import ApplicationMetrics
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.target import Connection, Target
from perftui.sources.base import Source
from perftui.sources.registry import open_system


async def item(request: Request) -> Response:
    return PlainTextResponse("x", status_code=500 if request.path_params["id"] == "bad" else 200)


@asynccontextmanager
async def running(registry: Registry) -> AsyncIterator[str]:
    routes = [Route("/items/{id}", item), Mount("/", metrics_app(registry, older_paths=True))]
    app = ASGIMiddleware(Starlette(routes=routes), registry)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


def source_of(url: str) -> Source:
    target = Target(id=url, kind="application", name="app", address=url)
    (source,) = open_system(Connection(target=target, uri=Secret(url)), Settings()).sources()
    return source


async def read(source: Source) -> ApplicationMetrics:
    sample = await source.poll()
    assert sample.failure is None, sample.failure
    assert isinstance(sample.payload, ApplicationMetrics)
    return sample.payload


async def budget_is(source: Source, state: str) -> bool:
    return any(one.budget == state for one in (await read(source)).endpoints)


async def load(url: str, good: int, bad: int) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        for number in range(good):
            await client.get(f"/items/{number}")
        for _ in range(bad):
            await client.get("/items/bad")


@pytest.mark.parametrize("path", ["", "/perftui/v1/metrics", "/perftui/metrics", "/api/performance/metrics"])
async def test_every_form_shows_the_load_that_was_sent(path: str) -> None:
    registry = Registry("shop", "2.0", budgets=[Budget("GET /items/*", "error_rate<1%")])
    cache = CacheMonitor("pages", registry)
    for number in range(40):
        (cache.miss if number % 4 == 0 else cache.hit)(f"page:{number}", 0.001)
    async with running(registry) as url:
        source = source_of(url + path)
        await load(url, 30, 10)
        first = await read(source)
        await load(url, 20, 0)
        for number in range(8):
            (cache.hit if number < 2 else cache.miss)("page:new", 0.001)
        second = await read(source)
        if first.format == "perftui":  # budgets are judged every few seconds
            await wait_until_async(lambda: budget_is(source, "over"))
        await source.close()
    (before,) = [one for one in first.endpoints if one.route == "/items/{id}"]
    (after,) = [one for one in second.endpoints if one.route == "/items/{id}"]
    assert (before.method, before.requests, after.requests) == ("GET", 40, 60)
    assert before.server_error_rate == pytest.approx(0.25)
    assert (after.latency_ms.average or 0) > 0
    assert (after.latency_ms.p95 or 0) > 0
    assert (after.per_s or 0) > 0
    if first.format != "older":
        assert after.recent is not None
        assert (after.recent.requests, after.recent.server_errors, after.recent.client_errors) == (20, 0, 0)
        assert after.recent.span_s > 0
        assert 0 < (after.recent.average_ms or 0) < 1000
    if first.format == "perftui":
        assert (first.service, first.active) == ("shop", 0)
        assert first.process.resident_bytes is not None
    assert first.caches[0].hit_rate == pytest.approx(0.75)
    if first.format != "older":
        assert (first.caches[0].hit_rate_now, second.caches[0].hit_rate_now) == (None, 0.25)
        assert (second.caches[0].gets_per_s or 0) > 0


async def test_a_restarted_application_gives_no_negative_rate() -> None:
    registry = Registry()
    async with running(registry) as url:
        source = source_of(url)
        await load(url, 10, 0)
        await read(source)
        registry.begin_in_child()
        await load(url, 2, 0)
        metrics = await read(source)
        await source.close()
    assert metrics.requests == 2
    assert metrics.per_s is not None
    assert metrics.per_s >= 0
