"""Which databases are profiled. Asked rarely, and never again where the server refused."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

LOOK_EVERY_S = 30.0
_DATABASES = 200
_REFUSED = (13, 18, 8000)


class Level(NamedTuple):
    """One database's profiling settings."""

    database: str
    level: int
    slow_ms: float | None
    sample_rate: float | None
    filtered: bool


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
        """Databases beyond the bound, at which was not looked."""
        self.slow_ms: float | None = None

    @property
    def readable(self) -> bool:
        """False when every database's level was refused."""
        return not self._list_refused and any(name not in self._refused for name in self.names)

    @property
    def next_look_s(self) -> float:
        """Seconds to wait before the next look, longer where there are many databases."""
        return max(LOOK_EVERY_S, 0.5 * len(self.names))

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
        names = sorted(str(each["name"]) for each in reply["databases"])
        self.names, self.left_out = tuple(names[:_DATABASES]), max(len(names) - _DATABASES, 0)

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
    slow, rate = reply.get("slowms"), reply.get("sampleRate")
    return Level(
        database=name,
        level=int(reply.get("was") or 0),
        slow_ms=float(slow) if isinstance(slow, int | float) else None,
        sample_rate=float(rate) if isinstance(rate, int | float) else None,
        filtered=bool(reply.get("filter")),
    )
