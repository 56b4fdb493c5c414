"""A real site to put load on: slow once, cached, failing, redirecting, and it keeps what it was asked."""

import asyncio
import gzip
import time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

STALLED = 30
"""Which request of `/stall` holds the whole server up."""


class Site:
    """Its application, and what it saw."""

    def __init__(self, stall_s: float = 1.0) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        """Method, path with query, headers and body of each request."""
        self.clients: set[Any] = set()
        self._stall_s = stall_s
        paths = [
            ("/plain", self.plain), ("/stall", self.stall), ("/cached", self.cached),
            ("/every-third", self.every_third),
            ("/packed", self.packed), ("/parts", self.parts), ("/slow", self.slow), ("/cut", self.cut),
            ("/moved", self.moved), ("/away", self.away), ("/round", self.round), ("/no", self.no),
        ]  # fmt: skip
        self.app = Starlette(
            routes=[Route(path, self._noting(do), methods=["GET", "POST", "HEAD"]) for path, do in paths]
        )

    def count(self, path: str) -> int:
        return sum(one[1].partition("?")[0] == path for one in self.seen)

    def _noting(self, do: Any) -> Any:
        async def noted(request: Request) -> Response:
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            self.seen.append((request.method, target, dict(request.headers), await request.body()))
            self.clients.add(tuple(request.client or ()))
            response: Response = await do(request)
            return response

        return noted

    async def plain(self, _: Request) -> Response:
        return Response(b"x" * 100)

    async def stall(self, _: Request) -> Response:
        if self.count("/stall") == STALLED:
            time.sleep(self._stall_s)  # noqa: ASYNC251 - holds up the whole server on purpose
        return Response(b"x")

    async def cached(self, request: Request) -> Response:
        fresh = request.query_params.get("fresh")
        if request.headers.get("cache-control") == "no-cache" or fresh:
            await asyncio.sleep(float(fresh or 0.03))
        return Response(b"x" * 500)

    async def every_third(self, _: Request) -> Response:
        return Response(status_code=503 if self.count("/every-third") % 3 == 0 else 200)

    async def packed(self, _: Request) -> Response:
        return Response(gzip.compress(b"x" * 100_000), headers={"content-encoding": "gzip"})

    async def parts(self, _: Request) -> Response:
        async def each() -> Any:
            for _ in range(3):
                yield b"y" * 1000

        return StreamingResponse(each())

    async def slow(self, request: Request) -> Response:
        """Half a minute, unless the client gives up."""
        for _ in range(600):
            if await request.is_disconnected():
                break
            await asyncio.sleep(0.05)
        return Response()

    async def cut(self, _: Request) -> Response:
        async def broken() -> Any:
            yield b"z"
            raise RuntimeError("on purpose")

        return StreamingResponse(broken())

    async def moved(self, _: Request) -> Response:
        return RedirectResponse("/plain")

    async def away(self, _: Request) -> Response:
        return RedirectResponse("http://127.0.0.1:9/plain")

    async def round(self, _: Request) -> Response:
        return RedirectResponse("/round")

    async def no(self, _: Request) -> Response:
        return Response(status_code=404)
