"""Why a real application's endpoint is slow: a query for each of many things, or a slow way to its database."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from helpers.watching import Watching, watching
from pymongo import AsyncMongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from perftui.instrument import ASGIMiddleware, MongoMonitor, Registry, metrics_app
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.model.verdict import Problem
from perftui.servers import MongodProcess

pytestmark = pytest.mark.long
_USUAL_S, _WAIT_S = 14.0, 60.0
_DATABASE = "slow_endpoint_verdicts"


class Way:
    """A relay in front of a server, on which each answer can be held up."""

    def __init__(self, port: int) -> None:
        self._port, self.answers_after_s = port, 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def uri(self) -> str:
        assert self._server is not None
        return f"mongodb://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/?directConnection=true"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._port)
        for source, sink, is_answer in ((reader, back_writer, False), (back_reader, writer, True)):
            task = asyncio.create_task(self._pass_on(source, sink, is_answer=is_answer))
            self._tasks.add(task)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_answer: bool) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                if is_answer and self.answers_after_s:
                    await asyncio.sleep(self.answers_after_s)
                sink.write(data)
                await sink.drain()
        sink.close()


class Shop:
    """Its one endpoint asks for an order, and for the prices in it: at once, or one by one."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        self.database = client[_DATABASE]
        self.one_by_one = 0

    async def fill(self) -> None:
        for name in ("orders", "prices"):
            await self.database[name].replace_one({"_id": 1}, {"a": 1}, upsert=True)

    async def order(self, _request: Request) -> Response:
        await self.database["orders"].find_one({"_id": 1})
        await self.database["prices"].find({"_id": {"$in": [1, 2, 3]}}).to_list()
        for number in range(self.one_by_one):
            await self.database["prices"].find_one({"_id": number})
        return PlainTextResponse("x")


@asynccontextmanager
async def seen_healthy(mongod: MongodProcess) -> AsyncIterator[tuple[Shop, Way, Watching]]:
    """The application, its way to the database, and a monitor that takes the same way; something is usual by then."""
    async with AsyncExitStack() as stack:
        way = Way(mongod.port)
        await way.open()
        stack.push_async_callback(way.close)
        registry = Registry("shop", "1.0", only_process=True)
        client = AsyncMongoClient[dict[str, Any]](way.uri, event_listeners=[MongoMonitor(registry)])
        shop = Shop(await stack.enter_async_context(client))
        await shop.fill()
        url = await stack.enter_async_context(served(shop, registry))
        await stack.enter_async_context(visited(url, 4))
        uris = (way.uri, f"{url}/perftui/v1/metrics")
        found = await stack.enter_async_context(watching(*uris, settings=Settings(interval_s=1.0), machine=False))
        await asyncio.sleep(_USUAL_S)
        await found.until(lambda one: one.verdict is not None and one.verdict.status == "healthy")
        yield shop, way, found


@asynccontextmanager
async def served(shop: Shop, registry: Registry) -> AsyncIterator[str]:
    routes = [Route("/orders/{id}", shop.order), Mount("/perftui", metrics_app(registry))]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        application = ASGIMiddleware(Starlette(routes=routes), registry)
        server = uvicorn.Server(uvicorn.Config(application, log_level="critical", lifespan="off"))
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def visited(url: str, per_s: float) -> AsyncIterator[None]:
    """So often a second, whether or not earlier visits were answered."""

    async def visit() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client, asyncio.TaskGroup() as group:
            while True:
                group.create_task(one(client))
                await asyncio.sleep(1 / per_s)

    async def one(client: httpx.AsyncClient) -> None:
        with suppress(httpx.HTTPError):
            await client.get("/orders/7")

    visitors = asyncio.create_task(visit())
    try:
        yield
    finally:
        visitors.cancel()
        await asyncio.gather(visitors, return_exceptions=True)


async def named(found: Watching, words: str) -> Problem:
    """The slow endpoint's verdict once its cause has these words."""

    def says(snapshot: Snapshot) -> bool:
        problem = None if snapshot.verdict is None else snapshot.verdict.problem
        return problem is not None and problem.code == "slow-endpoint" and words in problem.cause

    verdict = (await found.until(says, _WAIT_S)).verdict
    assert verdict is not None
    assert verdict.problem is not None
    return verdict.problem


async def test_a_query_for_each_of_many_things(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod) as (shop, way, found):
        way.answers_after_s = 0.008
        shop.one_by_one = 40
        problem = await named(found, "42 queries, usually 2")
    assert f"mostly {_DATABASE}.prices find" in problem.cause
    assert "one by one" in problem.help


async def test_a_slow_way_to_a_database_that_is_well(mongod: MongodProcess) -> None:
    async with seen_healthy(mongod) as (_, way, found):
        way.answers_after_s = 0.3
        problem = await named(found, "lost on the way")
    assert "pass in 2 queries" in problem.cause
    assert "network" in problem.help
