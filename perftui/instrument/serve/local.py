"""Whether a request really came from this machine."""

from collections.abc import Collection, Mapping
from ipaddress import ip_address

from perftui.instrument.serve.exchange import Peer, Request

_FORWARDING = frozenset(
    {
        "cdn-loop",
        "cf-connecting-ip",
        "cf-ray",
        "client-ip",
        "fastly-client-ip",
        "fly-client-ip",
        "forwarded",
        "true-client-ip",
        "via",
        "x-amzn-trace-id",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-envoy-external-address",
        "x-original-forwarded-for",
        "x-originating-ip",
        "x-proxyuser-ip",
        "x-real-ip",
        "x-remote-addr",
        "x-remote-ip",
        "x-request-start",
    }
)
"""Headers that only a proxy sets; beside these all that begin with `x-forwarded`."""


def is_local(request: Request, hosts: Collection[str] = ()) -> bool:
    """A loopback peer, no sign of a proxy, and a Host that no page of another site could have sent.

    A page whose own name was made to resolve to 127.0.0.1 is shown the browser's loopback, but its requests still
    carry that name as their Host.
    """
    return (
        _is_loopback_peer(request.peer)
        and not _was_forwarded(request.headers)
        and _is_local_host(request.headers.get("host", ""), hosts)
    )


def is_loopback(address: str) -> bool:
    """Of an IP address as text, IPv4 in IPv6 included; any other text is not."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def _is_loopback_peer(peer: Peer) -> bool:
    return peer.unix_socket or (peer.address is not None and is_loopback(peer.address))


def _was_forwarded(headers: Mapping[str, str]) -> bool:
    names = {name.replace("_", "-") for name in headers}
    return bool(_FORWARDING & names) or any(name.startswith("x-forwarded") for name in names)


def _is_local_host(host: str, hosts: Collection[str]) -> bool:
    if not host:
        return True
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    name = name.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or name in hosts or is_loopback(name)
