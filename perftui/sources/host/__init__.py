"""The machine that perftui runs on, read through psutil."""

from collections.abc import Sequence

from perftui.model.settings import Settings
from perftui.model.target import Connection
from perftui.sources.base import Source, System
from perftui.sources.host.source import HostSource

__all__ = ["open_system"]


class HostSystem:
    """The one source of this machine."""

    def __init__(self, source: HostSource) -> None:
        self._sources = (source,)

    def sources(self) -> Sequence[Source]:
        return self._sources

    async def close(self) -> None:
        """Nothing is held open."""


def open_system(connection: Connection, settings: Settings) -> System:
    return HostSystem(HostSource(connection.target, application_ports(settings)))


def application_ports(settings: Settings) -> tuple[int, ...]:
    """Ports on this machine where monitored applications listen, to find their processes."""
    from urllib.parse import urlsplit

    ports = []
    for connection in settings.connections:
        if connection.target.kind == "application":
            address = urlsplit(connection.target.address)
            if address.hostname in ("localhost", "127.0.0.1", "::1"):
                ports.append(address.port or (443 if address.scheme == "https" else 80))
    return tuple(ports)
