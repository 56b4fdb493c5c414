"""The prompt library's server: `python -m perftui.demo.application --port 8000`."""

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from perftui import __version__
from perftui.demo import (
    CACHES_VARIABLE,
    CONTROL_VARIABLE,
    MONGODB_VARIABLE,
    POOL_VARIABLE,
    REDIS_VARIABLE,
    RELEASE_VARIABLE,
    SEARCH_VARIABLE,
    TOKEN_VARIABLE,
    TTL_VARIABLE,
)
from perftui.demo.caches import RESPONSES, Caches
from perftui.demo.control import control_routes
from perftui.demo.documents import Document
from perftui.demo.faults import FaultyParts
from perftui.demo.library import Search
from perftui.demo.routes import ROUTES, broken
from perftui.demo.seeding import DATABASE
from perftui.demo.switches import Switches
from perftui.instrument import ASGIMiddleware, Budget, MongoMonitor, Registry, metrics_app

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


def create_application(
    mongodb_uri: str,
    redis_uri: str,
    token: str | None = None,
    *,
    search: Search = "regex",
    ttl_s: int | None = None,
    switches: Switches | None = None,
    control_token: str | None = None,
    release: int = 1,
    pool: int | None = None,
) -> Starlette:
    """The library on these stores; its metrics are at `/perftui/v1/metrics`. `ttl_s` keeps every page that long;
    `switches` are those that its caches start with, and who bears `control_token` may switch them. `release` 2 shows
    related prompts; `pool` is the most connections to MongoDB."""
    version = __version__ if release == 1 else f"{__version__}-release.{release}"
    registry = Registry(APPLICATION_NAME, version, budgets=BUDGETS, only_process=True)

    @asynccontextmanager
    async def stores(application: Starlette) -> AsyncIterator[None]:
        from pymongo import AsyncMongoClient
        from pymongo.common import MAX_POOL_SIZE
        from redis.asyncio import Redis

        listeners = [MongoMonitor(registry, comment=True)]
        async with (
            AsyncMongoClient[Document](
                mongodb_uri,
                appname=APPLICATION_NAME,
                tz_aware=True,
                event_listeners=listeners,
                maxPoolSize=pool or MAX_POOL_SIZE,
            ) as client,
            Redis.from_url(redis_uri, client_name=APPLICATION_NAME) as redis,
        ):
            database, related = client[DATABASE], release > 1
            caches = Caches(database, redis, registry, search=search, ttl_s=ttl_s, switches=switches, related=related)
            parts = FaultyParts(database["prompts"])
            async with caches:
                application.state.caches, application.state.parts = caches, parts
                yield
            await parts.close()

    return Starlette(
        routes=[Mount("/perftui", metrics_app(registry, token)), *control_routes(control_token), *ROUTES],
        lifespan=stores,
        exception_handlers={ValueError: broken},
        middleware=[Middleware(ASGIMiddleware, registry=registry, slow_ms=_SLOW_MS)],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    import uvicorn

    application = create_application(
        os.environ[MONGODB_VARIABLE],
        os.environ[REDIS_VARIABLE],
        os.environ.get(TOKEN_VARIABLE),
        search="text" if os.environ.get(SEARCH_VARIABLE) == "text" else "regex",
        ttl_s=int(os.environ.get(TTL_VARIABLE, 0)) or None,
        switches=msgspec.json.decode(os.environ.get(CACHES_VARIABLE, "{}"), type=Switches),
        control_token=os.environ.get(CONTROL_VARIABLE),
        release=int(os.environ.get(RELEASE_VARIABLE, 1)),
        pool=int(os.environ.get(POOL_VARIABLE, 0)) or None,
    )
    uvicorn.run(application, host="127.0.0.1", port=arguments.port, log_level="info", access_log=False)


if __name__ == "__main__":
    main()
