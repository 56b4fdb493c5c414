"""A websocket while the ASGI middleware measures it: no request, but a connection with messages."""

from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any, NamedTuple

from perftui.instrument.endpoints.counting import EndpointCounts
from perftui.instrument.endpoints.current import RequestInProgress
from perftui.instrument.endpoints.kinds import OTHER, UNMATCHED, WEBSOCKET_METHOD
from perftui.instrument.endpoints.routes import RouteNames

Message = MutableMapping[str, Any]
REJECTED, RECEIVED, SENT, RECEIVED_BYTES, SENT_BYTES = range(5)
"""The counters of `kinds.WEBSOCKET`."""
_NO_CODE, _ABNORMAL, _FAILED = 1005, 1006, 1011
_RANGES = {3: "3xxx", 4: "4xxx"}


class Adders(NamedTuple):
    """How messages of one direction are counted."""

    message: Callable[[float], None]
    size: Callable[[float], None]


class MeasuredWebSocket(RequestInProgress):
    """One connection. `receive` and `send` are what the application gets."""

    def __init__(self, counts: EndpointCounts, names: RouteNames, scope: Message, receive: Any, send: Any) -> None:
        super().__init__(WEBSOCKET_METHOD)
        self._counts, self._names, self._scope = counts, names, scope
        self._receive, self._send = receive, send
        self._route: str | None = None
        self._received: Adders | None = None
        self._sent: Adders | None = None
        self._code: str | None = None
        self._accepted = False

    def route(self) -> str | None:
        if self._route is None:
            try:
                found = self._names.of(self._scope).text
            except Exception:  # whatever a framework's objects do
                self._counts.fault("route")
                return None
            if found == UNMATCHED:
                return None
            self._route = found
        return self._route

    def send(self, message: Message) -> Awaitable[None]:
        """What is wrong with a message is the server's to say."""
        try:
            kind = message["type"]
            if kind == "websocket.send":
                self._sent = self._sent or self._adders(SENT, SENT_BYTES)
                _count(self._sent, message)
            elif kind == "websocket.accept":
                self._accepted = True
            elif kind == "websocket.close" and self._accepted:
                self._code = self._code or code_name(message.get("code", 1000), by_client=False)
        except Exception:  # the server will see for itself
            self._counts.fault("websocket")
        answer: Awaitable[None] = self._send(message)
        return answer

    async def receive(self) -> Message:
        """Counts what comes, and why it ended."""
        message: Message = await self._receive()
        try:
            if message["type"] == "websocket.receive":
                self._received = self._received or self._adders(RECEIVED, RECEIVED_BYTES)
                _count(self._received, message)
            elif message["type"] == "websocket.disconnect":
                self._code = self._code or code_name(message.get("code", _NO_CODE), by_client=True)
        except Exception:  # the application will see for itself
            self._counts.fault("websocket")
        return message

    def failed(self, error: BaseException) -> None:
        """The application raised; the error goes on to whoever called it. Never raises."""
        try:
            if type(error).__name__ not in ("CancelledError", "WebSocketDisconnect"):
                self._code = self._code or str(_FAILED)
                self._counts.raised(self.method, self.route(), type(error))
        except Exception:  # an error of ours must not take the place of the application's
            self._counts.fault("websocket")

    def end(self) -> None:
        """Count it. Never raises."""
        try:
            now, route = monotonic(), self.route() or UNMATCHED
            block = self._counts.websocket(route)
            block.record(now, now - self.started)
            if self._accepted:
                self._counts.closed(route, self._code or str(_ABNORMAL))
            else:
                block.add(REJECTED)
        except Exception:  # an error of ours never reaches the application
            self._counts.fault("websocket")

    def _adders(self, messages: int, size: int) -> Adders:
        block = self._counts.websocket(self.route() or UNMATCHED)
        return Adders(block.adder(messages), block.adder(size))


def _count(adders: Adders, message: Message) -> None:
    adders.message(1)
    body = message.get("bytes")
    if body is None:
        text = message.get("text") or ""
        adders.size(len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")))
    else:
        adders.size(len(body))


def code_name(code: object, *, by_client: bool) -> str:
    """The code itself where the application chose it or a standard says what it means: clients may send any."""
    if not isinstance(code, int) or not 1000 <= code <= 4999:
        return OTHER
    if by_client and code >= 3000:
        return _RANGES[code // 1000]
    return str(code) if code < 1016 or code >= 3000 else OTHER
