"""Where slow queries are read when no profile can be: the log, and running operations. Each is behind one `read`."""

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from perftui.model.query import QuerySource
from perftui.sources.mongodb.profiled_databases import ProfiledDatabases
from perftui.sources.mongodb.sampled import RunningOperations, sample_pipeline
from perftui.sources.mongodb.slow_log import SlowLogTail

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

SLOW_LOG_EVERY_S = 2.0
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


class SlowLogReader:
    """The server's log in memory. Its reply is large, so it is read less often."""

    source: QuerySource = "slowlog"
    databases: tuple[str, ...] = ()

    def __init__(self, client: "Client", found: ProfiledDatabases, own_name: str, max_time_ms: int) -> None:
        self._client, self._found, self._max_time_ms = client, found, max_time_ms
        self._own_name = own_name
        self._tail = SlowLogTail(own_name)
        self._next = 0.0

    def begin_again(self) -> None:
        """Another place was read since: what was overwritten in the meantime is not lost."""
        self._tail = SlowLogTail(self._own_name)
        self.hurry()

    def hurry(self) -> None:
        """Read it with the next poll, however lately it was read."""
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
