"""Redis and Valkey: INFO and SLOWLOG."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from perftui.model.settings import Settings
from perftui.model.target import Connection
from perftui.sources.base import Source, System
from perftui.sources.redis.client import open_client
from perftui.sources.redis.server import RedisServerSource
from perftui.sources.redis.slow_log import RedisSlowLogSource

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["open_system"]


class RedisSystem:
    """The two sources of one Redis, which share a client."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client: Redis | None = None
        self._named = True
        self._connecting = asyncio.Lock()
        self._sources = (RedisServerSource(connection, self), RedisSlowLogSource(connection, self))

    def sources(self) -> Sequence[Source]:
        return self._sources

    async def connect(self) -> None:
        """Make one connection, under our name where the user may give it one. Raises what the client raises."""
        from redis.exceptions import NoPermissionError

        # Both sources connect at once: the one that is refused our name must not close the client under the other.
        async with self._connecting:
            try:
                await self._make_connection()
            except NoPermissionError:
                if not self._named:
                    raise
                await self.close()
                self._named = False
                await self._make_connection()

    async def _make_connection(self) -> None:
        pool = self.client().connection_pool
        connection = await pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        await pool.release(connection)

    def client(self) -> Redis:
        """The shared client, opened when it is first asked for."""
        if self._client is None:
            self._client = open_client(self._connection, named=self._named)
        return self._client

    async def ask(self, *commands: tuple[str | int, ...]) -> list[Any]:
        """Replies to several commands in one round trip. Raises the first error among them."""
        async with self.client().pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            return list(await pipeline.execute())

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()


def open_system(connection: Connection, _settings: Settings) -> System:
    return RedisSystem(connection)
