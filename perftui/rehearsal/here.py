"""Whether the monitored server runs on this very machine, where the private one will run too."""

import socket

from perftui.model.target import Connection
from perftui.sources.mongodb.uri import split_uri


def runs_here(connection: Connection) -> bool:
    """By the addresses of its hosts; blocks for DNS. A tunnel that is not ours looks like this machine."""
    if connection.way is not None:
        return False
    return any(_is_here(host) for host in split_uri(connection.uri.reveal()).hosts)


def _is_here(host: str) -> bool:
    if host.startswith("/") or host.lower().endswith(".sock"):
        return True
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    try:
        found = socket.getaddrinfo(name.strip("[]") or "localhost", None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(_is_own(family, address) for family, _, _, _, address in found)


def _is_own(family: int, address: tuple[object, ...]) -> bool:
    """Only an address of this machine can be bound."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address[0], 0, *address[2:]))
    except OSError:
        return False
    return True
