"""One request of a WSGI application while it is measured."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import Token
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any

from perftui.instrument.endpoints.current import CURRENT, RequestInProgress
from perftui.instrument.endpoints.frameworks import MARK, route_of
from perftui.instrument.endpoints.kinds import FAILED, METHODS, OTHER, SENT, UNMATCHED
from perftui.instrument.endpoints.request import MeasuredRequest, Options
from perftui.instrument.endpoints.routes import ROUTE_KEY
from perftui.instrument.endpoints.server_timing import HEADER, server_timing

if TYPE_CHECKING:
    from perftui.instrument.endpoints.wsgi import WSGIMiddleware

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
_LONGEST_NUMBER = 18
_STATUSES = {f"{one.value} {text}": one.value for one in HTTPStatus for text in (one.phrase, one.phrase.upper())}
"""As frameworks write them: found sooner than read."""


def _announced(length: object) -> int:
    """The size of a body in a header that anybody may have written."""
    text = str(length)
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _LONGEST_NUMBER else 0


class WSGIRequest(MeasuredRequest):
    """One request. `start_response` is what the application gets."""

    token: Token[RequestInProgress | None] | None
    headers: Iterable[tuple[str, str]] = ()

    def __init__(self, middleware: "WSGIMiddleware", environ: Environ, start_response: StartResponse) -> None:
        method = environ.get("REQUEST_METHOD")
        self.method = method if type(method) is str and method in METHODS else OTHER
        self.middleware, self.environ, self._start_response = middleware, environ, start_response
        if middleware.has_mounts:
            self._mounted_at = environ.get("SCRIPT_NAME", "")
        # An object's own attributes are read much faster than defaults of its class.
        self.sent = self.read = self.status = 0
        self.first_at = 0.0
        self.special = self.done = False
        self._route = self.token = None
        if length := environ.get("CONTENT_LENGTH"):
            self.read = _announced(length)
        self.started = monotonic()

    @property
    def options(self) -> Options:
        return self.middleware.options

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """What is wrong with a status or a header is the server's to say."""
        try:
            self.status, self.headers = _STATUSES.get(status) or int(status[:3]), headers
            made = self.environ.get("werkzeug.request")  # Flask forgets it before the answer is sent
            if made is not None and self._route is None:
                self._read_rule(made)
            if self.middleware.timed:
                headers = [*headers, (HEADER.title(), server_timing(self, monotonic()))]
        except Exception:  # the server will see for itself
            self.options.counts.fault("start_response")
        if exc_info is None:
            return self._start_response(status, headers)
        return self._start_response(status, headers, exc_info)

    def _read_rule(self, made: Any) -> None:
        """The route of Flask's request where nothing else has a say in it, without the calls that find any."""
        rule = getattr(made, "url_rule", None)
        if rule is None or self.middleware.has_mounts or ROUTE_KEY in self.environ:
            self.route()
        else:
            self._route = str(rule.rule)

    def stopped(self, *, complete: bool) -> None:
        """The server asks for no more: it has all that was announced, or the client has left."""
        if not complete and self.method != "HEAD":
            announced = self.announced()
            self.gone = self.special = announced is None or self.sent < announced

    def announced(self) -> int | None:
        """The length in the answer's headers."""
        try:
            return next((int(value) for name, value in self.headers if name.lower() == "content-length"), None)
        except Exception:  # headers of a form that nobody knows
            return None

    def end(self, now: float) -> None:
        """Count it. Never raises."""
        if self.done:
            return
        self.done = True
        middleware = self.middleware
        middleware.running.discard(self)
        try:
            if self.special:
                self._count_special(now)
            else:
                route, took = self._route or self.route() or UNMATCHED, now - self.started
                asked = (self.method, route, self.status or FAILED)
                counts = middleware.counts
                record, add_read, add_asked = counts.handles.get(asked) or counts.handle(*asked)
                record(now, took, self.sent, SENT)
                if self.read:
                    add_read(self.read)
                if self.queries or self.gets:
                    add_asked(self)
                if took >= middleware.slow_s:
                    self.count_special(route, now)
        except Exception:  # an error of ours never reaches the application
            middleware.counts.fault("request")
        if self.special or self.token is not None:
            self._leave()
        else:
            self.environ.pop(MARK, None)

    def _count_special(self, now: float) -> None:
        if self.left_out:
            return
        route = self.route() or UNMATCHED
        handle = self.options.counts.handle(self.method, route, self.counts_status())
        handle.record(now, now - self.started, self.sent, SENT)
        handle.add_read(self.read)
        handle.add_asked(self)
        self.count_special(route, now)

    def _leave(self) -> None:
        """What a request of another middleware's or Django's, or one that is asked for, leaves behind."""
        if self.outer is None:
            self.environ.pop(MARK, None)
        else:
            self.environ[MARK] = self.outer
        self.framework = None
        if self.token is not None:
            with suppress(ValueError):  # closed by another thread: its context is another
                CURRENT.reset(self.token)

    def find_route(self) -> str:
        environ = self.environ
        said = environ.get(ROUTE_KEY)
        if isinstance(said, str) and said:
            return said
        made = self.framework or environ.get("werkzeug.request")
        found = None if made is None else route_of(made)
        if found is None:
            return UNMATCHED
        return self._mount() + found if self.middleware.has_mounts else found

    def _mount(self) -> str:
        """Where werkzeug's dispatcher mounted the application: a name that the application gave, never a path."""
        script = self.environ.get("SCRIPT_NAME", "")[len(self._mounted_at) :]
        return script if script in getattr(self.middleware.app, "mounts", ()) else ""

    def agent(self) -> str | None:
        found = self.environ.get("HTTP_USER_AGENT")
        return None if found is None else str(found)

    def peer(self) -> object:
        return self.environ.get("REMOTE_ADDR")
