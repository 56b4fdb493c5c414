"""A bare look at a port, for the doctor: a client that waited in vain does not know which step it waited at."""

import asyncio
import ssl
from contextlib import suppress
from typing import Literal

from perftui.model.sample import Failure
from perftui.model.target import Target

Step = Literal["port", "TLS", "answer"]
_PROBE_S = 2.0
_HANDSHAKE_S = 2.0


async def first_silent_step(target: Target, *, tls: bool) -> Step | None:
    """The first step that this target, which did not answer in time, does not do; `None`: it has no port to try."""
    host, port = _place(target)
    if not port:
        return None
    try:
        async with asyncio.timeout(_PROBE_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return "port"
    writer.close()
    return "TLS" if tls and not await _shakes_hands(host, port) else "answer"


def as_failure(step: Step, target: Target) -> Failure | None:
    """What a silent step means, where it says more than that nothing came."""
    place = target.id.partition("://")[2]
    if step == "port":
        return Failure(
            kind="unreachable",
            message=f"{place} takes no connection and refuses none: something on the way drops the packets.",
            help="Check the address, the route, and the firewalls between here and there.",
        )
    if step == "TLS":
        return Failure(
            kind="tls",
            message=f"{place} takes the connection but does not answer TLS.",
            help="It may not speak TLS on this port: ask for its TLS port, or use the scheme without TLS.",
        )
    return None


async def _shakes_hands(host: str, port: int) -> bool:
    """Whoever speaks TLS answers: with a certificate, trusted or not, or with an alert."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(_HANDSHAKE_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError) as error:
        return isinstance(error, ssl.SSLError) and "WRONG_VERSION" not in str(error)
    with suppress(OSError):
        writer.close()
    return True


def _place(target: Target) -> tuple[str, int]:
    """The first host and its port; port 0: a socket's file, or a name that DNS must look up."""
    scheme, _, rest = target.id.partition("://")
    host, _, port = rest.partition("#")[0].split("/")[0].split(",")[0].rpartition(":")
    if scheme in ("unix", "mongodb+srv") or not port.isdecimal():
        return "", 0
    return host.strip("[]"), int(port)
