"""The prompt library's server: `python -m perftui.demo.application --port 8000`."""

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from perftui.demo import MONGODB_VARIABLE, REDIS_VARIABLE
from perftui.demo.cache import ResponseCache
from perftui.demo.documents import Document
from perftui.demo.library import Library
from perftui.demo.routes import ROUTES, broken
from perftui.demo.seeding import DATABASE

APPLICATION_NAME = "prompt-library"


def create_application(mongodb_uri: str, redis_uri: str) -> Starlette:
    """The library on these stores."""

    @asynccontextmanager
    async def stores(application: Starlette) -> AsyncIterator[None]:
        from pymongo import AsyncMongoClient
        from redis.asyncio import Redis

        async with (
            AsyncMongoClient[Document](mongodb_uri, appname=APPLICATION_NAME, tz_aware=True) as client,
            Redis.from_url(redis_uri, client_name=APPLICATION_NAME) as redis,
        ):
            application.state.library = Library(client[DATABASE])
            application.state.cache = ResponseCache(redis)
            yield

    return Starlette(routes=ROUTES, lifespan=stores, exception_handlers={ValueError: broken})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    import uvicorn

    application = create_application(os.environ[MONGODB_VARIABLE], os.environ[REDIS_VARIABLE])
    uvicorn.run(application, host="127.0.0.1", port=arguments.port, log_level="info", access_log=False)


if __name__ == "__main__":
    main()
