"""An application that perftui measures, served over HTTP, with figures that a test chooses."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from helpers.serving import asgi_server
from perftui import ASGIMiddleware, Budget, CacheMonitor, MongoMonitor, Registry, metrics_app
from perftui.servers import MongodProcess

TOKEN = "a token that nobody may see"


class Shop(NamedTuple):
    url: str
    """Of the application; its metrics are at `metrics`."""
    registry: Registry
    cache: CacheMonitor
    reads: list[str]
    """Paths that were asked for of its metrics."""

    @property
    def metrics(self) -> str:
        return f"{self.url}/internal/perftui/v1/metrics"

    def visit(self, path: str = "/items/7", times: int = 30) -> None:
        """Requests, one after the other."""
        with httpx.Client(base_url=self.url, trust_env=False) as client:
            for _ in range(times):
                client.get(path)

    def get_from_cache(self, hits: int, misses: int) -> None:
        for number in range(hits):
            self.cache.hit(f"item:{number}", 0.0004)
        for number in range(misses):
            self.cache.miss(f"item:{number}", 0.0004)


async def _other(_: Request) -> Response:
    return PlainTextResponse("")


async def _item(request: Request) -> Response:
    return PlainTextResponse("an item", 500 if request.path_params["id"] == "bad" else 200)


@contextlib.contextmanager
def checked_shop(budgets: Sequence[Budget] = (), *, token: str | None = None) -> Iterator[Shop]:
    """Serves `/items/{id}` (`bad` fails with 500), `/other` and the metrics; with a token for nobody else."""
    registry = Registry("shop", budgets=budgets)
    metrics = metrics_app(registry, token=token, token_only=token is not None)
    routes = [Route("/items/{id}", _item), Route("/other", _other), Mount("/internal", metrics)]
    measured, reads = ASGIMiddleware(Starlette(routes=routes), registry=registry), list[str]()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/internal/"):
            reads.append(scope["path"])
        await measured(scope, receive, send)

    with asgi_server(application) as url:
        yield Shop(url, registry, CacheMonitor("items", registry), reads)


def query_items(mongod: MongodProcess, registry: Registry, times: int = 30) -> None:
    """Real queries of one shape, counted by the application's registry."""
    from pymongo import MongoClient

    with MongoClient[dict[str, object]](mongod.uri, event_listeners=[MongoMonitor(registry)]) as client:
        for number in range(times):
            client["checked_shop"]["items"].find_one({"slug": f"item-{number}"})
