"""The profiles of all profiled databases, read in turn as far as the time goes."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from perftui.model.query import QuerySource
from perftui.sources.mongodb.failures import UNAUTHORIZED
from perftui.sources.mongodb.profiled_databases import Level, ProfiledDatabases
from perftui.sources.mongodb.profiler import DatabaseProfile, decoded, stored
from perftui.sources.mongodb.slow_query_readers import Found

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient
    from pymongo.errors import OperationFailure

    Client = AsyncMongoClient[dict[str, Any]]

IN_THREAD = 200
"""More entries than these take over 20 ms: that work leaves the event loop."""


class ProfileReader:
    """Begins with the databases that were not read for longest; what one read cannot hand out, the next one does."""

    source: QuerySource = "profiler"

    def __init__(
        self, client: "Client", found: ProfiledDatabases, own_name: str, max_time_ms: int, within_s: float
    ) -> None:
        self._client, self._found, self._own_name = client, found, own_name
        self._max_time_ms, self._within_s = max_time_ms, within_s
        self._profiles: dict[str, DatabaseProfile] = {}
        self._levels: list[Level] = []
        self.databases: tuple[str, ...] = ()
        self._round = 0
        self._read_in: dict[str, int] = {}
        """The round in which each database was read last."""
        self._kept: list[tuple[str, list[bytes]]] = []
        self._lost, self._received, self._sent = False, 0, 0
        self._failing: dict[str, OperationFailure] = {}
        self._handed_out_until: Callable[[str], float] = _never
        self._joined: set[str] = set()

    @property
    def unbiased(self) -> tuple[str, ...]:
        """Databases whose profile keeps executions however short they are."""
        return tuple(level.database for level in self._levels if level.unbiased)

    @property
    def has_something(self) -> bool:
        """A profile to read, or entries that were read and not handed out yet."""
        return bool(self.databases or self._kept)

    def follow(self, levels: list[Level]) -> None:
        """Read these databases from now on; the place reached in those read before is kept."""
        self._levels = levels
        self.databases = tuple(level.database for level in levels)
        for name in self.databases:
            self._profiles.setdefault(name, DatabaseProfile(self._client, name, self._own_name))

    def resume_after(self, until: Callable[[str], float]) -> None:
        """Other places gave what each database had up to a moment: it is not taken again from its profile.

        `until`: of a database the Unix seconds, asked when its profile is read first.
        """
        self._handed_out_until = until
        self._joined.clear()

    async def read(self) -> Found:
        """Everything new, of as many databases as the time allows. Raises where none of them can be read.

        What was read before an error or the end of a poll comes with the next call.
        """
        if not self._kept:
            await self._read_in_turn()
        if sum(len(documents) for _, documents in self._kept) > IN_THREAD:
            entries = await asyncio.to_thread(_all_decoded, self._kept)
        else:
            entries = _all_decoded(self._kept)
        found = Found(entries, self._lost, self._received, self._sent)
        self._kept, self._lost, self._received, self._sent = [], False, 0, 0
        return found

    async def _read_in_turn(self) -> None:
        from pymongo.errors import OperationFailure

        deadline, answered = time.monotonic() + self._within_s, False
        self._round, self._failing = self._round + 1, {}
        for name in sorted(self.databases, key=lambda name: self._read_in.get(name, 0)):
            self._read_in[name] = self._round
            try:
                await self._read_one(name)
                answered = True
            except OperationFailure as error:
                self._take_refusal(name, error)
            if answered and time.monotonic() >= deadline:
                return
        if self._failing and not answered:
            raise next(iter(self._failing.values()))

    async def _read_one(self, name: str) -> None:
        read = await self._profiles[name].read(self._max_time_ms)
        documents = read.documents
        if name not in self._joined:
            self._joined.add(name)
            until = self._handed_out_until(name)
            documents = [one for one in documents if not 0 < stored(one).at <= until]
        self._kept.append((name, documents))
        self._lost = self._lost or read.overrun
        self._received, self._sent = self._received + read.received_bytes, self._sent + read.sent_commands

    def _take_refusal(self, name: str, error: "OperationFailure") -> None:
        """A missing right holds for good; anything else for this time, and for this database alone."""
        if error.code != UNAUTHORIZED:
            self._failing[name] = error
            return
        self._found.refuse(name)
        self.follow([level for level in self._levels if level.database != name])

    def notes(self) -> tuple[str, ...]:
        slow = next((level.slow_ms for level in self._levels if level.level == 1), None)
        over = "" if slow is None else f" It holds what takes over {slow:g} ms."
        notes = [f"Slow queries are read from the profiler of {_few(self.databases)}.{over}"]
        rate = next((level.sample_rate for level in self._levels if level.sample_rate not in (None, 1.0)), None)
        if rate is not None:
            notes.append(f"The profiler samples: it keeps {rate:.0%} of the slow operations.")
        if any(level.filtered for level in self._levels):
            notes.append("A profile filter is set: only what matches it is seen.")
        if self._failing:
            notes.append(f"The profile of {_few(tuple(self._failing))} could not be read this time; it is tried again.")
        if self._found.left_out:
            notes.append(f"{self._found.left_out} databases are still to be looked at.")
        return tuple(notes)


def _never(_database: str) -> float:
    return 0.0


def _all_decoded(kept: list[tuple[str, list[bytes]]]) -> list[dict[str, object]]:
    return [entry for name, documents in kept for entry in decoded(name, documents)]


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")
