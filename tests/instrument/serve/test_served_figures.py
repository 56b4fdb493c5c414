"""What a real Starlette application serves of itself, compared with what was sent to it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from perftui.instrument import ASGIMiddleware, Budget, Registry, metrics_app
from perftui.instrument.serve.asgi import ASGIApp
from perftui.model.metrics import EndpointDocument, MetricsDocument

TOKEN = "correct horse"


async def item(request: Request) -> Response:
    name = request.path_params["id"]
    if name == "crash":
        raise RuntimeError("as asked")
    return PlainTextResponse(name, status_code=404 if name == "none" else 200)


async def stream(_request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(5):
            yield b"%d" % number
            await asyncio.sleep(0.01)

    return StreamingResponse(parts())


def application(registry: Registry, **options: Any) -> ASGIApp:
    routes = [
        Route("/items/{id}", item, methods=["GET", "POST"]),
        Route("/stream", stream),
        Mount("/shops/{shop}", routes=[Route("/items/{id}", item)]),
        Mount("/internal", metrics_app(registry, TOKEN, **options)),
    ]
    return ASGIMiddleware(Starlette(routes=routes), registry)


def client_of(app: ASGIApp, peer: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(peer, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def document_of(client: httpx.AsyncClient, query: str = "") -> MetricsDocument:
    import msgspec

    answer = await client.get("/internal/perftui/v1/metrics" + query)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=MetricsDocument)


def endpoints_of(document: MetricsDocument) -> dict[str, EndpointDocument]:
    assert document.api is not None
    return {f"{one.method} {one.route}": one for one in document.api.endpoints}


async def test_counts_are_those_that_were_sent() -> None:
    registry = Registry("shop", "1.0", budgets=[Budget("GET /items/*", "p(95)<60s", "error_rate<1%")])
    async with client_of(application(registry)) as client:
        paths = [f"/items/{number}" for number in range(50)] + ["/items/none"] * 3 + ["/items/crash"] * 2
        await asyncio.gather(*(client.get(path) for path in paths))
        for path in ("/nowhere", "/elsewhere/x", "/shops/7/items/1", "/stream"):
            await client.get(path)
        await client.request("BREW", "/items/1")
        document = await document_of(client)
    endpoints = endpoints_of(document)
    assert document.api is not None
    assert endpoints["GET /items/{id}"].status == {"200": 50, "404": 3, "500": 2}
    assert endpoints["GET /shops/{shop}/items/{id}"].latency.count == 1
    assert endpoints["GET (unmatched)"].latency.count == 2
    assert endpoints["(other) /items/{id}"].status == {"405": 1}
    assert (endpoints["GET /stream"].latency.min_s or 0) >= 0.03
    assert (document.api.requests, document.api.errors_5xx, document.api.errors_4xx) == (60, 2, 6)
    assert document.api.active == 0
    assert [budget.ok for budget in endpoints["GET /items/{id}"].budgets] == [True, False]
    assert endpoints["GET /items/{id}"].budgets[1].violations == 2


async def test_only_what_is_asked_for() -> None:
    registry = Registry()
    async with client_of(application(registry)) as client:
        for path in ("/items/1", "/stream"):
            await client.get(path)
        document = await document_of(client, "?type=api,system&top=1&window=1m")
    assert document.query is None
    assert document.cache is None
    assert document.system is not None
    assert document.api is not None
    assert len(document.api.endpoints) == 1
    assert document.api.endpoints_omitted == 1


async def test_nobody_clears_without_the_token_and_counters_stay() -> None:
    registry = Registry()
    clear, own = "/internal/perftui/v1/metrics:clear", {"Authorization": f"Bearer {TOKEN}"}
    async with client_of(application(registry)) as client:
        await client.get("/items/1")
        refusals = [
            (await client.post(clear, json={"type": "api"}), 401),
            (await client.post(clear, json={"type": "api"}, headers={"Authorization": "Bearer no"}), 401),
            (await client.post(clear, content=b'{"type": "api"}', headers=own), 415),
            (await client.post(clear, json={"type": "everything"}, headers=own), 400),
            (await client.post(clear, json=["api"], headers=own), 400),
            (await client.get(clear, headers=own), 405),
        ]
        assert [answer.status_code for answer, _ in refusals] == [status for _, status in refusals]
        assert endpoints_of(await document_of(client))["GET /items/{id}"].latency.count == 1
        assert (await client.post(clear, json={"type": "api"}, headers=own)).json() == {"cleared": "api"}
        document = await document_of(client)
        assert document.api is not None
        assert (document.api.requests, document.api.requests_total) == (0, 1)
        text = (await client.get("/internal/perftui/metrics")).text
    assert 'http_request_method="GET",http_route="/items/{id}",http_response_status_code="200"} 1' in text


async def test_figures_are_read_without_becoming_figures() -> None:
    registry = Registry()
    async with client_of(application(registry)) as client:
        await client.get("/items/1")
        for path in ("/perftui/v1/metrics", "/perftui/metrics", "/perftui/v1/metrics/schema", "/nowhere"):
            await client.get("/internal" + path)
        document = await document_of(client)
    assert list(endpoints_of(document)) == ["GET /items/{id}"]
    assert document.api is not None
    assert document.api.active == 0
