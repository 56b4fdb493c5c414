"""The metrics mounted in the frameworks that applications really use, asked over HTTP without a socket."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import httpx
import msgspec
import pytest
from helpers import django_site

from perftui.instrument import CacheMonitor, Registry, metrics_app, metrics_wsgi_app
from perftui.instrument.serve.asgi import ASGIApp
from perftui.model.metrics import MetricsDocument

TOKEN = "correct horse"
CLEAR = "/internal/perftui/v1/metrics:clear"
PATH = "/internal/perftui/v1/metrics"


@pytest.fixture
def registry() -> Registry:
    registry = Registry("shop", "1.0")
    CacheMonitor("pages", registry).hit("a")
    return registry


def starlette(app: ASGIApp) -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/internal", app)])


def fastapi(app: ASGIApp) -> Any:
    from fastapi import FastAPI

    whole = FastAPI()
    whole.mount("/internal", app)
    return whole


def litestar(app: ASGIApp) -> Any:
    from litestar import Litestar
    from litestar.handlers import asgi

    return Litestar(route_handlers=[asgi("/internal", is_mount=True, copy_scope=True)(app)])


def django(app: ASGIApp) -> Any:
    """Django has no mounts: its page has the application in front of it."""
    django_site.set_up()
    from django.core.asgi import get_asgi_application

    inner = get_asgi_application()

    async def whole(scope: Any, receive: Any, send: Any) -> None:
        await (app if scope["path"].startswith("/internal/") else inner)(scope, receive, send)

    return whole


def bare(app: ASGIApp) -> Any:
    return app


async def check(ask: Callable[..., Awaitable[httpx.Response]]) -> None:
    document = msgspec.json.decode((await ask("GET", PATH)).content, type=MetricsDocument)
    assert document.cache is not None
    assert document.cache["pages"].hits == 1
    text = await ask("GET", "/internal/perftui/metrics", headers={"Accept": "text/plain"})
    assert 'perftui_cache_hits_total{cache="pages"} 1\n' in text.text
    head = await ask("HEAD", PATH)
    assert (head.status_code, head.content, int(head.headers["content-length"]) > 100) == (200, b"", True)
    assert (await ask("OPTIONS", PATH)).headers["allow"] == "GET, HEAD, OPTIONS"
    assert (await ask("GET", PATH, params={"window": "soon"})).status_code == 400
    assert (await ask("GET", PATH, headers={"X-Forwarded-For": "127.0.0.1"})).status_code == 401
    assert (await ask("POST", CLEAR, json={"type": "cache"})).status_code == 401
    own = {"Authorization": f"Bearer {TOKEN}"}
    assert (await ask("POST", CLEAR, json={"type": "cache", "x": "x" * 9000}, headers=own)).status_code == 413
    assert (await ask("POST", CLEAR, json={"type": "cache"}, headers=own)).json() == {"cleared": "cache"}
    document = msgspec.json.decode((await ask("GET", PATH)).content, type=MetricsDocument)
    assert sum(cache.hits for cache in (document.cache or {}).values()) == 0


@pytest.mark.parametrize("mount", [bare, starlette, fastapi, litestar, django], ids=lambda mount: mount.__name__)
async def test_mounted_in_asgi(mount: Any, registry: Registry) -> None:
    transport = httpx.ASGITransport(mount(metrics_app(registry, TOKEN)), client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await check(client.request)


async def test_mounted_in_flask(registry: Registry) -> None:
    from flask import Flask
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    app = Flask("shop")
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/internal": metrics_wsgi_app(registry, TOKEN)})  # type: ignore[method-assign]
    with wsgi_client(app) as client:
        await check(in_thread(client))


async def test_mounted_before_django(registry: Registry) -> None:
    django_site.set_up()
    from django.core.wsgi import get_wsgi_application
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    with wsgi_client(
        DispatcherMiddleware(get_wsgi_application(), {"/internal": metrics_wsgi_app(registry, TOKEN)})
    ) as client:
        await check(in_thread(client))


def in_thread(client: httpx.Client) -> Callable[..., Awaitable[httpx.Response]]:
    async def ask(method: str, path: str, **options: Any) -> httpx.Response:
        return await asyncio.to_thread(client.request, method, path, **options)

    return ask


def wsgi_client(app: Any) -> httpx.Client:
    transport = httpx.WSGITransport(app, remote_addr="127.0.0.1")
    return httpx.Client(transport=transport, base_url="http://localhost")


def test_the_wsgi_application_keeps_to_the_letter_of_its_standard(registry: Registry) -> None:
    app = validator(metrics_wsgi_app(registry, TOKEN))
    with wsgi_client(app) as client:
        assert client.get("/perftui/v1/metrics").status_code == 200
        assert client.get("/elsewhere").status_code == 404


@pytest.mark.parametrize("scope_type", ["lifespan", "websocket"])
async def test_alone_it_lives_and_refuses_websockets(scope_type: str, registry: Registry) -> None:
    sent: list[Any] = []
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(events)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await metrics_app(registry)({"type": scope_type}, receive, send)
    lived = ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert sent == (lived if scope_type == "lifespan" else ["websocket.close"])


async def test_a_client_that_leaves_in_its_body_gets_nothing(registry: Registry) -> None:
    sent: list[Any] = []
    events = iter([{"type": "http.request", "body": b'{"type"', "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(events)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer " + TOKEN.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/perftui/v1/metrics:clear", "headers": headers}
    await metrics_app(registry, TOKEN)(scope, receive, send)
    assert sent == []


@pytest.mark.parametrize("size", [1, 100_000])
async def test_a_body_without_end_is_not_kept(size: int, registry: Registry) -> None:
    asked, sent = 0, list[Any]()

    async def receive() -> Any:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b" " * size, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer " + TOKEN.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/perftui/v1/metrics:clear", "headers": headers}
    await metrics_app(registry, TOKEN)(scope, receive, send)
    assert sent[0]["status"] == 413
    assert asked == (1 if size > 1 else 4097)


async def test_a_scope_of_a_unix_socket_is_this_machine(registry: Registry) -> None:
    for server, status in ((("/run/app.sock", None), 200), (("127.0.0.1", 80), 403), (None, 403)):
        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/perftui/v1/metrics", "headers": []}
        await metrics_app(registry)(scope | {"server": server}, None, send)  # type: ignore[arg-type]
        assert sent[0]["status"] == status


def test_the_parts_import_no_framework() -> None:
    import subprocess

    code = (
        "import sys; from perftui.instrument import metrics_app, metrics_wsgi_app, serve_metrics, Registry;"
        "metrics_app(Registry()), metrics_wsgi_app(Registry());"
        "print([m for m in ('starlette','flask','django','http.server','rich','textual','httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


urlpatterns: list[Any] = []


async def test_a_clear_that_waits_for_another_worker_keeps_the_loop_free(tmp_path: Path) -> None:
    registry = Registry("shop", shared=tmp_path / "metrics")
    CacheMonitor("pages", registry).hit("a")
    folder = registry.workers.folder
    assert folder is not None
    transport = httpx.ASGITransport(app=starlette(metrics_app(registry, TOKEN)))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        with folder.shared():
            headers = {"Authorization": f"Bearer {TOKEN}"}
            clear = asyncio.create_task(client.post(CLEAR, json={"type": "all"}, headers=headers))
            await asyncio.wait({clear}, timeout=0.5)
            assert not clear.done()
        assert (await clear).status_code == 200
