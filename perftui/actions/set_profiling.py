"""Sets a database's profiling level, slowms, sample rate or filter, on one member, for a time that ends by itself."""

from __future__ import annotations

import time
from typing import Any

from perftui.actions.access import Access, Reached
from perftui.actions.base import UNDO_COMMAND, Description, Outcome, Problem
from perftui.actions.index_action import explain_on
from perftui.actions.journal import Journal, default_journal
from perftui.actions.mongosh import run_command
from perftui.actions.owner import own_pid, own_start
from perftui.actions.pending import open_windows
from perftui.actions.problems import blocks
from perftui.actions.profiling_settings import ProfilingSettings, in_words, intended, read_profiling
from perftui.actions.server_errors import code_of, lost
from perftui.actions.undo_data import KeptProfiling, UndoData
from perftui.model.target import Connection, Target
from perftui.sources.mongodb.client import max_time_ms

DEFAULT_S = 60.0
_FILTER_WIRE_VERSION = 9
_NOT_A_DATABASE = ' $/\\"\x00.'


class SetProfiling:
    """`SetProfiling(connection, member, "shop", ProfilingSettings(level=1, slow_ms=20))`.

    `target` is the member itself: a profile belongs to one member. This action sets; `ProfilingWindow` sets and puts
    back, so use that one wherever `seconds` is not `None`. `seconds=None` is for good: only undo puts it back.
    Raises `ValueError` for settings that no server accepts.
    """

    name = "set profiling"
    allowed_by = "dbAdmin"

    def __init__(
        self,
        connection: Connection,
        target: Target,
        database: str,
        settings: ProfilingSettings,
        *,
        seconds: float | None = DEFAULT_S,
        journal: Journal | None = None,
        role: str | None = None,
    ) -> None:
        if not database or any(sign in database for sign in _NOT_A_DATABASE):
            raise ValueError(f"{database!r} is no database's name")
        self.connection, self.target = connection, target
        self.database, self.settings, self.seconds = database, settings, seconds
        self.command: dict[str, Any] = {**settings.command(), "maxTimeMS": max_time_ms(connection)}
        self.host, self.role = target.name, role
        self.access = Access(connection, target)
        self._journal = journal
        self._before: KeptProfiling | None = None
        self._after: KeptProfiling | None = None
        self._until: float | None = None
        self._was_refused = False

    def describe(self) -> Description:
        return Description(
            title=f"Profile {self.database} at level {self.settings.level}",
            command=run_command(self.database, self.command),
            host=self.host,
            role=self.role,
            consequences=tuple(_consequences(self.settings, self.seconds, self._before)),
            undo=f"{UNDO_COMMAND} puts the old settings back, unless somebody else changed them meanwhile.",
            would=f"would set the profiling of {self.database} to level {self.settings.level}",
        )

    async def check(self) -> tuple[Problem, ...]:
        async with self.access.member() as reached:
            self.host, self.role = reached.address, reached.role
            problem = self._refusal(reached) or await self._without_database(reached)
            if problem is not None:
                return (problem,)
            self._before = await read_profiling(reached.client, self.database, max_time_ms(self.connection))
        return tuple(self._remarks(self._before))

    def _refusal(self, reached: Reached) -> Problem | None:
        if reached.role == "MONGOS":
            return blocks("a mongos has no profiler.", "Name a member of a shard.")
        if reached.role == "ARBITER":
            return blocks("an arbiter has no data to profile.", "Name another member.")
        if self.settings.filter is not None and int(reached.hello.get("maxWireVersion", 0)) < _FILTER_WIRE_VERSION:
            return blocks("a filter needs MongoDB 4.4.2 or later.", "Leave it out.")
        journal = self._journal or default_journal()
        if windows := open_windows(journal, reached.address):
            words = f"perftui profiles {windows[0].intent.undo.ns if windows[0].intent.undo else ''} there already."
            return blocks(words, f"Wait for its end, or: perftui index undo TARGET {windows[0].intent.id[:8]}")
        return None

    async def _without_database(self, reached: Reached) -> Problem | None:
        """Profiling a database that does not exist would create it."""
        command = {"listCollections": 1, "nameOnly": True, "authorizedCollections": True}
        reply = await reached.client[self.database].command({**command, "maxTimeMS": max_time_ms(self.connection)})
        if reply["cursor"]["firstBatch"]:
            return None
        words = f"there is no database {self.database} here, or this login sees nothing of it."
        return blocks(words, "The server would create it: check the name.")

    def _remarks(self, before: KeptProfiling) -> list[Problem]:
        if before.filter is not None and self.settings.filter is None:
            words = "A filter is set there: it counts instead of slowms and the sample rate."
            return [Problem(blocking=False, message=words)]
        return []

    async def run(self) -> Outcome:
        async with self.access.member() as reached:
            if self.seconds is not None:
                self._until = time.time() + self.seconds
            await self._send(reached)
            self._after = await read_profiling(reached.client, self.database, max_time_ms(self.connection))
        words = f"The profiling of {self.database} is at {in_words(self._after)}"
        if self._after.level != self.settings.level:
            return Outcome(state="unverified", message=f"{words}: not what was asked for.")
        return Outcome(state="done", message=f"{words}{self._ends()}.")

    async def _send(self, reached: Reached) -> None:
        try:
            await reached.client[self.database].command(self.command)
        except Exception as error:
            self._was_refused = code_of(error) is not None and not lost(error)
            raise

    def _ends(self) -> str:
        return "" if self.seconds is None else f" for {self.seconds:,.0f} s"

    def undo_data(self) -> UndoData | None:
        """In the journal before the command is sent: whoever finds it there can put the old settings back."""
        if self._before is None or self._was_refused:
            return UndoData() if self._was_refused else None
        until = self._until or (None if self.seconds is None else time.time() + self.seconds)
        return UndoData(
            kind="restore profiling",
            ns=self.database,
            member=self.host,
            connection=self.connection.target.id,
            before=self._before,
            after=self._after or intended(self._before, self.settings),
            until=until,
            owner_pid=own_pid(),
            owner_started=own_start(),
        )

    def explain(self, error: BaseException) -> str:
        return explain_on(self.access, error, self.database, self.allowed_by)


def _consequences(settings: ProfilingSettings, seconds: float | None, before: KeptProfiling | None) -> list[str]:
    found = []
    if before is not None:
        found.append(f"Now: {in_words(before)}.")
    if settings.level == 2:
        found.append("Everything is profiled: about a tenth of the throughput, and 1 MB holds about 800 operations.")
    if settings.slow_ms is not None or settings.sample_rate is not None:
        found.append("slowms and the sample rate hold for the whole mongod, its slow log too.")
    if settings.filter is not None and settings.filter != "unset":
        found.append("While the filter is set, slowms and the sample rate do not count, in the slow log neither.")
    if seconds is not None:
        found.append(
            f"The old settings come back after {seconds:,.0f} s, when perftui ends, or if killed, at its next start."
        )
    else:
        found.append("It stays so until somebody changes it, or the mongod restarts.")
    return found
