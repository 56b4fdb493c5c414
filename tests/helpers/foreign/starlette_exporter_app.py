"""Starlette with starlette_exporter."""

import asyncio

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette_exporter import PrometheusMiddleware, handle_metrics, handle_openmetrics

from helpers.foreign import ITEM_S, ODD, ORDER_S


async def read_item(request: Request) -> PlainTextResponse:
    await asyncio.sleep(ITEM_S)
    item = request.path_params["item"]
    if item == "gone":
        raise HTTPException(404)
    if item == "bad":
        raise RuntimeError(item)
    return PlainTextResponse(item)


async def create_order(_request: Request) -> PlainTextResponse:
    await asyncio.sleep(ORDER_S)
    return PlainTextResponse("created", 201)


async def read_odd(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.path_params["name"])


app = Starlette(
    routes=[
        Route("/metrics", handle_metrics),
        Route("/openmetrics", handle_openmetrics),
        Route("/items/{item}", read_item),
        Route("/orders", create_order, methods=["POST"]),
        Route(f"/{ODD}/{{name}}", read_odd),
    ]
)
app.add_middleware(PrometheusMiddleware, app_name="shop", exemplars=lambda: {"trace_id": "a} 9"})
