"""The metrics as a WSGI application, to be mounted in any other."""

import socket
from collections.abc import Collection, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from perftui.instrument.registry import Registry, default_registry
from perftui.instrument.serve.exchange import Peer, Request
from perftui.instrument.serve.own import leave_out
from perftui.instrument.serve.rights import Rights
from perftui.instrument.serve.service import LARGEST_BODY, MetricsService

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

Environ = dict[str, Any]


def metrics_wsgi_app(
    registry: Registry | None = None,
    token: str | None = None,
    *,
    older_paths: bool = False,
    loopback_only: bool = True,
    token_only: bool = False,
    hosts: Collection[str] = (),
) -> "WSGIApplication":
    """`metrics_app` for WSGI: the same paths, parameters and rights. Raises `ValueError` for an empty token.

    >>> from flask import Flask
    >>> from perftui import Registry, metrics_wsgi_app
    >>> from werkzeug.middleware.dispatcher import DispatcherMiddleware
    >>> app = Flask("shop")
    >>> app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/internal": metrics_wsgi_app(Registry("shop"))})
    """
    counted = registry or default_registry()
    rights = Rights(token, loopback_only=loopback_only, token_only=token_only, hosts=hosts)
    service = MetricsService(counted, rights, older_paths=older_paths)

    def app(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        leave_out(environ, counted)
        answer = service.begin(_request(environ))
        if answer is None:
            answer = service.finish(_body(environ))
        start_response(
            f"{answer.status} {HTTPStatus(answer.status).phrase}",
            [(name.title(), value) for name, value in answer.headers],
        )
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    return app


def _request(environ: Environ) -> Request:
    headers = {
        name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = str(environ[name])
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        peer=_peer(environ),
    )


def _peer(environ: Environ) -> Peer:
    address = environ.get("REMOTE_ADDR")
    if address:
        return Peer(address)
    connection = environ.get("gunicorn.socket")
    return Peer(None, unix_socket=getattr(connection, "family", None) == socket.AF_UNIX)


def _body(environ: Environ) -> bytes:
    """At most one byte more than is allowed. A server that ends the input itself needs no length."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if not length and environ.get("wsgi.input_terminated"):
        length = LARGEST_BODY + 1
    read: bytes = environ["wsgi.input"].read(min(length, LARGEST_BODY + 1)) if length > 0 else b""
    return read
