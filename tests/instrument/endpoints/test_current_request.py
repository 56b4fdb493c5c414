"""The request in progress, as queries and caches see it, and the `Server-Timing` header that comes of it."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from flask import Flask
from helpers import django_site
from helpers.endpoints import assert_no_faults, statuses_of
from helpers.serving import asgi_server, wsgi_server
from litestar import Litestar, get
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from perftui.instrument import ASGIMiddleware, Registry, WSGIMiddleware, current_request, need_current_request
from perftui.instrument.endpoints.current import DEMAND


@pytest.fixture(autouse=True)
def wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DEMAND, "wanted", False)


def said() -> str:
    """What a query's comment would say."""
    request = current_request()
    return "nothing" if request is None else f"{request.method} {request.route()}"


async def home(request: Request) -> Response:
    in_thread = await run_in_threadpool(said)
    in_task = await asyncio.create_task(asyncio.to_thread(said))
    return PlainTextResponse(" | ".join({said(), in_thread, in_task}))


def starlette_app() -> Any:
    return Starlette(routes=[Mount("/shops/{shop}", routes=[Route("/items/{id}", home)])])


def fastapi_app() -> Any:
    app = FastAPI()

    @app.get("/shops/{shop}/items/{id}")
    def item(shop: str, id: str) -> str:
        return said()

    return app


def litestar_app() -> Any:
    @get("/shops/{shop:int}/items/{id:int}", sync_to_thread=True)
    def item() -> str:
        return said()

    return Litestar([item], openapi_config=None)


@pytest.mark.parametrize("make", [starlette_app, fastapi_app, litestar_app])
async def test_route_and_method_are_known_in_the_endpoint(make: Any) -> None:
    registry = Registry()
    with asgi_server(ASGIMiddleware(make(), registry)) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            assert (await client.get("/shops/1/items/2")).text.strip('"') == "nothing"
            need_current_request()
            answers = await asyncio.gather(*(client.get(f"/shops/1/items/{number}") for number in range(20)))
    assert {answer.text.strip('"') for answer in answers} == {"GET /shops/{shop}/items/{id}"}
    assert current_request() is None
    assert_no_faults(registry)


def flask_app() -> Any:
    app = Flask(__name__)

    @app.get("/items/<int:number>")
    def item(number: int) -> str:
        return said()

    @app.get("/stream/<int:number>")
    def stream(number: int) -> Iterator[str]:
        yield said()
        yield said()

    return app


def test_flask() -> None:
    registry = Registry()
    with wsgi_server(WSGIMiddleware(flask_app(), registry)) as url:
        assert httpx.get(url + "/items/1", trust_env=False).text == "nothing"
        need_current_request()
        assert httpx.get(url + "/items/1", trust_env=False).text == "GET /items/<int:number>"
        assert httpx.get(url + "/stream/1", trust_env=False).text == "GET /stream/<int:number>" * 2
    assert_no_faults(registry)


@pytest.mark.parametrize("server", ["asgi", "wsgi"])
def test_django(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    django_site.set_up()
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse

    def view(request: Any, year: str) -> Any:
        return HttpResponse(said())

    for pattern in django_site.urlpatterns[-1].url_patterns:
        monkeypatch.setattr(pattern, "callback", view)
    need_current_request()
    registry = Registry()
    with (
        asgi_server(ASGIMiddleware(get_asgi_application(), registry))
        if server == "asgi"
        else wsgi_server(WSGIMiddleware(get_wsgi_application(), registry))
    ) as url:
        answer = httpx.get(url + "/shop/years/1999/", trust_env=False)
    assert answer.text == "GET /shop/years/(?P<year>[0-9]{4})/"
    assert_no_faults(registry)


TIMING = re.compile(
    r'total;dur=(?P<total>\d+\.\d\d), db;dur=(?P<db>\d+\.\d\d);desc="2 queries", cache;dur=250\.00;desc="1 get"'
)


async def measured(_request: Request) -> Response:
    request = current_request()
    assert request is not None
    request.add_query(0.5)
    request.add_query(0.25)
    request.add_cache(0.25)
    return JSONResponse({}, headers={"Server-Timing": "own;dur=1"})


async def test_server_timing_is_added_to_what_the_application_sends() -> None:
    async def plain(_request: Request) -> Response:
        return StreamingResponse(iter(["a", "b"]))

    registry, app = Registry(), Starlette(routes=[Route("/timed", measured), Route("/plain", plain)])
    with asgi_server(ASGIMiddleware(app, registry, server_timing=True)) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            timed = (await client.get("/timed")).headers.get_list("server-timing")
            short = (await client.get("/plain")).headers.get_list("server-timing")
    assert timed[0] == "own;dur=1"
    found = TIMING.fullmatch(timed[1])
    assert found is not None, timed
    assert found["db"] == "750.00"
    assert re.fullmatch(r"total;dur=\d+\.\d\d", short[0])
    assert_no_faults(registry)


def test_without_being_asked_no_header_is_added() -> None:
    registry = Registry()
    with asgi_server(ASGIMiddleware(Starlette(routes=[Route("/", home)]), registry)) as url:
        assert "server-timing" not in httpx.get(url, trust_env=False).headers
    with wsgi_server(WSGIMiddleware(flask_app(), registry)) as url:
        assert "server-timing" not in httpx.get(url + "/items/1", trust_env=False).headers
    assert statuses_of(registry) == {"GET /": {"200": 1}, "GET /items/<int:number>": {"200": 1}}


def test_server_timing_of_wsgi() -> None:
    app = Flask(__name__)

    @app.get("/")
    def timed() -> str:
        request = current_request()
        assert request is not None
        request.add_query(0.5)
        return "x"

    registry = Registry()
    with wsgi_server(WSGIMiddleware(app, registry, server_timing=True)) as url:
        header = httpx.get(url, trust_env=False).headers["server-timing"]
    assert re.fullmatch(r'total;dur=\d+\.\d\d, db;dur=500\.00;desc="1 query"', header)
    assert_no_faults(registry)
