"""A Redis or Valkey client that asks for little, waits briefly, and never sends what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from perftui.model.sample import Failure, FailureKind
from perftui.model.target import Connection
from perftui.sources.network_failure import causes, network_failure, seen_from_here
from perftui.sources.redis.databases import is_about_database, wrong_database

if TYPE_CHECKING:
    from redis.asyncio import Redis

CLIENT_NAME = "perftui"
GRANT = "ACL SETUSER {user} +info +slowlog|get +slowlog|len +config|get +client|setname"

State = Literal["granted", "missing", "unsupported", "unknown"]
REFUSED: Mapping[FailureKind, State] = {"rights": "missing", "unsupported": "unsupported"}
"""Kinds of failure after which a command is not sent again until the next connect, and the capability's state then."""

_NOT_OFFERED = ("unknown command", "unknown subcommand", "not supported", "unsupported command", "not allowed")
"""How a Sentinel, a proxy, or a server whose commands were renamed refuses one that it does not know."""


def open_client(connection: Connection, *, named: bool = True) -> Redis:
    """A client with few connections; it connects at its first command. Imports redis-py.

    A user without `+client|setname` cannot connect with `named`.
    """
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    uri = connection.uri.reveal()
    options: dict[str, Any] = {
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": connection.timeout_s * 0.5,
        "socket_timeout": connection.timeout_s * 0.7,
        "max_connections": 4,
        "client_name": CLIENT_NAME if named else None,
        "driver_info": None,
    }
    if uri.startswith("rediss://"):
        options["ssl_cert_reqs"] = "required" if connection.verify_tls else "none"
        options["ssl_check_hostname"] = connection.verify_tls
        if connection.ca_file is not None:
            options["ssl_ca_certs"] = connection.ca_file
    client: Redis = Redis.from_url(uri, **options)
    if connection.way is not None:
        from perftui.sources.redis.through import lead_through

        lead_through(client.connection_pool, connection.way)
    for command in ("INFO", "SLOWLOG GET", "CONFIG GET"):
        client.set_response_callback(command, _as_sent)
    return client


def _as_sent(response: Any, **_kwargs: Any) -> Any:
    return response


def refused_state(error: BaseException, kind: FailureKind) -> State:
    """The capability's state after a failure of one of these kinds."""
    return "unknown" if is_about_database(error) else REFUSED[kind]


def explain(error: BaseException, connection: Connection) -> Failure:
    """What a client's error means in words, without any secret."""
    address = _place(connection)
    place = connection.target.id.partition("://")[2].partition("#")[0]
    return seen_from_here(_explain(error, connection, address), connection, place)


def _explain(error: BaseException, connection: Connection, address: str) -> Failure:
    from redis import exceptions

    if isinstance(error, exceptions.NoPermissionError):
        return _rights(connection)
    if (failure := wrong_database(error, address)) is not None:
        return failure
    if isinstance(error, exceptions.ResponseError) and any(words in str(error).lower() for words in _NOT_OFFERED):
        return _unsupported(address)
    for cause in causes(error):
        if isinstance(cause, exceptions.AuthenticationError) or str(cause).startswith(("NOAUTH", "WRONGPASS")):
            return _login(str(cause), address)
    return _busy(error, address) or network_failure(_as_network_error(error), address) or _unreadable(error, address)


def _as_network_error(error: BaseException) -> BaseException:
    """The client's own kinds of error, where the system's is not behind them, as what they stand for."""
    from redis import exceptions

    if any(isinstance(cause, OSError) for cause in causes(error)):
        return error
    if isinstance(error, exceptions.TimeoutError):
        return TimeoutError()
    if isinstance(error, exceptions.ConnectionError) and not isinstance(error, exceptions.InvalidResponse):
        return ConnectionResetError()
    return error


def _busy(error: BaseException, address: str) -> Failure | None:
    """It is there, and has no time for us."""
    from redis import exceptions

    text = str(error)
    if "max number of clients" in text:
        return Failure(
            kind="unreachable",
            message=f"{address} has reached its maximum number of clients.",
            help="Find who holds the connections (CLIENT LIST on the server), or raise maxclients.",
        )
    if isinstance(error, exceptions.BusyLoadingError):
        return Failure(
            kind="unreachable",
            message=f"{address} is loading its data from disk.",
            help="It answers when it is done; it is tried again.",
        )
    if text.startswith("BUSY"):
        return Failure(
            kind="timeout",
            message=f"{address} is blocked by a running script.",
            help="Let the script end, or run SCRIPT KILL on the server.",
        )
    return None


def _unreadable(error: BaseException, address: str) -> Failure:
    from redis import exceptions

    if isinstance(error, exceptions.InvalidResponse):
        return Failure(
            kind="protocol",
            message=f"What answers on {address} does not speak Redis's protocol.",
            help="Check the port, and whether it wants TLS (rediss://).",
        )
    return Failure(
        kind="internal",
        message=f"The reply of {address} could not be read: {type(error).__name__}.",
        help="This is a fault of perftui: please report it with the server's version.",
    )


def _place(connection: Connection) -> str:
    scheme, _, rest = connection.target.address.partition("://")
    place = rest.split("?", 1)[0].rsplit("@", 1)[-1]
    return place if scheme == "unix" else place.split("/", 1)[0]


def _login(text: str, address: str) -> Failure:
    if "NOAUTH" in text or "Authentication required" in text:
        return Failure(
            kind="login",
            message=f"{address} asks for a password.",
            help="Put it into the settings' password_env or REDIS_PASSWORD, or start with --ask-password.",
        )
    return Failure(
        kind="login",
        message=f"{address} refused the user name or the password.",
        help="Check both, and whether the user is enabled (ACL LIST on the server).",
    )


def grant(connection: Connection) -> str:
    """The exact command that gives this user all that is read."""
    from urllib.parse import unquote, urlsplit

    return GRANT.format(user=unquote(urlsplit(connection.uri.reveal()).username or "") or "default")


def _rights(connection: Connection) -> Failure:
    command = grant(connection)
    return Failure(
        kind="rights",
        message=f"The Redis user {command.split()[2]} may not run this command.",
        help=f"Grant it on the server: {command}",
    )


def _unsupported(address: str) -> Failure:
    return Failure(
        kind="unsupported",
        message=f"{address} does not offer this command.",
        help="It was renamed there, or a Sentinel or a proxy answers: name the Redis server itself.",
    )
