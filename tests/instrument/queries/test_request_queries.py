"""What each endpoint's requests ask of MongoDB and of caches: counted as they end, and read as steps by the monitor."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import httpx
import pytest
from helpers.querying import measured
from pymongo import AsyncMongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from perftui.instrument import ASGIMiddleware, CacheMonitor, MongoMonitor, Registry, WSGIMiddleware, build_document
from perftui.model.application import EndpointStats
from perftui.model.metrics import EndpointDocument
from perftui.servers import MongodProcess
from perftui.sources.application.perftui_document import DocumentReader

Client = AsyncMongoClient[dict[str, Any]]


def of(registry: Registry, route: str) -> EndpointDocument:
    api = build_document(registry).api
    assert api is not None
    return next(one for one in api.endpoints if one.route == route)


@pytest.fixture
async def client(mongod: MongodProcess, registry: Registry) -> AsyncIterator[Client]:
    found: Client
    async with AsyncMongoClient(mongod.uri, event_listeners=[MongoMonitor(registry)]) as found:
        yield found


@pytest.fixture
def registry() -> Registry:
    return Registry("shop", only_process=True)


def site(client: Client, registry: Registry) -> httpx.AsyncClient:
    """`/many` asks for each of ten things, `/one` once, `/none` nothing but its cache."""
    things, cache = client["request_queries"]["things"], CacheMonitor("pages", registry)

    async def many(_: Request) -> Response:
        for number in range(10):
            await things.find_one({"_id": number})
        await things.count_documents({})
        return PlainTextResponse("x")

    async def one(_: Request) -> Response:
        await things.find_one({"_id": 1})
        raise ValueError

    async def none(_: Request) -> Response:
        cache.hit("page:1", seconds=0.004)
        return PlainTextResponse("x")

    app = Starlette(routes=[Route("/many", many), Route("/one", one), Route("/none", none)])
    transport = httpx.ASGITransport(ASGIMiddleware(app, registry), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://shop")


async def test_each_endpoint_has_the_commands_of_its_requests(client: Client, registry: Registry) -> None:
    async with site(client, registry) as visitor:
        for path in ("/many", "/many", "/one", "/none"):
            await visitor.get(path)
    many, one, none = (of(registry, route) for route in ("/many", "/one", "/none"))
    assert (many.queries_total, one.queries_total, none.queries_total) == (22, 1, 0)
    assert many.query_seconds_total is not None
    assert many.seconds_total is not None
    assert 0 < many.query_seconds_total < many.seconds_total
    assert one.errors_total == 1
    assert (none.cache_calls_total, none.cache_seconds_total) == (1, 0.004)
    assert many.cache_calls_total == 0
    query = build_document(registry).query
    assert query is not None
    by_id = next(shape for shape in query.shapes if shape.count >= 20)
    assert {(caller.route, caller.calls_total) for caller in by_id.callers} == {("/many", 20), ("/one", 1)}


async def test_a_clear_leaves_the_totals(client: Client, registry: Registry) -> None:
    async with site(client, registry) as visitor:
        await visitor.get("/many")
        registry.clear("api")
        registry.clear("query")
        await visitor.get("/many")
    assert of(registry, "/many").queries_total == 22


async def test_the_monitor_reads_steps(client: Client, registry: Registry) -> None:
    reader = DocumentReader("here")

    def read() -> EndpointStats:
        metrics, _ = reader.read(build_document(registry).to_json())
        return next(one for one in metrics.endpoints if one.route == "/many")

    async with site(client, registry) as visitor:
        await visitor.get("/many")
        read()
        await visitor.get("/many")
        await visitor.get("/many")
        recent = read().recent
    assert recent is not None
    assert (recent.requests, recent.queries, recent.mostly_queries) == (2, 22, 20)
    assert recent.query_ms is not None
    assert recent.average_ms is not None
    assert 0 < recent.query_ms < 2 * recent.average_ms
    query = build_document(registry).query
    assert query is not None
    assert recent.mostly == max(query.shapes, key=lambda shape: shape.count).id


def test_a_wsgi_application_counts_them_too(mongod: MongodProcess, registry: Registry) -> None:
    with measured(mongod, MongoMonitor(registry)) as client:

        def application(_: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            for number in range(3):
                client["request_queries"]["things"].find_one({"_id": number})
            start("200 OK", [("Content-Length", "1")])
            return [b"x"]

        with httpx.Client(
            transport=httpx.WSGITransport(WSGIMiddleware(application, registry)), base_url="http://shop"
        ) as visitor:
            visitor.get("/")
    api = build_document(registry).api
    assert api is not None
    assert [one.queries_total for one in api.endpoints] == [3]


async def test_where_nobody_counts_them_nothing_is_known(registry: Registry) -> None:
    async def plain(_: Request) -> Response:
        return PlainTextResponse("x")

    app = ASGIMiddleware(Starlette(routes=[Route("/plain", plain)]), registry)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as visitor:
        await visitor.get("/plain")
    found = of(registry, "/plain")
    assert (found.queries_total, found.query_seconds_total) == (None, None)
    assert (found.cache_calls_total, found.cache_seconds_total) == (None, None)
