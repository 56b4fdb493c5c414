"""An application's metrics over HTTP: perftui's document, the older system's, or Prometheus text of any exporter."""

from collections.abc import Sequence

from perftui.model.settings import Settings
from perftui.model.target import Connection
from perftui.sources.application.source import ApplicationSource
from perftui.sources.base import Source, System

__all__ = ["open_system"]


class ApplicationSystem:
    """One source behind one URL."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._source = ApplicationSource(connection, settings.window_s)

    def sources(self) -> Sequence[Source]:
        return (self._source,)

    async def close(self) -> None:
        await self._source.close()


def open_system(connection: Connection, settings: Settings) -> System:
    return ApplicationSystem(connection, settings)
