"""The three places where slow queries can be read, each behind one `read`."""

import asyncio
import time
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from perftui.model.query import QuerySource
from perftui.sources.mongodb.profiled_databases import Level, ProfiledDatabases
from perftui.sources.mongodb.profiler import DatabaseProfile
from perftui.sources.mongodb.sampled import RunningOperations, sample_pipeline
from perftui.sources.mongodb.slow_log import SlowLogTail

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

SLOW_LOG_EVERY_S = 2.0
IN_THREAD = 200
"""More entries than these take over 20 ms: that work leaves the event loop."""
_NONE_PROFILED = "No database is profiled"
_COMMENT = "perftui: slow queries"


class Found(NamedTuple):
    """What one read gave."""

    entries: list[dict[str, object]]
    """Under the profile's names, oldest first."""
    lost: bool = False
    received_bytes: int = 0
    sent_commands: int = 0


class Reader(Protocol):
    """One place to read from."""

    source: QuerySource
    databases: tuple[str, ...]

    async def read(self) -> Found:
        """Everything new. Raises what PyMongo raises."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Which place this is, and what cannot be seen there, in sentences."""
        ...


class ProfileReader:
    """The profiles of all profiled databases."""

    source: QuerySource = "profiler"

    def __init__(self, client: "Client", found: ProfiledDatabases, own_name: str, max_time_ms: int) -> None:
        self._client, self._found, self._own_name = client, found, own_name
        self._max_time_ms = max_time_ms
        self._profiles: dict[str, DatabaseProfile] = {}
        self._levels: list[Level] = []
        self.databases: tuple[str, ...] = ()

    @property
    def unbiased(self) -> tuple[str, ...]:
        """Databases whose profile keeps executions however short they are."""
        return tuple(level.database for level in self._levels if level.unbiased)

    def follow(self, levels: list[Level]) -> None:
        """Read these databases from now on; the place reached in those read before is kept."""
        self._levels = levels
        self.databases = tuple(level.database for level in levels)
        for name in self.databases:
            self._profiles.setdefault(name, DatabaseProfile(self._client, name, self._own_name))

    async def read(self) -> Found:
        entries: list[dict[str, object]] = []
        lost, received, sent = False, 0, 0
        for name in self.databases:
            try:
                read = await self._profiles[name].read(self._max_time_ms)
            except Exception as error:
                if getattr(error, "code", None) != 13:
                    raise
                self._found.refuse(name)
                self.follow([level for level in self._levels if level.database != name])
                continue
            if len(read.documents) > IN_THREAD:
                entries.extend(await asyncio.to_thread(decoded, name, read.documents))
            else:
                entries.extend(decoded(name, read.documents))
            lost, received, sent = lost or read.overrun, received + read.received_bytes, sent + read.sent_commands
        return Found(entries, lost, received, sent)

    def notes(self) -> tuple[str, ...]:
        shown = ", ".join(self.databases[:5]) + (f" and {len(self.databases) - 5} more" if self.databases[5:] else "")
        slow = next((level.slow_ms for level in self._levels if level.level == 1), None)
        over = "" if slow is None else f" It holds what takes over {slow:g} ms."
        notes = [f"Slow queries are read from the profiler of {shown}.{over}"]
        rate = next((level.sample_rate for level in self._levels if level.sample_rate not in (None, 1.0)), None)
        if rate is not None:
            notes.append(f"The profiler samples: it keeps {rate:.0%} of the slow operations.")
        if any(level.filtered for level in self._levels):
            notes.append("A profile filter is set: only what matches it is seen.")
        if self._found.left_out:
            notes.append(f"{self._found.left_out} databases are still to be looked at.")
        return tuple(notes)


def decoded(database: str, documents: Iterable[bytes]) -> list[dict[str, object]]:
    """Profiled documents read leniently: far dates and broken UTF-8 are kept, not refused."""
    from bson import CodecOptions, decode
    from bson.codec_options import DatetimeConversion
    from bson.errors import BSONError

    options: CodecOptions[dict[str, Any]] = CodecOptions(
        datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace"
    )
    entries: list[dict[str, object]] = []
    for document in documents:
        try:
            entries.append(decode(document, options))
        except (BSONError, ValueError, OverflowError, RecursionError) as error:
            entries.append({"ns": f"{database}.?", "errMsg": f"This entry cannot be read: {error}", "raw": document})
    return entries


class SlowLogReader:
    """The server's log in memory. Its reply is large, so it is read less often."""

    source: QuerySource = "slowlog"
    databases: tuple[str, ...] = ()

    def __init__(self, client: "Client", found: ProfiledDatabases, own_name: str, max_time_ms: int) -> None:
        self._client, self._found, self._max_time_ms = client, found, max_time_ms
        self._tail = SlowLogTail(own_name)
        self._next = 0.0

    async def read(self) -> Found:
        if time.monotonic() < self._next:
            return Found([])
        command = {"getLog": "global", "comment": _COMMENT, "maxTimeMS": self._max_time_ms}
        reply = await self._client.admin.command(command)
        self._next = time.monotonic() + SLOW_LOG_EVERY_S - 0.1
        read = self._tail.take(reply)
        return Found(read.entries, read.lost, sum(len(line) + 12 for line in reply["log"]), 1)

    def notes(self) -> tuple[str, ...]:
        slow = f"{self._found.slow_ms:g} ms" if self._found.slow_ms is not None else "its threshold (100 ms by default)"
        why = self._none_profiled() if self._found.readable else "The profile may not be read with this login"
        why = self._found.absent or why
        return (f"{why}, so slow queries are read from the server's log: only what took over {slow}.",)

    def _none_profiled(self) -> str:
        left = self._found.left_out
        return f"No profiled database is found yet, and {left} are still to be looked at" if left else _NONE_PROFILED


class SampleReader:
    """The operations that run at the moment of each poll."""

    source: QuerySource = "currentop"
    databases: tuple[str, ...] = ()

    def __init__(self, client: "Client", own_name: str, max_time_ms: int, all_users: bool = True) -> None:
        self._client, self._own_name, self._max_time_ms = client, own_name, max_time_ms
        self._running = RunningOperations()
        self._all_users = all_users

    async def read(self) -> Found:
        try:
            operations = await self._operations()
        except Exception as error:
            if getattr(error, "code", None) != 13 or not self._all_users:
                raise
            self._all_users = False
            operations = await self._operations()
        now = max((_clock(each) for each in operations), default=time.time())
        return Found(self._running.take(operations, now), False, 0, 1)

    def rest(self) -> list[dict[str, object]]:
        """Those that were still running at the last look, when there is to be no other."""
        return self._running.take((), time.time())

    async def _operations(self) -> list[dict[str, Any]]:
        pipeline = sample_pipeline(self._own_name, self._all_users)
        cursor = await self._client.admin.aggregate(pipeline, maxTimeMS=self._max_time_ms, comment=_COMMENT)
        return await cursor.to_list()

    def notes(self) -> tuple[str, ...]:
        seen = "" if self._all_users else " Only this login's own operations can be seen."
        return (
            "Neither profile nor log may be read, so slow queries are sampled from running operations: "
            f"only what runs 100 ms or more, and durations are at least what is shown.{seen}",
        )


def _clock(operation: dict[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(operation.get("currentOpTime"))).timestamp()
    except ValueError:
        return 0.0
