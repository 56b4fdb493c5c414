"""An ASGI application that several workers serve, measured by the library: `uvicorn helpers.counted_asgi:app`."""

import asyncio

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from perftui.instrument import ASGIMiddleware, Registry, metrics_app

TOKEN = "a token of the tests"
registry = Registry("counted")


async def item(request: Request) -> JSONResponse:
    number = int(request.path_params["number"])
    await asyncio.sleep(0.002)
    return JSONResponse({"number": number}, status_code=404 if number % 10 == 0 else 200)


app = Starlette(
    routes=[Route("/items/{number}", item), Mount("/internal", metrics_app(registry, token=TOKEN))],
    middleware=[Middleware(ASGIMiddleware, registry=registry)],
)
