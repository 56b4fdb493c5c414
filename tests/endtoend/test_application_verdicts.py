"""What a real application's callers feel gets its verdict: an endpoint slow by itself, one that fails, a full pool."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn
from helpers.watching import Watching, named, watching
from pymongo import AsyncMongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from perftui.instrument import ASGIMiddleware, MongoMonitor, Registry, metrics_app
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.servers import MongodProcess

pytestmark = pytest.mark.long
USUAL_S, WAIT_S = 22.0, 90.0
POOL = 4


class Shop:
    """An application on a real MongoDB whose faults can be switched on, and its visitors."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        self.items = client["application_verdicts"]["items"]
        self.sleeps_s, self.fails, self.refuses, self.holds_s = 0.0, False, False, 0.0

    async def item(self, _request: Request) -> Response:
        if self.holds_s:
            with suppress(Exception):
                await self.items.find_one({"$where": f"sleep({self.holds_s * 1000}) || false"}, max_time_ms=10_000)
        await self.items.find_one({"_id": 1})
        await asyncio.sleep(self.sleeps_s)
        if self.fails:
            raise KeyError("price")
        if self.refuses:
            return PlainTextResponse("who are you?", 401)
        return PlainTextResponse("x")


@asynccontextmanager
async def serving(mongod: MongodProcess) -> AsyncIterator[tuple[Shop, str]]:
    registry = Registry("shop", "1.0", only_process=True)
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(
        mongod.uri, appname="shop", maxPoolSize=POOL, event_listeners=[MongoMonitor(registry)]
    ) as client:
        shop = Shop(client)
        await shop.items.replace_one({"_id": 1}, {"a": 1}, upsert=True)
        routes = [Route("/items/{id}", shop.item), Mount("/perftui", metrics_app(registry))]
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        application = ASGIMiddleware(Starlette(routes=routes), registry)
        server = uvicorn.Server(uvicorn.Config(application, log_level="critical", lifespan="off"))
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield shop, f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
            listener.close()


async def visit(url: str, per_s: float) -> None:
    """Without end, whether or not earlier visits were answered."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        visits: set[asyncio.Task[object]] = set()
        while True:
            task: asyncio.Task[object] = asyncio.create_task(client.get("/items/7"))
            visits.add(task)
            task.add_done_callback(visits.discard)
            task.add_done_callback(lambda done: None if done.cancelled() else done.exception() and None)
            await asyncio.sleep(1 / per_s)


class Seen(NamedTuple):
    """What was healthy for a while: the application, who visits it, and the monitor on it."""

    shop: Shop
    visitors: asyncio.Task[None]
    found: Watching


@asynccontextmanager
async def seen_healthy(mongod: MongodProcess, usual_s: float = USUAL_S) -> AsyncIterator[Seen]:
    async with serving(mongod) as (shop, url):
        visitors = asyncio.create_task(visit(url, 15))
        try:
            settings = Settings(interval_s=1.0)
            uris = (mongod.uri, f"{url}/perftui/v1/metrics")
            async with watching(*uris, settings=settings, machine=False) as found:
                await found.ticks(3)
                await asyncio.sleep(usual_s)
                await found.until(lambda one: one.verdict is not None and one.verdict.status == "healthy")
                yield Seen(shop, visitors, found)
        finally:
            visitors.cancel()
            await asyncio.gather(visitors, return_exceptions=True)


async def test_an_endpoint_that_is_slow_while_its_database_is_well(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod) as (shop, _, found):
        shop.sleeps_s = 0.7
        problem = await named(found, "slow-endpoint", wait_s=WAIT_S)
        shop.sleeps_s = 0.0
    assert problem.subject == "GET /items/{id}"
    assert problem.since_known
    assert "nothing changed in MongoDB" in problem.elsewhere or "requests" in problem.elsewhere
    assert problem.evidence.page == "Endpoints"


async def test_an_endpoint_that_fails(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod) as (shop, _, found):
        shop.fails = True
        problem = await named(found, "failing-requests", "KeyError", wait_s=WAIT_S)
        shop.fails = False
    assert "5xx" in problem.cost


async def test_an_endpoint_that_refuses_its_requests(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod) as (shop, _, found):
        shop.refuses = True
        problem = await named(found, "refused-requests", "answered 4xx, usually 0 %", wait_s=WAIT_S)
        shop.refuses = False
    assert problem.subject == "GET /items/{id}"


async def test_an_application_that_nobody_visits_any_more(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod, usual_s=40.0) as (_, visitors, found):
        visitors.cancel()
        problem = await named(found, "no-requests", wait_s=WAIT_S)
    assert problem.what == "no request reaches the application any more"
    assert problem.since_known


async def test_a_pool_that_is_full(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod) as (shop, _, found):
        shop.holds_s = 0.8

        def says(snapshot: Snapshot) -> bool:
            verdict = snapshot.verdict
            problems = (verdict.problem, *verdict.effects, *verdict.others) if verdict is not None else ()
            return any(one is not None and one.code == "pool-full" for one in problems)

        verdict = (await found.until(says, WAIT_S)).verdict
        shop.holds_s = 0.0
    assert verdict is not None
    assert verdict.problem is not None
    assert verdict.problem.code in ("pool-full", "piled-up-operations")
