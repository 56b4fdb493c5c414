"""The slow requests that are remembered, without anything that tells a person."""

from collections import deque
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

REMEMBERED = 100
"""By each worker."""
PUBLISHED = 20
LONGEST_AGENT = 200
_NETWORK_BITS = {4: 24, 6: 48}


class SlowRequest(NamedTuple):
    """One request. Its route is the template, never the path."""

    at: float
    method: str
    route: str
    status: int
    duration_s: float
    user_agent: str | None
    client: str | None


class SlowRequests:
    """A ring of the newest. Has no lock: a finalizer may end a request while this thread would hold it."""

    def __init__(self) -> None:
        self._ring: deque[SlowRequest] = deque(maxlen=REMEMBERED)

    def add(self, request: SlowRequest) -> None:
        self._ring.append(request)

    def newest(self) -> list[SlowRequest]:
        """The newest first."""
        while True:
            with suppress(RuntimeError):  # one was added meanwhile
                return list(self._ring)[::-1]

    def published(self) -> list[dict[str, object]]:
        """As this worker offers them to all: few, and JSON-able."""
        return [request._asdict() for request in self.newest()[:PUBLISHED]]

    def forget(self) -> None:
        """After a fork: they are the parent's."""
        self._ring = deque(maxlen=REMEMBERED)


def printable(text: str | bytes | None) -> str | None:
    """At most 200 characters; each that cannot be printed as `?`."""
    if text is None:
        return None
    cut = text[:LONGEST_AGENT]
    plain = cut.decode("latin-1") if isinstance(cut, bytes) else cut
    return "".join(letter if letter.isprintable() else "?" for letter in plain)


def network_of(peer: object) -> str | None:
    """The peer's network, `/24` or `/48`: enough to tell networks apart, too little to tell people."""
    try:
        address = ip_address(str(peer)[:60])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ip_network((address.packed, _NETWORK_BITS[address.version]), strict=False))
