"""A direct client of one member that waits briefly, keeps few connections, and carries our name everywhere."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from perftui.model.target import Connection
from perftui.sources.mongodb.failures import explain
from perftui.sources.mongodb.uri import MongoUri, resolve_srv, split_uri

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

__all__ = ["APP_NAME", "explain", "max_time_ms", "open_client", "seeds_of"]

APP_NAME = "perftui"
_CONNECTIONS = 4


def seeds_of(connection: Connection) -> MongoUri:
    """The URI's parts; for `mongodb+srv` those that DNS gives. Blocks for DNS; raises what PyMongo raises."""
    uri = connection.uri.reveal()
    parts = split_uri(uri)
    return resolve_srv(uri) if parts.srv else parts


def max_time_ms(connection: Connection) -> int:
    """What every command carries: below the client's own timeout, so that nothing is cancelled as routine."""
    return int(connection.timeout_s * 600)


def open_client(
    connection: Connection,
    address: str | None = None,
    *,
    app_name: str = APP_NAME,
    parts: MongoUri | None = None,
) -> AsyncMongoClient[dict[str, Any]]:
    """A client of this member alone, or of the URI's first seed. Connects at its first command.

    Every option of the URI that concerns login and TLS holds. Raises `pymongo.errors.ConfigurationError` for an option
    that cannot be used.
    """
    from pymongo import AsyncMongoClient

    parts = parts or seeds_of(connection)
    options: dict[str, Any] = {
        "appname": app_name,
        "connectTimeoutMS": int(connection.timeout_s * 500),
        "serverSelectionTimeoutMS": int(connection.timeout_s * 600),
        "socketTimeoutMS": int(connection.timeout_s * 800),
        "heartbeatFrequencyMS": 30_000,
        "serverMonitoringMode": "poll",
        "maxPoolSize": 1 if parts.load_balanced else _CONNECTIONS,
        "retryReads": False,
        "datetime_conversion": "DATETIME_AUTO",
        "unicode_decode_error_handler": "replace",
    }
    if not connection.verify_tls:
        options["tlsInsecure"] = True
    if connection.ca_file is not None:
        options["tlsCAFile"] = connection.ca_file
    with warnings.catch_warnings():
        # The driver warns about options it does not know; a line on stderr would tear the screen.
        warnings.simplefilter("ignore")
        return AsyncMongoClient(parts.of_member(address or parts.hosts[0]), **options)
