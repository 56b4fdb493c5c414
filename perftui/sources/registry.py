"""The one table of systems: which package reads which kind of target."""

from importlib import import_module
from typing import cast

from perftui.model.settings import Settings
from perftui.model.target import Connection, TargetKind
from perftui.sources.base import System

SYSTEMS: dict[TargetKind, str] = {
    "mongodb": "perftui.sources.mongodb",
    "redis": "perftui.sources.redis",
    "application": "perftui.sources.application",
    "host": "perftui.sources.host",
}
"""Each package has `open_system(connection, settings) -> System`, which does no I/O."""


def open_system(connection: Connection, settings: Settings) -> System:
    """The system that reads this connection's target; its package is imported only now."""
    package = import_module(SYSTEMS[connection.target.kind])
    return cast("System", package.open_system(connection, settings))
