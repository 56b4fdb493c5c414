"""The middleware that measures every request of an ASGI application."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any

from perftui.instrument.registry import Registry, default_registry
from perftui.instrument.routes import RouteNames

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

OWN_MARK = "perftui.own"
"""Key in the scope of a list that `metrics_app` empties, so that reading the metrics is no request in them."""
CLIENT_GONE = 499
"""The status of a request whose client left before it was answered."""


class ASGIMiddleware:
    """Counts and times each HTTP request by method and route; websockets and lifespan pass untouched.

    `ASGIMiddleware(app)` around the whole application, or `app.add_middleware(ASGIMiddleware, registry=registry)`.
    A request's time ends with its last byte, a stream's included.
    """

    def __init__(self, app: ASGIApp, registry: Registry | None = None) -> None:
        self.app = app
        self.registry = registry or default_registry()
        self._names = RouteNames()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        registry = self.registry
        endpoints = registry.endpoints
        scope[OWN_MARK] = own = [registry]
        with registry.lock:
            endpoints.active += 1
        failed = CLIENT_GONE
        started = monotonic()
        try:
            await self.app(scope, receive, watched_send)
        except asyncio.CancelledError:
            raise
        except BaseException:
            failed = 500
            raise
        finally:
            now = monotonic()
            route = self._names.of(scope)
            with registry.lock:
                if own:
                    endpoints.active -= 1
                    endpoints.record(scope["method"], route, status or failed, now, now - started)
