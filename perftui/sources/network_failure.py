"""Why a connection could not be made, from the operating system's own error, whatever client wrapped it."""

import socket
import ssl
from collections.abc import Iterator

from perftui.model.sample import Failure, FailureKind
from perftui.model.target import Connection

_MAY_BE_THE_WAY: frozenset[FailureKind] = frozenset({"name", "refused", "unreachable", "timeout", "rights"})


def network_failure(error: BaseException, address: str) -> Failure | None:
    """The failure in words, or `None` when no error of the network or of TLS is behind `error`.

    `address` is host and port as they may be shown.
    """
    for cause in causes(error):
        failure = _of_one(cause, address)
        if failure is not None:
            return failure
    return None


def seen_from_here(failure: Failure, connection: Connection, place: str) -> Failure:
    """The same, save where the target is reached through a bastion and the way is at fault, or knows more.

    `place` is host and port, or a socket's path, as the way was asked for it.
    """
    if connection.way is None or failure.kind not in _MAY_BE_THE_WAY:
        return failure
    return connection.way.trouble(place) or failure


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, then what caused it, the innermost last, each once."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        pending += [current.__context__, current.__cause__]
        if isinstance(current, BaseExceptionGroup):
            pending += list(current.exceptions)


def _of_one(error: BaseException, address: str) -> Failure | None:
    if isinstance(error, socket.gaierror):
        return Failure(
            kind="name",
            message=f"The name of {address} does not resolve.",
            help="Check the host's spelling, /etc/hosts and DNS.",
        )
    if isinstance(error, ssl.SSLError):
        return _tls(error, address)
    if isinstance(error, ConnectionRefusedError):
        return Failure(
            kind="refused",
            message=f"Nothing listens on {address}: the connection was refused.",
            help="Check that the server runs, its port and the address it binds to.",
        )
    if isinstance(error, FileNotFoundError | PermissionError):
        return _socket_file(error, address)
    if isinstance(error, ConnectionError):
        return Failure(
            kind="unreachable",
            message=f"{address} closed the connection.",
            help="It restarts, is overloaded, or expects TLS where none is used; it is tried again.",
        )
    if isinstance(error, TimeoutError):
        return Failure(
            kind="timeout",
            message=f"{address} did not answer in time.",
            help="The server hangs or is overloaded, or a firewall drops the packets; it is tried again.",
        )
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        return Failure(
            kind="unreachable",
            message=f"{address} cannot be reached: {error.strerror}.",
            help="Check the network, the route and the firewall between here and there.",
        )
    return None


def _tls(error: ssl.SSLError, address: str) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(
            kind="tls",
            message=f"The certificate of {address} is not trusted: {error.verify_message.rstrip('.')}.",
            help="Name the CA file that signed it, or use the host name that the certificate was made for.",
        )
    return Failure(
        kind="tls",
        message=f"TLS with {address} failed: {getattr(error, 'reason', None) or 'no common protocol'}.",
        help="Check whether the server speaks TLS on this port and whether it wants a client certificate.",
    )


def _socket_file(error: OSError, address: str) -> Failure:
    missing = isinstance(error, FileNotFoundError)
    return Failure(
        kind="refused" if missing else "rights",
        message=f"The file {address} {'does not exist' if missing else 'may not be opened'}.",
        help="Check the path and that your user may read and write it.",
    )
