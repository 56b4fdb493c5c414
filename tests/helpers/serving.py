"""Serves an application over real HTTP for a test's time: uvicorn in a thread, or Python's own WSGI server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import uvicorn

from helpers.waiting import wait_until


@contextmanager
def asgi_server(app: Any, **options: Any) -> Iterator[str]:
    """The URL of uvicorn."""
    config: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "log_config": None, "lifespan": "off", **options}
    server = uvicorn.Server(uvicorn.Config(app, **config))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    """Closing it waits for its requests: an answer is closed, and so counted, after the client has read it."""


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@contextmanager
def wsgi_server(app: Any) -> Iterator[str]:
    """The URL of Python's own server, with a thread a connection."""
    server = make_server("127.0.0.1", 0, app, _ThreadingServer, _Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
