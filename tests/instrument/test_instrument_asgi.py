"""A real Starlette application under requests, compared with what was sent; and what serves its metrics."""

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from perftui.instrument import ASGIMiddleware, Budget, CacheMonitor, Registry, metrics_app
from perftui.instrument.asgi import ASGIApp
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
    return httpx.AsyncClient(transport=transport, base_url="http://app")


async def document_of(client: httpx.AsyncClient, query: str = "") -> MetricsDocument:
    import msgspec

    answer = await client.get("/internal/perftui/v1/metrics" + query)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=MetricsDocument)


def endpoints_of(document: MetricsDocument) -> dict[str, EndpointDocument]:
    assert document.api is not None
    return {f"{one.method} {one.route}": one for one in document.api.endpoints}


async def test_counts_are_those_that_were_sent() -> None:
    registry = Registry("shop", "1.0", budgets=[Budget("GET /items/*", "p(95)<5s", "error_rate<1%")])
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


async def test_a_cancelled_request_and_a_websocket_do_not_break_it() -> None:
    registry = Registry()
    entered = asyncio.Event()

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            entered.set()
            await asyncio.sleep(60)
        await send({"type": "websocket.accept"})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    middleware = ASGIMiddleware(app, registry)
    await middleware({"type": "websocket", "path": "/ws"}, None, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.accept"}]
    task = asyncio.create_task(middleware({"type": "http", "method": "GET", "path": "/x"}, None, send))  # type: ignore[arg-type]
    await entered.wait()
    assert registry.endpoints.active == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert registry.endpoints.active == 0
    assert list(registry.endpoints.series) == [("GET", "(unmatched)", 499)]


def test_memory_is_bounded_by_many_routes() -> None:
    registry = Registry(max_series=10)
    for number in range(5000):
        registry.endpoints.record("GET", f"/{number}", 200, registry.started, 0.001)
    assert len(registry.endpoints.series) <= 11
    assert sum(sum(one.totals()[0].values()) for one in registry.endpoints.series.values()) == 5000


@pytest.mark.parametrize(
    "query",
    ["?type=apis", "?window=5", "?window=0s", "?window=2h", "?top=0", "?top=x", "?top=1e9", "?what=1", "?window=-1m"],
)
async def test_unknown_values_are_refused_in_words(query: str) -> None:
    async with client_of(application(Registry())) as client:
        answer = await client.get("/internal/perftui/v1/metrics" + query)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 20


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


async def test_reading_is_for_this_machine_or_the_token() -> None:
    app = application(Registry())
    path = "/internal/perftui/v1/metrics"
    async with client_of(app) as client:
        assert (await client.get(path, headers={"X-Forwarded-For": "127.0.0.1"})).status_code == 403
    async with client_of(app, "::ffff:127.0.0.1") as client:
        assert (await client.get(path)).status_code == 200
    async with client_of(app, "10.1.2.3") as client:
        assert (await client.get(path)).status_code == 403
        assert (await client.get(path, headers={"Authorization": "Bearer wrong"})).status_code == 403
        assert (await client.get(path, headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 200


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


async def test_no_token_means_no_clear() -> None:
    async with client_of(metrics_app(Registry())) as client:
        answer = await client.post(
            "/perftui/v1/metrics:clear", json={"type": "api"}, headers={"Authorization": "Bearer "}
        )
    assert answer.status_code == 403


async def test_openmetrics_is_what_the_client_library_reads() -> None:
    registry = Registry()
    CacheMonitor('odd"\\\nname', registry).hit("a:b", 0.001)
    with registry.lock:
        for number in range(100):
            registry.endpoints.record("GET", '/a"\n\\', 200, registry.started, number / 1000)
    async with client_of(metrics_app(registry)) as client:
        accept = {"Accept": "application/openmetrics-text"}
        answer = await client.get("/perftui/v1/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}  # type: ignore[no-untyped-call]
    samples = families["http_server_request_duration_seconds"].samples
    assert {sample.labels["http_route"] for sample in samples} == {'/a"\n\\'}
    buckets = {sample.labels["le"]: sample.value for sample in samples if sample.name.endswith("_bucket")}
    assert buckets["+Inf"] == 100
    assert buckets["0.032768"] == 33
    assert families["perftui_cache_hits"].samples[0].labels == {"cache": 'odd"\\\nname'}


async def test_older_paths_speak_the_older_form_only_on_request() -> None:
    registry = Registry()
    path, own = "/internal/api/performance/metrics", {"Authorization": f"Bearer {TOKEN}"}
    async with client_of(application(registry)) as client:
        assert (await client.get(path)).status_code == 404
    async with client_of(application(registry, older_paths=True)) as client:
        for name in ("1", "none", "crash"):
            await client.get(f"/items/{name}")
        document = (await client.get(path, params={"type": "all", "window": "5"})).json()
        assert (await client.get(path, params={"window": "soon"})).status_code == 400
        assert (await client.post(path + "/clear", json={"type": "all"}, headers=own)).status_code == 200
        after = (await client.get(path)).json()
    (endpoint,) = document["api"]["endpoints"]
    assert (endpoint["path"], endpoint["requestCount"], endpoint["errorCount"]) == ("GET /items/{id}", 3, 2)
    assert document["api"]["p95Duration"] == pytest.approx(endpoint["p95Duration"])
    assert after["api"]["totalRequests"] == 0
    json.dumps(document)
