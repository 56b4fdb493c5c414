"""The middleware that measures every request of a WSGI application."""

from collections.abc import Callable, Iterable
from time import monotonic

from perftui.instrument.endpoints.current import CURRENT, DEMAND
from perftui.instrument.endpoints.frameworks import MARK, watch_frameworks
from perftui.instrument.endpoints.request import options_of
from perftui.instrument.endpoints.wsgi_answer import measured
from perftui.instrument.endpoints.wsgi_request import Environ, StartResponse, WSGIRequest
from perftui.instrument.registry import Registry
from perftui.instrument.store.store import Store


class WSGIMiddleware:
    """Counts and times each request by method and route template, until its last byte.

    `app.wsgi_app = WSGIMiddleware(app.wsgi_app)` for Flask, `application = WSGIMiddleware(get_wsgi_application())` for
    Django. What the application returns and raises passes unchanged.

    >>> from flask import Flask
    >>> from perftui import Registry, WSGIMiddleware
    >>> app = Flask("shop")
    >>> app.wsgi_app = WSGIMiddleware(app.wsgi_app, Registry("shop"))
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        registry: Registry | None = None,
        *,
        slow_ms: float = 1000.0,
        user_agent: bool = False,
        client_network: bool = False,
        server_timing: bool = False,
    ) -> None:
        """As in `ASGIMiddleware`."""
        self.app = app
        self.options = options_of(
            registry, slow_ms, user_agent=user_agent, client_network=client_network, server_timing=server_timing
        )
        self.counts, self.slow_s, self.timed = self.options.counts, self.options.slow_s, server_timing
        self.running, self.has_mounts = self.counts.live.running, hasattr(app, "mounts")
        self.store: Store = self.options.registry
        self.options.registry.guard("frameworks", lambda: watch_frameworks(app))

    @property
    def registry(self) -> Registry:
        return self.options.registry

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        outer = environ.get(MARK)
        if outer is not None and outer.measures_for(self.options.registry):
            return self.app(environ, start_response)  # another middleware of this registry measures it
        request = WSGIRequest(self, environ, start_response)
        if outer is not None:
            request.outer, request.special = outer, True
        environ[MARK] = request
        if not self.store.opened:
            self.store.open()
        self.running.add(request)
        if DEMAND.wanted:
            request.token = CURRENT.set(request)
        try:
            body = self.app(environ, request.start_response)
        except BaseException as error:
            request.failed(error)
            request.end(monotonic())
            raise
        return measured(request, body)
