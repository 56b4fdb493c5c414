"""The machine that perftui runs on, read through psutil; or the one at the end of a way, read through that."""

from collections.abc import Sequence

from perftui.model.settings import Settings
from perftui.model.target import Connection
from perftui.model.way import Way
from perftui.sources.base import Source, System
from perftui.sources.host.source import HostSource

__all__ = ["open_system"]


class HostSystem:
    """The one source of a machine."""

    def __init__(self, source: Source) -> None:
        self._sources = (source,)

    def sources(self) -> Sequence[Source]:
        return self._sources

    async def close(self) -> None:
        """Nothing is held open."""


def open_system(connection: Connection, settings: Settings) -> System:
    ports = application_ports(settings, connection.way)
    if connection.way is None:
        return HostSystem(HostSource(connection.target, ports))
    from perftui.sources.host.remote import RemoteHostSource

    return HostSystem(RemoteHostSource(connection, connection.way, ports))


def application_ports(settings: Settings, way: Way | None = None) -> tuple[int, ...]:
    """Ports where monitored applications listen on this machine, or on the one at the end of the way."""
    from urllib.parse import urlsplit

    ports = []
    for connection in settings.connections:
        if connection.target.kind == "application" and connection.way is way:
            address = urlsplit(connection.target.address)
            host = address.hostname or ""
            if host in ("localhost", "127.0.0.1", "::1") or (way is None and is_own_address(host)):
                ports.append(address.port or (443 if address.scheme == "https" else 80))
    return tuple(ports)


def is_own_address(host: str) -> bool:
    """Whether this is the name of this machine or one of its addresses. Nobody is asked: no name is looked up."""
    import socket
    from ipaddress import ip_address

    if host == socket.gethostname().lower():
        return True
    try:
        version = ip_address(host).version
        with socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))  # which takes no other machine's address, and sends nothing
    except (OSError, ValueError):
        return False
    return True
