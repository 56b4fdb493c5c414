"""One connection of the stand-alone server."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from perftui.instrument.serve.exchange import Answer, Peer, Refused, Request
from perftui.instrument.serve.service import LARGEST_BODY, MetricsService

_IDLE_S = 15.0


class MetricsHandler(BaseHTTPRequestHandler):
    """Carries bytes between a socket and the service. A client that is silent for 15 s is left."""

    protocol_version = "HTTP/1.1"
    server_version = "perftui"
    sys_version = ""
    timeout = _IDLE_S
    service: MetricsService

    def do_GET(self) -> None:  # the name that http.server looks for
        request = self._request()
        answer = self.service.begin(request)
        if answer is None:
            answer = self._with_body(request)
        elif self._has_body():
            self.close_connection = True  # what was not read would be taken for the next request
        self._send(answer)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a scrape every few seconds is no news, and stderr is the application's."""

    def _request(self) -> Request:
        headers: dict[str, str] = {}
        for raw_name, value in self.headers.items():
            name = raw_name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        path, _, query = self.path.partition("?")
        peer = self.client_address
        unix = not isinstance(peer, tuple)
        return Request(self.command, path, query, headers, Peer(None if unix else str(peer[0]), unix_socket=unix))

    def _has_body(self) -> bool:
        return self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers

    def _with_body(self, request: Request) -> Answer:
        length = request.headers.get("content-length")
        if length is None or "transfer-encoding" in request.headers:
            self.close_connection = True
            return Refused(411, "send the body with a Content-Length").answer()
        return self.service.finish(self.rfile.read(min(int(length), LARGEST_BODY)))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


def handler_of(service: MetricsService) -> Callable[..., MetricsHandler]:
    """A handler class that answers from this service."""
    return type("MetricsHandler", (MetricsHandler,), {"service": service})
