"""MongoDB: the server's state, its operations, slow queries and replica set."""

from perftui.model.settings import Settings
from perftui.model.target import Connection
from perftui.sources.base import System

__all__ = ["open_system"]


def open_system(connection: Connection, _settings: Settings) -> System:
    """The members behind this connection's URI; nothing is connected yet."""
    from perftui.sources.mongodb.system import MongoSystem

    return MongoSystem(connection)
