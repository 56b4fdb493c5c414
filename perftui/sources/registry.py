"""The one table of systems: which package reads which kind of target."""

from importlib import import_module
from typing import NamedTuple, cast

from perftui.model.settings import Settings
from perftui.model.target import Connection, TargetKind
from perftui.sources.base import System


class Registered(NamedTuple):
    """A package with `open_system(connection, settings) -> System`, which does no I/O, and its client's library."""

    package: str
    library: str | None = None


SYSTEMS: dict[TargetKind, Registered] = {
    "mongodb": Registered("perftui.sources.mongodb", "pymongo"),
    "redis": Registered("perftui.sources.redis", "redis.asyncio"),
    "application": Registered("perftui.sources.application", "httpx"),
    "host": Registered("perftui.sources.host"),
}


def open_system(connection: Connection, settings: Settings) -> System:
    """The system that reads this connection's target; its package and library are imported only now.

    Importing a library takes up to 120 ms: call this in a thread, so that no source's `connect` holds up the screen.
    """
    registered = SYSTEMS[connection.target.kind]
    if registered.library is not None:
        import_module(registered.library)
    return cast("System", import_module(registered.package).open_system(connection, settings))
