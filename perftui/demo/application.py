"""The prompt library's server: `python -m perftui.demo.application --port 8000`."""

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from perftui import __version__
from perftui.demo import MONGODB_VARIABLE, REDIS_VARIABLE, TOKEN_VARIABLE
from perftui.demo.cache import ResponseCache, key_kind
from perftui.demo.documents import Document
from perftui.demo.library import Library
from perftui.demo.routes import ROUTES, broken
from perftui.demo.seeding import DATABASE
from perftui.instrument import ASGIMiddleware, Budget, CacheMonitor, MongoMonitor, Registry, metrics_app

APPLICATION_NAME = "prompt-library"
BUDGETS = (
    Budget("GET /api/prompts", "p(95)<100ms"),
    Budget("GET /api/prompts/{slug}", "p(95)<50ms", "error_rate<1%"),
    Budget("GET /api/prompts/{slug}/render", "error_rate<1%"),
    Budget("GET /api/users*", "p(95)<50ms"),
)


def create_application(mongodb_uri: str, redis_uri: str, token: str | None = None) -> Starlette:
    """The library on these stores; its metrics are at `/perftui/v1/metrics`."""
    registry = Registry(APPLICATION_NAME, __version__, budgets=BUDGETS, only_process=True)

    @asynccontextmanager
    async def stores(application: Starlette) -> AsyncIterator[None]:
        from pymongo import AsyncMongoClient
        from redis.asyncio import Redis

        listeners = [MongoMonitor(registry)]
        async with (
            AsyncMongoClient[Document](
                mongodb_uri, appname=APPLICATION_NAME, tz_aware=True, event_listeners=listeners
            ) as client,
            Redis.from_url(redis_uri, client_name=APPLICATION_NAME) as redis,
        ):
            CacheMonitor("responses", registry, template=key_kind).wrap(redis)
            application.state.library = Library(client[DATABASE])
            application.state.cache = ResponseCache(redis)
            yield

    return Starlette(
        routes=[Mount("/perftui", metrics_app(registry, token)), *ROUTES],
        lifespan=stores,
        exception_handlers={ValueError: broken},
        middleware=[Middleware(ASGIMiddleware, registry=registry)],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    import uvicorn

    application = create_application(
        os.environ[MONGODB_VARIABLE], os.environ[REDIS_VARIABLE], os.environ.get(TOKEN_VARIABLE)
    )
    uvicorn.run(application, host="127.0.0.1", port=arguments.port, log_level="info", access_log=False)


if __name__ == "__main__":
    main()
