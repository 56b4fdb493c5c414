"""Which function tells about a row of a table."""

from collections.abc import Callable, Hashable
from importlib import import_module

from perftui.tui.screens.document import Document
from perftui.tui.view import View

Builder = Callable[[View, Hashable], Document | None]

_BUILDERS = {
    "operations": "mongodb.operation",
    "queries": "query.query",
    "members": "mongodb.member",
    "operation groups": "groups.group",
    "connections": "groups.connection",
    "waits": "waits.wait",
    "transactions": "waits.transaction",
    "indexes": "index.index",
    "application queries": "application.query_group",
    "endpoints": "application.endpoint",
    "caches": "cache.cache",
    "slow requests": "library.slow_request",
    "websockets": "library.websocket",
    "connection pools": "library.pool",
    "redis commands": "redis.command",
    "redis slow log": "redis.slow_command",
    "processes": "other.process",
    "events": "other.event",
    "sources": "other.source",
}
"""The name of a table -> the module and function that tell about one of its rows."""


def builder_of(table: str) -> Builder | None:
    """The function that makes the details of a table's rows; imported when first asked for."""
    place = _BUILDERS.get(table)
    if place is None:
        return None
    module, _, function = place.partition(".")
    found: Builder = getattr(import_module(f"perftui.tui.screens.details_{module}"), function)
    return found
