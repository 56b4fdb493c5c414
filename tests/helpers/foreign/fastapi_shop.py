"""The FastAPI application that several exporters measure."""

import asyncio

from fastapi import FastAPI, HTTPException

from helpers.foreign import ITEM_S, ODD, ORDER_S


def create_shop() -> FastAPI:
    """One whose routes are the same under each exporter."""
    app = FastAPI()

    @app.get("/items/{item}")
    async def read_item(item: str) -> str:
        await asyncio.sleep(ITEM_S)
        if item == "gone":
            raise HTTPException(404)
        if item == "bad":
            raise RuntimeError(item)
        return item

    @app.post("/orders", status_code=201)
    async def create_order() -> str:
        await asyncio.sleep(ORDER_S)
        return "created"

    @app.get(f"/{ODD}/{{name}}")
    async def read_odd(name: str) -> str:
        return name

    return app
