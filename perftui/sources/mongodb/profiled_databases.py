"""Which databases are profiled. Asked rarely, a few at a time, and never again where the server refused."""

import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.sources.mongodb.failures import NOT_ALLOWED
from perftui.sources.mongodb.plain import documents, part, real, whole

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

LOOK_EVERY_S = 30.0
_DATABASES = 200
_MOST_NAMES = 10_000
_LIST_REFUSED = (13, 18, 8000)
_SAY_NOTHING_OF_COST = frozenset({"ns", "op", "appName", "client", "user"})


class Level(NamedTuple):
    """One database's profiling settings."""

    database: str
    level: int
    slow_ms: float | None
    sample_rate: float | None
    filtered: bool
    filtered_by: tuple[str, ...] = ()
    """The fields of the filter."""

    @property
    def unbiased(self) -> bool:
        """Whether it keeps executions however short they are: a filter takes the threshold's place."""
        if self.filtered:
            return bool(self.filtered_by) and set(self.filtered_by) <= _SAY_NOTHING_OF_COST
        return self.level == 2 or (self.level == 1 and self.slow_ms is not None and self.slow_ms <= 0)


class ProfiledDatabases:
    """Looks for profiled databases; remembers which may not be read."""

    def __init__(
        self, client: "AsyncMongoClient[dict[str, Any]]", max_time_ms: int, *, absent: str | None = None
    ) -> None:
        self._client, self._max_time_ms = client, max_time_ms
        self.absent = absent
        """Why nothing is asked at all, in words."""
        self._refused: set[str] = set()
        self._allowed: Callable[[str], bool] = _any
        self._list_refused = False
        self.sent_commands = 0
        self.names: tuple[str, ...] = ()
        self.left_out = 0
        """Databases whose level is not known yet."""
        self._levels: dict[str, Level] = {}
        self._asked: dict[str, int] = {}
        """The number of the command that asked for a database's level last."""
        self._waiting: list[str] = []
        self.slow_ms: float | None = None

    @property
    def readable(self) -> bool:
        """False when every database's level was refused."""
        return not self._list_refused and any(name not in self._refused for name in self.names)

    @property
    def next_look_s(self) -> float:
        """Seconds to wait before the next look, longer where there are many databases."""
        return max(LOOK_EVERY_S, 0.5 * len(self.names))

    @property
    def complete(self) -> bool:
        """Whether the last look came to its end."""
        return not self._waiting

    def may_read(self, database: str) -> bool:
        """False where its level was refused."""
        return database not in self._refused

    def refuse(self, database: str) -> None:
        """Do not ask this database again before `forget_refusals`."""
        self._refused.add(database)
        self._levels.pop(database, None)

    def forget_refusals(self, *, absent: str | None, allowed: Callable[[str], bool] | None = None) -> None:
        """The rights may be others now. The levels stay until they are asked for again.

        `allowed`: whether it is worth asking for a database's level; without it each is asked once.
        """
        self.absent, self._list_refused, self._allowed = absent, False, allowed or _any
        self._refused.clear()

    async def look(self, within_s: float = math.inf, *, anew: bool = True) -> list[Level]:
        """The databases whose level is 1 or 2, as far as is known when the time is up.

        Where it was not enough for all, the next look begins with the others; with `anew` false it asks only those.
        """
        if self.absent is not None:
            return []
        deadline = time.monotonic() + within_s
        if anew:
            await self._list()
        while self._waiting:
            await self._ask_next()
            if time.monotonic() >= deadline:
                break
        self.left_out = sum(name not in self._levels and name not in self._refused for name in self._asked)
        return [level for _, level in sorted(self._levels.items()) if level.level > 0]

    async def _list(self) -> None:
        from pymongo.errors import OperationFailure

        if self._list_refused:
            return
        self.sent_commands += 1
        try:
            reply = await self._client.admin.command(
                {"listDatabases": 1, "nameOnly": True, "maxTimeMS": self._max_time_ms}
            )
        except OperationFailure as error:
            if error.code not in _LIST_REFUSED:
                raise
            self._list_refused = True
            return
        names = sorted(str(each["name"]) for each in documents(reply.get("databases"), _MOST_NAMES) if "name" in each)
        self._asked = {name: self._asked.get(name, 0) for name in names}
        self._levels = {name: level for name, level in self._levels.items() if name in self._asked}
        self._waiting = self._of_this_turn(names)
        self.names = tuple(sorted(self._waiting))

    def _of_this_turn(self, names: list[str]) -> list[str]:
        """All, where they are few; else those found profiled before, and some others. Longest not asked first."""
        order = sorted(names, key=lambda name: self._asked[name])
        known = [name for name in order if self._is_profiled(name)][: _DATABASES - 1]
        others = [name for name in order if not self._is_profiled(name)][: _DATABASES - len(known)]
        return sorted([*known, *others], key=lambda name: self._asked[name])

    def _is_profiled(self, name: str) -> bool:
        return name in self._levels and self._levels[name].level > 0

    async def _ask_next(self) -> None:
        """An error that says nothing of the rights costs this database its turn, and no other."""
        from pymongo.errors import OperationFailure

        name = self._waiting.pop(0)
        self._asked[name] = self.sent_commands
        if not self._allowed(name):
            self.refuse(name)
        if name in self._refused:
            return
        self.sent_commands += 1
        try:
            reply = await self._client[name].command({"profile": -1, "maxTimeMS": self._max_time_ms})
        except OperationFailure as error:
            if error.code in NOT_ALLOWED:
                self.refuse(name)
            return
        except BaseException:
            self._waiting.append(name)
            raise
        self._levels[name] = _level_of(name, reply)
        self.slow_ms = self._levels[name].slow_ms


def _any(_database: str) -> bool:
    return True


def _level_of(name: str, reply: Mapping[str, Any]) -> Level:
    return Level(
        database=name,
        level=whole(reply.get("was")) or 0,
        slow_ms=real(reply.get("slowms")),
        sample_rate=real(reply.get("sampleRate")),
        filtered=bool(reply.get("filter")),
        filtered_by=tuple(map(str, part(reply, "filter"))),
    )
