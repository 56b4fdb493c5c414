"""The source of SLOWLOG: what is new since the poll before, none twice, losses said."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from perftui.model.redis import RedisSlowCommand, RedisSlowLog
from perftui.model.sample import Capability, Failure
from perftui.model.target import Connection
from perftui.sources.base import Reading, Source
from perftui.sources.numbers import whole
from perftui.sources.redis.client import CLIENT_NAME, REFUSED, State, explain, grant, refused_state
from perftui.sources.redis.command_text import command_line, safe

if TYPE_CHECKING:
    from perftui.sources.redis import RedisSystem

_KEPT = 128
_ARRIVE_MEANWHILE = 32
"""So many more are asked for than are new: entries come in between the two questions too, and push the oldest out."""


class RedisSlowLogSource(Source):
    name: ClassVar[str] = "redis.slow_log"
    interval_s: ClassVar[float] = 2.0

    def __init__(self, connection: Connection, system: RedisSystem) -> None:
        super().__init__(connection.target)
        self._connection, self._system = connection, system
        self.timeout_s = connection.timeout_s
        self._entries: deque[RedisSlowCommand] = deque(maxlen=_KEPT)
        self._newest: int | None = None
        self._lost = 0
        self._threshold_us: int | None = None
        self._refused: BaseException | None = None
        self._notes: tuple[str, ...] = ()

    async def connect(self) -> None:
        if self._refused is not None:
            raise self._refused
        await self._system.connect()
        self._threshold_us = await self._read_threshold()
        self.capabilities = (_capability(self._connection, "granted"),)

    async def read(self) -> Reading:
        length, reply = await self._system.ask(("SLOWLOG", "LEN"), ("SLOWLOG", "GET", 1))
        sent, latest = 2, _entries(reply)
        if latest and latest[0][0] != self._newest:
            await self._read_new(latest[0][0])
            sent += 1
        log = RedisSlowLog(
            entries=tuple(self._entries), total=whole(length), lost_entries=self._lost, threshold_us=self._threshold_us
        )
        return Reading(log, sent_commands=sent, notes=self._notes)

    def explain(self, error: BaseException) -> Failure:
        failure = explain(error, self._connection)
        if failure.kind in REFUSED:
            self._refused = error
            self._connected = False
            self.capabilities = (_capability(self._connection, refused_state(error, failure.kind)),)
        return failure

    def reconnect(self) -> None:
        super().reconnect()
        self._refused = None

    async def _read_new(self, newest: int) -> None:
        """Ids grow by one for as long as the server lives, whoever resets the log; smaller ones mean a restart."""
        if self._newest is not None and newest < self._newest:
            self._newest, self._lost = None, 0
            self._entries.clear()
        wanted = _KEPT if self._newest is None else min(_KEPT, newest - self._newest)
        (reply,) = await self._system.ask(("SLOWLOG", "GET", wanted + _ARRIVE_MEANWHILE))
        new = [entry for entry in _entries(reply) if self._newest is None or entry[0] > self._newest][:_KEPT]
        if new and self._newest is not None:
            self._lost += max(0, new[-1][0] - self._newest - 1)
        for entry in reversed(new):
            parsed = _parse(entry)
            if parsed.client_name != CLIENT_NAME:
                self._entries.appendleft(parsed)
        self._newest = new[0][0] if new else newest

    async def _read_threshold(self) -> int | None:
        from redis.exceptions import ResponseError

        try:
            ((*_, value),) = await self._system.ask(("CONFIG", "GET", "slowlog-log-slower-than"))
        except (ResponseError, ValueError, TypeError):
            self._notes = ("The slow log's threshold may not be read (+config|get).",)
            return None
        return whole(int(value))


def _entries(reply: object) -> list[Sequence[Any]]:
    """Those that are entries; a proxy or a fork may answer with anything."""
    return [entry for entry in reply if _is_entry(entry)] if isinstance(reply, list) else []


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, list) or len(entry) < 4 or not isinstance(entry[3], list):
        return False
    return all(isinstance(number, int) and whole(number) is not None for number in entry[:3]) and all(
        isinstance(text, bytes) for text in (*entry[3], *entry[4:6])
    )


def _parse(entry: Sequence[Any]) -> RedisSlowCommand:
    """`[id, time, microseconds, [argument, ...], client, name]`; the last two since 4.0."""
    return RedisSlowCommand(
        id=entry[0],
        at=float(entry[1]),
        duration_us=entry[2],
        command=command_line(entry[3]),
        client=safe(entry[4]) if len(entry) > 4 else None,
        client_name=(safe(entry[5]) or None) if len(entry) > 5 else None,
    )


def _capability(connection: Connection, state: State) -> Capability:
    return Capability(
        name="slow log",
        state=state,
        shows="single slow commands",
        needs="+slowlog|get +slowlog|len",
        grant=grant(connection) if state == "missing" else None,
    )
