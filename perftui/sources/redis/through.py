"""A Redis that is reached through a bastion: the client connects to a socket here and still checks Redis's name."""

import asyncio
from typing import Any

from redis.asyncio import ConnectionPool, SSLConnection, UnixDomainSocketConnection

from perftui.model.way import Way

_OF_TCP = ("host", "port", "socket_keepalive", "socket_keepalive_options", "socket_type")


class TlsThroughSocket(SSLConnection):
    """TLS over a socket's file; the certificate is checked for `host`."""

    def __init__(self, *, path: str, **options: Any) -> None:
        super().__init__(**options)
        self.path = path

    async def _connect(self) -> None:
        async with asyncio.timeout(self.socket_connect_timeout):
            self._reader, self._writer = await asyncio.open_unix_connection(
                self.path, ssl=self.ssl_context.get(), server_hostname=self.host
            )


def lead_through(pool: ConnectionPool, way: Way) -> None:
    """Have all connections of this pool, which has none yet, go this way. May block for some ms."""
    options = pool.connection_kwargs
    if "path" in options:
        options["path"] = way.socket_to(options["path"])
        return
    options["path"] = way.socket_to(place_of(options))
    if issubclass(pool.connection_class, SSLConnection):
        pool.connection_class = TlsThroughSocket
    else:
        pool.connection_class = UnixDomainSocketConnection
        for name in _OF_TCP:
            options.pop(name, None)


def place_of(options: dict[str, Any]) -> str:
    """Host and port."""
    host = str(options.get("host", "localhost"))
    return f"{f'[{host}]' if ':' in host else host}:{options.get('port', 6379)}"
