"""A request while a middleware measures it; what ASGI and WSGI have in common."""

import time
from abc import abstractmethod
from typing import Any, NamedTuple

from perftui.instrument.endpoints.counting import EndpointCounts
from perftui.instrument.endpoints.current import RequestInProgress, need_current_request
from perftui.instrument.endpoints.frameworks import route_of
from perftui.instrument.endpoints.kinds import CLIENT_GONE, FAILED, UNMATCHED
from perftui.instrument.endpoints.slow import SlowRequest, network_of, printable
from perftui.instrument.registry import Registry, default_registry

_GONE_CLASSES = frozenset({"ClientDisconnect", "ClientDisconnected", "CancelledError", "GeneratorExit"})
"""What Starlette and servers raise, and how others end a request, when the client has left."""


class Options(NamedTuple):
    """What both middlewares are told."""

    registry: Registry
    counts: EndpointCounts
    slow_s: float
    user_agent: bool
    client_network: bool
    server_timing: bool


def options_of(
    registry: Registry | None, slow_ms: float, *, user_agent: bool, client_network: bool, server_timing: bool
) -> Options:
    """Without a registry the default one is used."""
    registry = registry or default_registry()
    if server_timing:
        need_current_request()
    return Options(registry, registry.endpoints, slow_ms / 1000, user_agent, client_network, server_timing)


class MeasuredRequest(RequestInProgress):
    """Ends with the last byte, or with the application's failure, whichever is first."""

    status = sent = read = 0
    first_at = 0.0
    """When the first byte went out, of what may be a stream."""
    streamed = gone = done = left_out = False
    special = False
    """Any of these, or something was raised, or a framework tells the route: what is counted without haste."""
    raised: type[BaseException] | None = None
    framework: Any = None
    """Django's or Flask's own request: only that knows the route."""
    outer: "MeasuredRequest | None" = None
    """The same request as a middleware of another registry measures it."""
    _route: str | None = None

    @property
    @abstractmethod
    def options(self) -> Options:
        """Those of the middleware."""

    def find_route(self) -> str:
        """The template, `(unmatched)` without. May raise what a framework raises."""
        return UNMATCHED

    def route(self) -> str | None:
        if self._route is None:
            try:
                found = self.find_route()
            except Exception:  # whatever a framework's objects do, the application goes on
                self.options.counts.fault("route")
                found = UNMATCHED
            if found == UNMATCHED:
                return None
            self._route = found
        return self._route

    def framework_route(self) -> str | None:
        """What Django or Flask says."""
        return None if self.framework is None else route_of(self.framework)

    def measures_for(self, registry: Registry) -> bool:
        """Whether this or an outer middleware counts the request in a registry already."""
        return self.options.registry is registry or (self.outer is not None and self.outer.measures_for(registry))

    def leave_out(self, registry: Registry) -> None:
        """Do not count this request in a registry, because it reads that registry's figures."""
        request: MeasuredRequest | None = self
        while request is not None:
            if request.options.registry is registry:
                request.left_out = request.special = True
                request.options.counts.live.running.discard(request)
            request = request.outer

    def counts_status(self) -> int:
        """What was answered, unless the client left or nothing whole was answered."""
        return CLIENT_GONE if self.gone else self.status or FAILED

    def failed(self, error: BaseException) -> None:
        """The application raised; the error goes on to whoever called it. Never raises."""
        try:
            self._failed(error)
        except Exception:  # an error of ours must not take the place of the application's
            self.options.counts.fault("request")

    def _failed(self, error: BaseException) -> None:
        if type(error).__name__ in _GONE_CLASSES:
            self.gone = self.special = not self.done
        elif self.done:
            if not self.left_out:
                self.options.counts.raised(self.method, self.route(), type(error))
        else:
            self.raised, self.status, self.special = type(error), FAILED, True

    def count_special(self, route: str, now: float) -> None:
        """What only few requests have: an exception, a stream, slowness."""
        counts = self.options.counts
        if self.raised is not None:
            counts.raised(self.method, route, self.raised)
        if self.streamed:
            counts.first_byte(self.method, route).record(now, self.first_at - self.started)
        if (self.first_at if self.streamed else now) - self.started >= self.options.slow_s:
            counts.slow.add(self._slow(route, now - self.started))

    def _slow(self, route: str, seconds: float) -> SlowRequest:
        options = self.options
        agent = printable(self.agent()) if options.user_agent else None
        client = network_of(self.peer()) if options.client_network else None
        return SlowRequest(time.time(), self.method, route, self.counts_status(), seconds, agent, client)

    def agent(self) -> str | bytes | None:
        """The user agent as it was sent."""
        return None

    def peer(self) -> object:
        """The address at the other end of the connection."""
        return None
