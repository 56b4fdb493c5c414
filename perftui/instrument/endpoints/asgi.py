"""The middleware that measures every request and every websocket of an ASGI application."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from time import monotonic
from typing import Any

from perftui.instrument.endpoints.current import CURRENT, DEMAND, RequestInProgress
from perftui.instrument.endpoints.frameworks import MARK, watch_frameworks
from perftui.instrument.endpoints.kinds import FAILED, METHODS, OTHER, SENT, UNMATCHED
from perftui.instrument.endpoints.request import MeasuredRequest, Options, options_of
from perftui.instrument.endpoints.routes import RouteNames
from perftui.instrument.endpoints.server_timing import HEADER, server_timing
from perftui.instrument.endpoints.websockets import MeasuredWebSocket
from perftui.instrument.registry import Registry
from perftui.instrument.store.store import Store

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_MOST_KNOWN = 20_000
_SMALL = 32 * 1024
"""Bytes that a server takes without waiting for the client."""
_WEBSOCKET_MARK = "perftui.websocket"
_HEADER = HEADER.encode()
Known = tuple[Any, Any, str, Callable[..., None], Callable[[float], None], Callable[[RequestInProgress], None]]
"""The route, the endpoint that it calls (both as in the scope), their template, and how to count."""


class ASGIMiddleware:
    """Counts and times each HTTP request by method and route template, and each websocket by route template.

    `ASGIMiddleware(app)` around the whole application, or `app.add_middleware(ASGIMiddleware, registry=registry)`.
    A request's time ends with its last byte, a stream's included. What the application sends and raises passes
    unchanged.

    >>> from perftui import ASGIMiddleware, Registry, metrics_app
    >>> from starlette.applications import Starlette
    >>> registry = Registry("shop")
    >>> app = Starlette()
    >>> app.mount("/internal", metrics_app(registry))
    >>> app.add_middleware(ASGIMiddleware, registry=registry)
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        registry: Registry | None = None,
        *,
        slow_ms: float = 1000.0,
        user_agent: bool = False,
        client_network: bool = False,
        server_timing: bool = False,
    ) -> None:
        """Requests of `slow_ms` and more are remembered, with their `user_agent` and `client_network` (/24 or /48)
        only if asked for. `server_timing` adds the header of that name to each answer.
        """
        self.app = app
        self.options = options_of(
            registry, slow_ms, user_agent=user_agent, client_network=client_network, server_timing=server_timing
        )
        self.names = RouteNames(app)
        self.running = self.options.counts.live.running
        self.store: Store = self.options.registry
        self.slow_s, self.timed = self.options.slow_s, server_timing
        self.known: dict[tuple[int, int, str, int], Known] = {}
        """By the identities of route and endpoint, the method and the status."""
        self.options.registry.forget_after_fork(self)
        self.options.registry.guard("frameworks", lambda: watch_frameworks(app))

    @property
    def registry(self) -> Registry:
        return self.options.registry

    def forget(self) -> None:
        """After a fork: the parent's blocks."""
        self.known = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        outer = scope.get(MARK)
        if outer is not None and outer.measures_for(self.options.registry):
            await self.app(scope, receive, send)  # another middleware of this registry measures it
            return
        request = ASGIRequest(self, scope, receive, send)
        if outer is not None:
            request.outer = outer
        scope[MARK] = request
        if not self.store.opened:
            self.store.open()
        self.running.add(request)
        token = CURRENT.set(request) if DEMAND.wanted else None
        try:
            await self.app(scope, request.receive, request.send)
        except BaseException as error:
            request.failed(error)
            raise
        finally:
            if not request.done:
                request.end(monotonic())
            if outer is None:
                scope.pop(MARK, None)
            else:
                scope[MARK] = outer
            if token is not None:
                with suppress(ValueError):  # ended by another task: its context is another
                    CURRENT.reset(token)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Websockets are measured; the lifespan passes untouched."""
        if scope["type"] != "websocket" or scope.get(_WEBSOCKET_MARK) is self.options.registry:
            await self.app(scope, receive, send)
            return
        scope[_WEBSOCKET_MARK] = self.options.registry
        counts = self.options.counts
        websocket = MeasuredWebSocket(counts, self.names, scope, receive, send)
        if not self.store.opened:
            self.store.open()
        self.running.add(websocket)
        token = CURRENT.set(websocket) if DEMAND.wanted else None
        try:
            await self.app(scope, websocket.receive, websocket.send)
        except BaseException as error:
            websocket.failed(error)
            raise
        finally:
            self.running.discard(websocket)
            websocket.end()
            if token is not None:
                with suppress(ValueError):
                    CURRENT.reset(token)


class ASGIRequest(MeasuredRequest):
    """One request. `receive` and `send` are what the application gets."""

    def __init__(self, middleware: ASGIMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        # In place, since a call would cost; and only text can be looked for.
        self.method = method if type(method) is str and method in METHODS else OTHER
        self.middleware, self.scope = middleware, scope
        self._receive, self._send = receive, send
        # An object's own attributes are read much faster than defaults of its class.
        self.status = self.sent = self.read = 0
        self.first_at = 0.0
        self.special = self.done = self._trailers = False
        self.started = monotonic()

    @property
    def options(self) -> Options:
        return self.middleware.options

    def send(self, message: Message) -> Awaitable[None]:
        """What is wrong with a message is the server's to say.

        Only a last message that may have to wait for the client costs a coroutine of our own: a small answer fits the
        server's buffer.
        """
        last = False
        try:
            kind = message["type"]
            if kind == "http.response.body":
                size = len(message["body"]) if "body" in message else 0
                self.sent += size
                if message.get("more_body"):
                    if size:
                        self._part()
                elif self.first_at or self._trailers or size > _SMALL:
                    last = self._last_part(size)
                elif not self.done:
                    self.end(monotonic())
            elif kind == "http.response.start":
                self.status = message["status"]
                if self.middleware.timed or "trailers" in message:
                    message = self._start(message)
            else:
                last = self._rare(kind, message)
        except Exception:  # a message of a form that nobody knows
            last = False
        return self._send_last(message) if last else self._send(message)

    async def receive(self) -> Message:
        """Counts what the application reads of the body; notices that the client has left."""
        message = await self._receive()
        try:
            kind = message["type"]
            if kind == "http.request":
                self.read += len(message.get("body", b""))
            elif kind == "http.disconnect" and not self.done:
                self.gone = self.special = True
        except Exception:  # the application will see for itself
            self.options.counts.fault("receive")
        return message

    def _part(self) -> None:
        """Bytes that are not the last message's."""
        if self.first_at:
            self.streamed = self.special = True
        else:
            self.first_at = monotonic()

    def _last_part(self, size: int) -> bool:
        """Whether the response ends with this part, and may have to wait for the client."""
        if size and self.first_at:
            self.streamed = self.special = True
        return not self._trailers

    def _rare(self, kind: str, message: Message) -> bool:
        """Extensions: files that the server itself sends, and trailers."""
        if kind == "http.response.trailers":
            return not message.get("more_trailers", False)
        return kind == "http.response.pathsend" or (
            kind == "http.response.zerocopysend" and not message.get("more_body", False)
        )

    def _start(self, message: Message) -> Message:
        self._trailers = message.get("trailers", False)
        if not self.middleware.timed:
            return message
        header = (_HEADER, server_timing(self, monotonic()).encode("ascii"))
        return {**message, "headers": [*message.get("headers", ()), header]}

    async def _send_last(self, message: Message) -> None:
        await self._send(message)
        if not self.done:
            self.end(monotonic())

    def end(self, now: float) -> None:
        """Count it. Never raises."""
        self.done = True
        middleware = self.middleware
        middleware.running.discard(self)
        try:
            if self.special:
                self._count_special(now)
                return
            scope, status = self.scope, self.status
            route, endpoint = scope.get("route"), scope.get("endpoint")
            known = middleware.known.get((id(route), id(endpoint), self.method, status))
            if known is None or known[0] is not route or known[1] is not endpoint:
                known = self._look_up(route, endpoint, status or FAILED)
            _, _, name, record, add_read, add_asked = known
            took = now - self.started
            record(now, took, self.sent, SENT)
            if self.read:
                add_read(self.read)
            if self.queries or self.gets:
                add_asked(self)
            if took >= middleware.slow_s:
                self.count_special(name, now)
        except Exception:  # an error of ours never reaches the application
            self.options.counts.fault("request")

    def _count_special(self, now: float) -> None:
        if self.left_out:
            return
        scope = self.scope
        known = self._look_up(scope.get("route"), scope.get("endpoint"), self.counts_status())
        known[3](now, now - self.started, self.sent, SENT)
        known[4](self.read)
        known[5](self)
        self.count_special(known[2], now)

    def find_route(self) -> str:
        return self.framework_route() or self.middleware.names.of(self.scope).text

    def _look_up(self, route: Any, endpoint: Any, status: int) -> Known:
        """Remembers what the next request with these objects in its scope will need."""
        middleware, stable = self.middleware, False
        name = self.framework_route()
        if name is None:
            try:
                name, stable = middleware.names.of(self.scope)
            except Exception:  # whatever a framework's objects do
                self.options.counts.fault("route")
                name = UNMATCHED
        handle = self.options.counts.handle(self.method, name, status)
        known = (route, endpoint, name, *handle)
        if stable and len(middleware.known) < _MOST_KNOWN:
            middleware.known[id(route), id(endpoint), self.method, status] = known
        return known

    def agent(self) -> bytes | None:
        return next((value for name, value in self.scope.get("headers", ()) if name == b"user-agent"), None)

    def peer(self) -> object:
        client = self.scope.get("client")
        return client[0] if client else None
