"""A server of its own for the metrics, for scripts and workers that serve nothing else."""

from __future__ import annotations

import os
import socket
import threading
import weakref
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from perftui.instrument.registry import Registry, default_registry
from perftui.instrument.serve.listening import listen_tcp, listen_unix
from perftui.instrument.serve.rights import Rights
from perftui.instrument.serve.service import DOCUMENT_PATH, MetricsService

if TYPE_CHECKING:
    from perftui.instrument.serve.threads import ConnectionServer


_ASKED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # nothing is bound here
"""Where a server that listens on all addresses is reached from this machine."""


def serve_metrics(
    registry: Registry | None = None,
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    unix_path: str | os.PathLike[str] | None = None,
    token: str | None = None,
    older_paths: bool = False,
    loopback_only: bool = True,
    token_only: bool = False,
    hosts: Collection[str] = (),
) -> MetricsServer:
    """Serve the metrics from a daemon thread until `close()`, or until the process ends.

    Port 0 lets the system choose: `server.url` tells. With `unix_path` it listens there instead. Rights are those of
    `metrics_app`. Raises `OSError` with a sentence where the port is in use or the path cannot be listened at.

    >>> from urllib.request import urlopen
    >>> from perftui import Registry, serve_metrics
    >>> with serve_metrics(Registry("nightly")) as server:
    ...     urlopen(server.url).status
    200
    """
    rights = Rights(token, loopback_only=loopback_only, token_only=token_only, hosts=hosts)
    service = MetricsService(registry or default_registry(), rights, older_paths=older_paths)
    path = None if unix_path is None else Path(unix_path).absolute()
    listener = listen_tcp(host, port) if path is None else listen_unix(path)
    return MetricsServer(listener, service, path)


class MetricsServer:
    """A running server. After a fork it serves on in the parent; the child's copy is closed.

    >>> from perftui import Registry, serve_metrics
    >>> server = serve_metrics(Registry("nightly"))
    >>> server.url.startswith("http://127.0.0.1:")
    True
    >>> server.close()
    """

    def __init__(self, listener: socket.socket, service: MetricsService, unix_path: Path | None = None) -> None:
        from perftui.instrument.serve.threads import ConnectionServer

        self.unix_path = unix_path
        self._address: tuple[str, int] | None = None if unix_path is not None else listener.getsockname()[:2]
        self._server: ConnectionServer | None = ConnectionServer(listener, service)
        self._thread = threading.Thread(target=self._server.serve_forever, name="perftui-metrics", daemon=True)
        self._thread.start()
        _RUNNING.add(self)
        self._unlink = weakref.finalize(self, _unlink, unix_path, os.getpid())

    @property
    def port(self) -> int | None:
        """`None` for a unix socket."""
        return None if self._address is None else self._address[1]

    @property
    def url(self) -> str:
        """Where the document is; for a unix socket what a client puts behind it."""
        if self._address is None:
            return f"http://localhost{DOCUMENT_PATH}"
        host, port = self._address
        host = _ASKED_AT.get(host, host)
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{DOCUMENT_PATH}"

    def close(self) -> None:
        """Stop listening, and leave the connections. Returns when the thread has ended; again does nothing."""
        server, self._server = self._server, None
        if server is not None:
            _RUNNING.discard(self)
            server.stop()
            self._thread.join(5.0)
            self._unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _close_in_child(self) -> None:
        """The port is the parent's: a child that kept it open would hold it after the parent's end."""
        server, self._server = self._server, None
        self._unlink.detach()
        if server is not None:
            server.abandon()


def _unlink(path: Path | None, pid: int) -> None:
    if path is not None and pid == os.getpid():
        with suppress(OSError):
            path.unlink()


def _after_fork() -> None:
    for server in list(_RUNNING):
        server._close_in_child()  # of this module
    _RUNNING.clear()


_RUNNING: set[MetricsServer] = set()
"""Kept until they are closed, whether or not the caller keeps them."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
