"""A direct client of one member that waits briefly, keeps few connections, and carries our name everywhere."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any

from perftui.model.target import Connection
from perftui.sources.mongodb.failures import explain
from perftui.sources.mongodb.through import keep_server_name, member_through
from perftui.sources.mongodb.uri import MongoUri, resolve_srv, split_uri

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

__all__ = ["APP_NAME", "close_client", "explain", "max_time_ms", "open_client", "seeds_of"]

APP_NAME = "perftui"
_CONNECTIONS = 4


def seeds_of(connection: Connection) -> MongoUri:
    """The URI's parts; for `mongodb+srv` those that DNS gives. Blocks for DNS; raises what PyMongo raises."""
    uri = connection.uri.reveal()
    parts = split_uri(uri)
    return resolve_srv(uri) if parts.srv else parts


def max_time_ms(connection: Connection) -> int:
    """What every command carries: below the client's own timeout, so that nothing is cancelled as routine."""
    return int(_answer_timeout_s(connection) * 600)


def _answer_timeout_s(connection: Connection) -> float:
    return max(connection.answer_timeout_s or 0.0, connection.timeout_s)


def open_client(
    connection: Connection,
    address: str | None = None,
    *,
    app_name: str = APP_NAME,
    parts: MongoUri | None = None,
    patient: bool = False,
) -> AsyncMongoClient[dict[str, Any]]:
    """A client of this member alone, or of the URI's first seed. Connects at its first command.

    `patient`: it waits for a reply as long as the server takes, as an index build must.

    Every option of the URI that concerns login and TLS holds. Raises `pymongo.errors.ConfigurationError` for an option
    that cannot be used.
    """
    parts = parts or seeds_of(connection)
    address = address or parts.hosts[0]
    options = _options(connection, app_name, pool=1 if parts.load_balanced else _CONNECTIONS, patient=patient)
    if connection.way is None:
        return _client(parts.of_member(address), options)
    client = _client(parts.of_member(member_through(connection.way, address)), options)
    keep_server_name(client, address)
    return client


def _client(uri: str, options: dict[str, Any]) -> AsyncMongoClient[dict[str, Any]]:
    """The driver warns about options it does not know; a line on stderr would tear the screen."""
    from pymongo import AsyncMongoClient

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return AsyncMongoClient(uri, **options)


def _options(connection: Connection, app_name: str, *, pool: int, patient: bool) -> dict[str, Any]:
    """What wins over the URI's own options."""
    options: dict[str, Any] = {
        "appname": app_name,
        "connectTimeoutMS": int(connection.timeout_s * 500),
        "serverSelectionTimeoutMS": int(connection.timeout_s * 600),
        "socketTimeoutMS": None if patient else int(_answer_timeout_s(connection) * 800),
        "heartbeatFrequencyMS": 30_000,
        "serverMonitoringMode": "poll",
        "maxPoolSize": pool,
        "retryReads": False,
        "datetime_conversion": "DATETIME_AUTO",
        "unicode_decode_error_handler": "replace",
    }
    if not connection.verify_tls:
        options["tlsInsecure"] = True
    if connection.ca_file is not None:
        options["tlsCAFile"] = connection.ca_file
    return options


async def close_client(client: AsyncMongoClient[dict[str, Any]]) -> None:
    """Close it also when this is cancelled while a server that hangs is told that its sessions have ended."""
    try:
        await client.close()
    except asyncio.CancelledError:
        # The sessions are forgotten by now: what is left needs no answer.
        await client.close()
        raise
