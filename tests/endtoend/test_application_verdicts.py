"""What a real application's callers feel gets its verdict: an endpoint slow by itself, one that fails, a full pool."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

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

pytestmark = pytest.mark.timeout(240)
USUAL_S, WAIT_S = 22.0, 90.0
POOL = 4


class Shop:
    """An application on a real MongoDB whose faults can be switched on, and its visitors."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        self.items = client["application_verdicts"]["items"]
        self.sleeps_s, self.fails, self.holds_s = 0.0, False, 0.0

    async def item(self, _request: Request) -> Response:
        if self.holds_s:
            with suppress(Exception):
                await self.items.find_one({"$where": f"sleep({self.holds_s * 1000}) || false"}, max_time_ms=10_000)
        await self.items.find_one({"_id": 1})
        await asyncio.sleep(self.sleeps_s)
        if self.fails:
            raise KeyError("price")
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


@asynccontextmanager
async def seen_healthy(mongod: MongodProcess) -> AsyncIterator[tuple[Shop, Watching]]:
    async with serving(mongod) as (shop, url):
        visitors = asyncio.create_task(visit(url, 15))
        try:
            settings = Settings(interval_s=1.0)
            uris = (mongod.uri, f"{url}/perftui/v1/metrics")
            async with watching(*uris, settings=settings, machine=False) as found:
                await found.ticks(3)
                await asyncio.sleep(USUAL_S)
                await found.until(lambda one: one.verdict is not None and one.verdict.status == "healthy")
                yield shop, found
        finally:
            visitors.cancel()
            await asyncio.gather(visitors, return_exceptions=True)


async def test_an_endpoint_that_is_slow_while_its_database_is_well(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod) as (shop, found):
        shop.sleeps_s = 0.7
        problem = await named(found, WAIT_S, "slow-endpoint")
        shop.sleeps_s = 0.0
    assert problem.subject == "GET /items/{id}"
    assert problem.since_known
    assert "nothing changed in MongoDB" in problem.elsewhere or "requests" in problem.elsewhere
    assert problem.evidence.page == "Endpoints"


async def test_an_endpoint_that_fails(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod) as (shop, found):
        shop.fails = True
        problem = await named(found, WAIT_S, "failing-requests")
        shop.fails = False
    assert "KeyError" in problem.cause
    assert "5xx" in problem.cost


async def test_a_pool_that_is_full(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod) as (shop, found):
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
