"""What PyMongo's errors mean in words, without any secret."""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from perftui.model.redaction import redact
from perftui.model.sample import Failure
from perftui.model.target import Connection
from perftui.sources.mongodb.unresolved import unresolved
from perftui.sources.network_failure import causes, network_failure, seen_from_here

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient
    from pymongo.errors import OperationFailure

UNAUTHORIZED = 13
NO_SUCH_COMMAND = 59
_AUTHENTICATION_FAILED = 18
_TIME_LIMIT = frozenset({50, 262})
_NOT_OFFERED = frozenset({NO_SUCH_COMMAND, 72, 73, 115, 303, 352, 8000, 40324})
_GOING_DOWN = frozenset({91, 189, 10107, 11600, 11602, 13435, 13436})
NOT_ALLOWED = frozenset({UNAUTHORIZED, *_NOT_OFFERED})
"""Codes of commands that this login or this server refuses for good: asking again changes nothing."""

GRANT = 'db.getSiblingDB("admin").grantRolesToUser("<user>", [{role: "clusterMonitor", db: "admin"}])'

_NOT_MET_YET = "found yet"
"""How the driver says that its time was up before its first attempt had ended."""
_NEVER_ANSWERED = (
    "The server hangs, another kind of server listens there, or a firewall drops the packets; it is tried again."
)
_NO_CERTIFICATE = Failure(
    kind="tls",
    message="A certificate file that the URI or the settings name cannot be opened.",
    help="Check the paths of tlsCAFile, tlsCertificateKeyFile and tlsCRLFile, and that your user may read them.",
)


def explain(error: BaseException, connection: Connection, address: str | None = None) -> Failure:
    """The failure behind an error of the driver; `address` is the member's, else the connection's."""
    place = address or connection.target.address.partition("://")[2].split("/")[0]
    return seen_from_here(_explain(error, connection, place), connection, unquote(place))


def _explain(error: BaseException, connection: Connection, place: str) -> Failure:
    from pymongo import errors

    if isinstance(error, errors.OperationFailure):
        return _refused(error, place)
    for cause in causes(error):
        if isinstance(cause, errors.OperationFailure):
            return _refused(cause, place)
    if isinstance(error, errors.ConfigurationError | errors.InvalidURI):
        return unresolved(error, place) or _unusable(error, place)
    if isinstance(error, FileNotFoundError | PermissionError) and not (place.endswith(".sock") or connection.way):
        return _NO_CERTIFICATE
    failure = network_failure(error, place)
    if failure is not None and failure.kind != "timeout":
        return failure
    return _by_words(error, place) or failure or _internal(error, place)


def explain_member(
    error: BaseException, connection: Connection, address: str, client: AsyncMongoClient[dict[str, Any]] | None
) -> Failure:
    """The same; where no server could be selected, even while a poll lasts, the reason is what the last attempt met."""
    from pymongo.errors import ServerSelectionTimeoutError

    if isinstance(error, ServerSelectionTimeoutError | TimeoutError) and client is not None:
        for met in _attempts(client):
            failure = explain(met, connection, address)
            return msgspec.structs.replace(failure, help=_NEVER_ANSWERED) if failure.kind == "timeout" else failure
    return explain(error, connection, address)


def _attempts(client: AsyncMongoClient[dict[str, Any]]) -> Iterator[Exception]:
    for description in client.topology_description.server_descriptions().values():
        if isinstance(description.error, Exception):
            yield description.error


def _refused(error: OperationFailure, place: str) -> Failure:
    words = redact(str((error.details or {}).get("errmsg") or error).split("\n")[0])[:200]
    if error.code == _AUTHENTICATION_FAILED or "uthentication failed" in words:
        return Failure(
            kind="login",
            message=f"{place} refused the user name or the password.",
            help="Check both and the database the user was created in (authSource in the URI).",
        )
    if error.code == UNAUTHORIZED and "requires authentication" in words:
        return Failure(
            kind="login",
            message=f"{place} asks for a login.",
            help="Name a user in the URI and give the password by MONGODB_PASSWORD, password_env or --ask-password.",
        )
    if error.code == UNAUTHORIZED:
        return Failure(kind="rights", message=f"This login may not read this: {words}.", help=f"Grant it: {GRANT}")
    if error.code in _TIME_LIMIT:
        return Failure(
            kind="timeout",
            message=f"{place} took too long for this reading and stopped it.",
            help="The server is busy; it is tried again.",
        )
    if error.code in _NOT_OFFERED:
        return Failure(
            kind="unsupported",
            message=f"{place} does not offer this: {words}.",
            help="Nothing is to be done: this kind of server or its plan leaves it out.",
        )
    if error.code in _GOING_DOWN:
        return Failure(
            kind="unreachable",
            message=f"{place} is going down or changes its role.",
            help="It is tried again; the set elects a new primary.",
        )
    return Failure(
        kind="protocol",
        message=f"{place} answered with error {error.code}: {words}.",
        help="Look the code up in the server's documentation, and its log for the reason.",
    )


def _unusable(error: Exception, place: str) -> Failure:
    return Failure(
        kind="unsupported",
        message=f"{place} cannot be reached with these options: {_safe(error)}.",
        help="Mend the URI's options, or install the extra they need (srv, aws, gssapi).",
    )


def _safe(error: BaseException) -> str:
    """The error's words; of a URI that could not be read without the pieces they quote: any may be a secret."""
    from pymongo.errors import InvalidURI

    words = str(error)
    if isinstance(error, InvalidURI | ValueError):
        words = re.sub(r"'[^']*'|\"[^\"]*\"|(?<=hostnames: ).*", "...", words)
    return redact(words)[:200]


def _by_words(error: BaseException, place: str) -> Failure | None:
    """The driver wraps some causes in text only."""
    from pymongo.errors import AutoReconnect, NetworkTimeout, PyMongoError

    words = str(error)
    if "invalid opcode" in words or "Message length" in words or "Unknown opcode" in words or "ProtocolError" in words:
        return Failure(
            kind="protocol",
            message=f"What answers on {place} does not speak MongoDB's protocol.",
            help="Check the port: another kind of server listens there, or it wants TLS.",
        )
    if isinstance(error, NetworkTimeout) or "timed out" in words or _NOT_MET_YET in words:
        return network_failure(TimeoutError(), place)
    if isinstance(error, AutoReconnect):
        return network_failure(_met(words), place)
    if isinstance(error, PyMongoError):
        return Failure(
            kind="unreachable",
            message=f"{place} could not be read: {redact(words)[:200]}.",
            help="It is tried again.",
        )
    return None


def _met(words: str) -> OSError:
    """What the driver's monitor met: it keeps the error's text and drops its cause."""
    if number := re.search(r"\[Errno (-?[0-9]+)\]", words):
        code = int(number[1])
        return socket.gaierror(code, "no address") if code < 0 else OSError(code, os.strerror(code))
    if untrusted := re.search(r"certificate verify failed: (.+?) \(_ssl", words):
        refusal = ssl.SSLCertVerificationError(1, "certificate verify failed")
        refusal.verify_message = untrusted[1]
        return refusal
    return ssl.SSLError(1, "no common protocol") if "SSL" in words else ConnectionResetError()


def _internal(error: BaseException, place: str) -> Failure:
    return Failure(
        kind="internal",
        message=f"The reply of {place} could not be read: {type(error).__name__}: {_safe(error)}.",
        help="This is a fault of perftui: please report it with the server's version.",
    )
