"""Route templates of real frameworks behind a real uvicorn: mounts, included routers, what nobody takes."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from helpers import django_site
from helpers.endpoints import assert_no_faults, endpoint_of, statuses_of
from helpers.serving import asgi_server
from litestar import Litestar, asgi, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Host, Mount, Route, Router
from starlette.staticfiles import StaticFiles

from perftui.instrument import ASGIMiddleware, Registry

HERE = str(Path(__file__).parent)


async def ask(url: str, *asked: str) -> list[int]:
    """The statuses of `METHOD /path` one after the other."""
    limits = httpx.Limits(max_keepalive_connections=0)  # a server may close a connection after an error
    async with httpx.AsyncClient(base_url=url, trust_env=False, limits=limits) as client:
        return [(await client.request(*one.split(" ", 1))).status_code for one in asked]


async def item(request: Request) -> Response:
    name = request.path_params["id"]
    if name == "crash":
        raise LookupError("as asked")
    if name == "none":
        raise HTTPException(404)
    return PlainTextResponse(name)


def starlette_app(middleware: list[Middleware]) -> Starlette:
    twice = Router([Route("/things/{id}", item)])
    return Starlette(
        routes=[
            Route("/items/{id}", item, methods=["GET", "POST"]),
            Mount("/shops/{shop}", routes=[Route("/items/{id}", item), Mount("/deep", routes=[Route("/", item)])]),
            Mount("/v1", twice),
            Mount("/v2/{tenant}", twice),
            Mount("/static", StaticFiles(directory=HERE)),
            Host("other.example", Router([Route("/only/{id}", item)])),
        ],
        middleware=middleware,
    )


@pytest.mark.parametrize("way", ["around", "added", "added below another"])
async def test_starlette(way: str) -> None:
    registry = Registry()
    own, other = Middleware(ASGIMiddleware, registry=registry), Middleware(BaseHTTPMiddleware, dispatch=passing)
    app: Any = starlette_app([] if way == "around" else [own] if way == "added" else [other, own])
    if way == "around":
        app = ASGIMiddleware(app, registry)
    with asgi_server(app) as url:
        await ask(url, *(f"GET /items/{number}" for number in range(20)), "GET /items/none", "GET /items/crash")
        await ask(url, "POST /items/1", "DELETE /items/1", "BREW /items/1", "GET /items/1/")
        await ask(url, "GET /shops/7/items/1", "GET /shops/8/items/2", "GET /shops/8/nowhere")
        await ask(url, "GET /v1/things/1", "GET /v2/a/things/1", "GET /v2/b/things/2", "GET /v1/nothing")
        await ask(url, "GET /static/test_asgi_frameworks.py", "GET /static/none", "GET /nowhere", "GET /else/where")
        async with httpx.AsyncClient(base_url=url, headers={"Host": "other.example"}, trust_env=False) as client:
            await client.get("/only/1")
    assert statuses_of(registry) == {
        "GET /items/{id}": {"200": 20, "404": 1, "500": 1},
        "POST /items/{id}": {"200": 1},
        "DELETE /items/{id}": {"405": 1},
        "(other) /items/{id}": {"405": 1},
        "GET /shops/{shop}/items/{id}": {"200": 2},
        "GET /v1/things/{id}": {"200": 1},
        "GET /v2/{tenant}/things/{id}": {"200": 2},
        "GET /static/{path:path}": {"200": 1, "404": 1},
        "GET /only/{id}": {"200": 1},
        "GET (unmatched)": {"307": 1, "404": 4},
    }
    assert endpoint_of(registry, "GET /items/{id}").exceptions == {"LookupError": 1}
    assert_no_faults(registry)


async def passing(request: Request, call_next: Any) -> Response:
    answer: Response = await call_next(request)
    return answer


def fastapi_app() -> FastAPI:
    app, inner, outer, part = FastAPI(), APIRouter(prefix="/inner"), APIRouter(prefix="/outer/{o}"), FastAPI()

    @app.get("/items/{number}")
    async def one(number: int) -> dict[str, int]:
        if number == 13:
            raise LookupError("as asked")
        return {"number": number}

    @inner.get("/things/{name}")
    def two(name: str) -> str:
        return name

    @part.get("/users/{name}")
    async def three(name: str) -> str:
        return name

    outer.include_router(inner)
    app.include_router(outer)
    app.include_router(inner, prefix="/again")
    app.mount("/part/{tenant}", part)
    app.mount("/plain", Starlette(routes=[Route("/x/{id}", item)]))
    app.mount("/static", StaticFiles(directory=HERE))
    return app


@pytest.mark.parametrize("way", ["around", "added"])
async def test_fastapi(way: str) -> None:
    registry, app = Registry(), fastapi_app()
    served: Any = app
    if way == "around":
        served = ASGIMiddleware(app, registry)
    else:
        app.add_middleware(ASGIMiddleware, registry=registry)
    with asgi_server(served) as url:
        await ask(url, "GET /items/1", "GET /items/2", "GET /items/x", "GET /items/13", "PUT /items/1")
        await ask(url, "GET /outer/1/inner/things/a", "GET /outer/2/inner/things/b", "GET /again/inner/things/c")
        await ask(url, "GET /part/1/users/a", "GET /part/2/users/b", "GET /part/2/nothing", "GET /plain/x/1")
        await ask(url, "GET /docs", "GET /openapi.json", "GET /part/1/openapi.json", "GET /nowhere")
        await ask(url, "GET /static/test_asgi_frameworks.py")
    assert statuses_of(registry) == {
        "GET /items/{number}": {"200": 2, "422": 1, "500": 1},
        "PUT /items/{number}": {"405": 1},
        "GET /outer/{o}/inner/things/{name}": {"200": 2},
        "GET /again/inner/things/{name}": {"200": 1},
        "GET /part/{tenant}/users/{name}": {"200": 2},
        "GET /plain/x/{id}": {"200": 1},
        "GET /docs": {"200": 1},
        "GET /openapi.json": {"200": 1},
        "GET /part/{tenant}/openapi.json": {"200": 1},
        "GET /static/{path:path}": {"200": 1},
        "GET (unmatched)": {"404": 2},
    }
    assert endpoint_of(registry, "GET /items/{number}").exceptions == {"LookupError": 1}
    assert_no_faults(registry)


def litestar_app() -> Litestar:
    @get("/items/{number:int}")
    async def one(number: FromPath[int]) -> str:
        if number == 13:
            raise LookupError("as asked")
        return str(number)

    @post("/")
    async def root() -> None: ...

    @get("/plain")
    async def plain() -> str:
        return "plain"

    @asgi("/mounted", is_mount=True, copy_scope=True)
    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("mounted")(scope, receive, send)

    handlers: list[HTTPRouteHandler | Any] = [one, root, plain, mounted]
    return Litestar(handlers, openapi_config=None)


async def test_litestar() -> None:
    registry = Registry()
    with asgi_server(ASGIMiddleware(litestar_app(), registry)) as url:
        await ask(url, "GET /items/1", "GET /items/2", "GET /items/13", "POST /", "GET /plain", "GET /mounted/a/b")
        await ask(url, "GET /nowhere", "GET /items/x")
    assert statuses_of(registry) == {
        "GET /items/{number}": {"200": 2, "500": 1},
        "POST /": {"201": 1},
        "GET /plain": {"200": 1},
        "GET /mounted/{path:path}": {"200": 1},
        "GET (unmatched)": {"404": 2},
    }
    assert_no_faults(registry)


async def test_an_application_of_another_framework_inside_of_starlette() -> None:
    registry = Registry()
    litestar: Any = litestar_app()
    app = Starlette(routes=[Mount("/star", litestar), Mount("/fast", fastapi_app())])
    with asgi_server(ASGIMiddleware(app, registry)) as url:
        await ask(url, "GET /star/items/1", "GET /fast/items/1", "GET /fast/docs", "GET /fast/again/inner/things/x")
    assert statuses_of(registry) == {
        "GET /star/items/{number}": {"200": 1},
        "GET /fast/items/{number}": {"200": 1},
        "GET /fast/docs": {"200": 1},
        "GET /fast/again/inner/things/{name}": {"200": 1},
    }
    assert_no_faults(registry)


@pytest.mark.parametrize("way", ["around", "hidden"])
async def test_django(way: str) -> None:
    """Hidden behind a function, only Django's own middleware can say the route."""
    django_site.set_up()
    from django.core.asgi import get_asgi_application

    handler, registry = get_asgi_application(), Registry()

    async def hidden(scope: Any, receive: Any, send: Any) -> None:
        await handler(scope, receive, send)

    with asgi_server(ASGIMiddleware(handler if way == "around" else hidden, registry)) as url:
        await ask(url, "GET /items/1/", "GET /items/0/", "GET /items/13/", "GET /shop/items/5", "GET /later/a-b")
        await ask(url, "GET /shop/years/1999/", "GET /nowhere", "BREW /items/1/")
    assert statuses_of(registry) == {
        "GET /items/<int:pk>/": {"200": 1, "404": 1, "500": 1},
        "GET /shop/items/<int:pk>": {"200": 1},
        "GET /later/<slug:slug>": {"200": 1},
        "GET /shop/years/(?P<year>[0-9]{4})/": {"200": 1},
        "(other) /items/<int:pk>/": {"200": 1},
        "GET (unmatched)": {"404": 1},
    }
    assert endpoint_of(registry, "GET /items/<int:pk>/").exceptions == {"LookupError": 1}
    assert_no_faults(registry)


async def test_what_the_application_itself_says_is_believed() -> None:
    registry = Registry()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["perftui.route"] = "/said/{x}"
        await PlainTextResponse("x")(scope, receive, send)

    with asgi_server(ASGIMiddleware(app, registry)) as url:
        await ask(url, "GET /said/1", "GET /said/2")
    assert statuses_of(registry) == {"GET /said/{x}": {"200": 2}}


async def test_a_route_that_is_added_later_is_found() -> None:
    registry, app = Registry(), Starlette(routes=[Route("/a", lambda request: PlainTextResponse("a"))])
    with asgi_server(ASGIMiddleware(app, registry)) as url:
        await ask(url, "GET /a")
        app.router.routes.append(Mount("/late", routes=[Route("/items/{id}", item)]))
        await ask(url, "GET /late/items/1")
    assert statuses_of(registry) == {"GET /a": {"200": 1}, "GET /late/items/{id}": {"200": 1}}


async def test_a_second_middleware_of_the_same_registry_counts_nothing() -> None:
    registry, other = Registry(), Registry()
    app = Starlette(routes=[Route("/items/{id}", item)], middleware=[Middleware(ASGIMiddleware, registry=registry)])
    with asgi_server(ASGIMiddleware(ASGIMiddleware(app, other), registry)) as url:
        await ask(url, "GET /items/1")
    assert statuses_of(registry) == statuses_of(other) == {"GET /items/{id}": {"200": 1}}
    assert_no_faults(registry)
    assert_no_faults(other)


async def test_a_stream_has_a_first_byte_and_ends_with_its_last() -> None:
    registry, gate = Registry(), threading.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.to_thread(gate.wait, 20)
        yield b"second"

    async def stream(_request: Request) -> Response:
        return StreamingResponse(parts())

    with asgi_server(ASGIMiddleware(Starlette(routes=[Route("/stream", stream)]), registry)) as url:
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False) as client,
            client.stream("GET", "/stream") as answer,
        ):
            received = answer.aiter_bytes()
            assert await anext(received) == b"first"
            running = endpoint_of(registry, "GET /stream")
            assert (running.active, running.latency.count) == (1, 0)
            assert running.oldest_s is not None
            gate.set()
            assert b"".join([part async for part in received]) == b"second"
    done = endpoint_of(registry, "GET /stream")
    assert (done.active, done.latency.count, done.streams, done.response_bytes) == (0, 1, 1, 11)
    assert done.first_byte is not None
    assert running.oldest_s <= (done.latency.max_s or 0)
    assert (done.first_byte.max_s or 0) < running.oldest_s
    assert_no_faults(registry)
