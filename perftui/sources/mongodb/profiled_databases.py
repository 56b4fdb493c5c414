"""Which databases are profiled. Asked rarely, and never again where the server refused."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.sources.mongodb.plain import documents, part, real, whole

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

LOOK_EVERY_S = 30.0
_DATABASES = 200
_MOST_NAMES = 10_000
_REFUSED = (13, 18, 8000)
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
        self._list_refused = False
        self.sent_commands = 0
        self.names: tuple[str, ...] = ()
        self.left_out = 0
        """Databases whose turn to be looked at has not come yet."""
        self._profiled: set[str] = set()
        self._seen: set[str] = set()
        self._turn = 0
        self.slow_ms: float | None = None

    @property
    def readable(self) -> bool:
        """False when every database's level was refused."""
        return not self._list_refused and any(name not in self._refused for name in self.names)

    @property
    def next_look_s(self) -> float:
        """Seconds to wait before the next look, longer where there are many databases."""
        return max(LOOK_EVERY_S, 0.5 * len(self.names))

    def may_read(self, database: str) -> bool:
        """False where its level was refused."""
        return database not in self._refused

    def refuse(self, database: str) -> None:
        """Never ask this database again."""
        self._refused.add(database)

    async def look(self) -> list[Level]:
        """The databases whose level is 1 or 2."""
        if self.absent is not None:
            return []
        await self._list()
        levels: list[Level] = []
        for name in self.names:
            if name in self._refused:
                continue
            level = await self._level(name)
            if level is not None:
                self.slow_ms = level.slow_ms
                if level.level > 0:
                    levels.append(level)
        self._profiled = {level.database for level in levels}
        return levels

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
            if error.code not in _REFUSED:
                raise
            self._list_refused = True
            return
        names = sorted(str(each["name"]) for each in documents(reply.get("databases"), _MOST_NAMES) if "name" in each)
        self.names = tuple(self._of_this_turn(names))
        self._seen = self._seen.intersection(names).union(self.names)
        self.left_out = len(names) - len(self._seen)

    def _of_this_turn(self, names: list[str]) -> list[str]:
        """All, where they are few; else those found profiled before, and the next of the others."""
        if len(names) <= _DATABASES:
            return names
        known = [name for name in names if name in self._profiled][: _DATABASES - 1]
        others = [name for name in names if name not in self._profiled]
        start = self._turn % len(others) if others else 0
        next_ones = (others[start:] + others[:start])[: _DATABASES - len(known)]
        self._turn = start + len(next_ones)
        return known + next_ones

    async def _level(self, name: str) -> Level | None:
        from pymongo.errors import OperationFailure

        self.sent_commands += 1
        try:
            reply = await self._client[name].command({"profile": -1, "maxTimeMS": self._max_time_ms})
        except OperationFailure as error:
            if error.code == 50:
                return None
            self.refuse(name)
            return None
        return _level_of(name, reply)


def _level_of(name: str, reply: Mapping[str, Any]) -> Level:
    return Level(
        database=name,
        level=whole(reply.get("was")) or 0,
        slow_ms=real(reply.get("slowms")),
        sample_rate=real(reply.get("sampleRate")),
        filtered=bool(reply.get("filter")),
        filtered_by=tuple(map(str, part(reply, "filter"))),
    )
