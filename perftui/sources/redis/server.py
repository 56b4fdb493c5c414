"""The source of a Redis server's state: one INFO a poll."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from perftui.model.sample import Capability, Failure
from perftui.model.target import Connection
from perftui.sources.base import Reading, Source
from perftui.sources.redis.client import REFUSED, State, explain, grant, refused_state
from perftui.sources.redis.info import InfoReader, parse_info, server_time

if TYPE_CHECKING:
    from perftui.sources.redis import RedisSystem

_SECTIONS = (
    "server",
    "clients",
    "memory",
    "persistence",
    "stats",
    "replication",
    "cpu",
    "commandstats",
    "errorstats",
    "latencystats",
    "keyspace",
)


class RedisServerSource(Source):
    name: ClassVar[str] = "redis.server"

    def __init__(self, connection: Connection, system: RedisSystem) -> None:
        super().__init__(connection.target)
        self._connection, self._system = connection, system
        self.timeout_s = connection.timeout_s
        self._reader = InfoReader()
        self._sections: tuple[str, ...] = ()
        self._refused: BaseException | None = None

    async def connect(self) -> None:
        if self._refused is not None:
            raise self._refused
        await self._system.connect()
        version = parse_info(await self._info("server")).get("redis_version", "0")
        major = version.split(".")[0]
        takes_many = major.isdecimal() and int(major[:9]) >= 7
        self._sections = _SECTIONS if takes_many else ("all",)
        self.capabilities = (_capability(self._connection, "granted"),)

    async def read(self) -> Reading:
        sent = time.time()
        reply = await self._info(*self._sections)
        info = parse_info(reply)
        clock = server_time(info)
        offset = None if clock is None else clock - (sent + time.time()) / 2
        return Reading(
            self._reader.read(info, clock if clock is not None else time.monotonic()),
            received_bytes=len(reply),
            sent_commands=1,
            clock_offset_s=offset,
        )

    def explain(self, error: BaseException) -> Failure:
        failure = explain(error, self._connection)
        if failure.kind in REFUSED:
            self._refused = error
            self.capabilities = (_capability(self._connection, refused_state(error, failure.kind)),)
        if failure.kind in ("login", "unreachable", "refused", *REFUSED):
            self._connected = False
        return failure

    def expect_every(self, seconds: float) -> None:
        self._reader.expect_every(seconds)

    def reconnect(self) -> None:
        super().reconnect()
        self._refused = None

    async def _info(self, *sections: str) -> bytes:
        (reply,) = await self._system.ask(("INFO", *sections))
        if not isinstance(reply, bytes):
            raise ValueError("INFO gave no text")
        return reply


def _capability(connection: Connection, state: State) -> Capability:
    return Capability(
        name="info",
        state=state,
        shows="commands a second, hit rate, memory, clients, persistence, replication",
        needs="+info",
        grant=grant(connection) if state == "missing" else None,
    )
