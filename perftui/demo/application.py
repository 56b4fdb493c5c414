"""The prompt library's server: `python -m perftui.demo.application --port 8000`."""

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from perftui import __version__
from perftui.demo.application_settings import ApplicationSettings, settings_in
from perftui.demo.caches import RESPONSES, Caches
from perftui.demo.control import control_routes
from perftui.demo.documents import Document
from perftui.demo.faults import FaultyParts
from perftui.demo.routes import ROUTES, broken
from perftui.demo.seeding import DATABASE
from perftui.instrument import ASGIMiddleware, Budget, MongoMonitor, Registry, metrics_app

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

_SLOW_MS = 250.0
APPLICATION_NAME = "prompt-library"
BUDGETS = (
    Budget("GET /api/prompts", "p(95)<100ms"),
    Budget("GET /api/prompts/{slug}", "p(95)<50ms", "error_rate<1%"),
    Budget("GET /api/prompts/{slug}/render", "error_rate<1%"),
    Budget("GET /api/users*", "p(95)<50ms"),
    Budget.shape("library.users find *", "p(95)<20ms"),
    Budget.cache(RESPONSES, "hit_rate>60%", "efficiency>70"),
)


def create_application(settings: ApplicationSettings) -> Starlette:
    """The library on these stores; its metrics are at `/perftui/v1/metrics`."""
    version = __version__ if settings.release == 1 else f"{__version__}-release.{settings.release}"
    registry = Registry(APPLICATION_NAME, version, budgets=BUDGETS, only_process=True)

    @asynccontextmanager
    async def stores(application: Starlette) -> AsyncIterator[None]:
        async with _opened(settings, registry) as (caches, parts):
            application.state.caches, application.state.parts = caches, parts
            yield

    return Starlette(
        routes=[
            Mount("/perftui", metrics_app(registry, settings.token)),
            *control_routes(settings.control_token),
            *ROUTES,
        ],
        lifespan=stores,
        exception_handlers={ValueError: broken},
        middleware=[Middleware(ASGIMiddleware, registry=registry, slow_ms=_SLOW_MS)],
    )


@asynccontextmanager
async def _opened(settings: ApplicationSettings, registry: Registry) -> AsyncIterator[tuple[Caches, FaultyParts]]:
    """What the endpoints use, for as long as they do."""
    from redis.asyncio import Redis

    async with (
        _mongodb_client(settings, registry) as client,
        Redis.from_url(settings.redis_uri, client_name=APPLICATION_NAME) as redis,
    ):
        database = client[DATABASE]
        caches = Caches(
            database,
            redis,
            registry,
            search=settings.search,
            ttl_s=settings.ttl_s,
            switches=settings.switches,
            related=settings.release > 1,
        )
        parts = FaultyParts(database["prompts"])
        async with caches:
            yield caches, parts
        await parts.close()


def _mongodb_client(settings: ApplicationSettings, registry: Registry) -> "AsyncMongoClient[Document]":
    from pymongo import AsyncMongoClient
    from pymongo.common import MAX_POOL_SIZE

    return AsyncMongoClient(
        settings.mongodb_uri,
        appname=APPLICATION_NAME,
        tz_aware=True,
        event_listeners=[MongoMonitor(registry, comment=True)],
        maxPoolSize=settings.pool or MAX_POOL_SIZE,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    import uvicorn

    application = create_application(settings_in(os.environ))
    uvicorn.run(application, host="127.0.0.1", port=arguments.port, log_level="info", access_log=False)


if __name__ == "__main__":
    main()
