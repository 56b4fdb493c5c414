"""What one server still knows of its slow queries: its profiles, else its log, else what runs just now."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.analysis.entries import Wanted, add_entries
from perftui.analysis.log_lines import LogLines
from perftui.analysis.workload import Workload
from perftui.model.analysis import AnalysisSource
from perftui.sources.mongodb.failures import NOT_ALLOWED
from perftui.sources.mongodb.profile_history import profile_history
from perftui.sources.mongodb.profiled_databases import Level, ProfiledDatabases
from perftui.sources.mongodb.profiler import decoded
from perftui.sources.mongodb.rights import Login
from perftui.sources.mongodb.slow_query_readers import SampleReader

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

MOST_ENTRIES = 1_000_000
"""Of all profiles of one member."""
_SAMPLE_EVERY_S = 0.5
_OVERWRITTEN, _TIME_LIMIT = 136, 50

Progress = Callable[[str, int], None]
"""Told what is read, and how many entries of it so far."""


class HistoryRead(NamedTuple):
    """Where the entries came from, and what could not be seen."""

    source: AnalysisSource
    notes: tuple[str, ...] = ()
    lost_entries: int | None = 0


class ServerHistory:
    """Reads one member once."""

    def __init__(
        self,
        client: "Client",
        login: Login,
        *,
        own_name: str,
        max_time_ms: int,
        is_mongos: bool = False,
        sample_s: float = 5.0,
        progress: Progress | None = None,
    ) -> None:
        self._client, self._login, self._own_name = client, login, own_name
        self._max_time_ms, self._sample_s = max_time_ms, sample_s
        absent = "A mongos has no profiler" if is_mongos else None
        self._found = ProfiledDatabases(client, max_time_ms, absent=absent)
        self._progress = progress or (lambda _what, _number: None)
        self._notes: list[str] = []
        self._lost: int | None = 0

    async def read(self, workload: Workload, wanted: Wanted) -> HistoryRead:
        """Count everything there is into the workload. Raises what PyMongo raises where the server is gone."""
        wanted = wanted._replace(own_name=self._own_name)
        levels = await self._found.look()
        read_profiles = await self._read_profiles(workload, wanted, levels)
        source: AnalysisSource | None = "profiler" if read_profiles else None
        self._note_profiles(levels, read_profiles)
        from_log = await self._read_log(workload, wanted, set(read_profiles))
        if source is None:
            source = "slowlog" if from_log else None
        elif from_log:
            self._notes.append(f"{from_log:,} slow queries of databases that are not profiled come from the log.")
        if source is None:
            await self._sample(workload, wanted)
            source = "currentop"
        return HistoryRead(source, tuple(self._notes), self._lost)

    async def _read_profiles(self, workload: Workload, wanted: Wanted, levels: list[Level]) -> list[str]:
        """The databases whose profile holds anything; profiles that are switched off may still do."""
        profiled = [level.database for level in levels]
        others = [name for name in self._found.names if name not in profiled and self._found.may_read(name)]
        chosen = [name for name in [*profiled, *others] if wanted.ns is None or name == wanted.ns.partition(".")[0]]
        found, left = [], MOST_ENTRIES
        for name in chosen:
            number = await self._read_profile(workload, wanted, name, left)
            left -= number
            if number:
                found.append(name)
        return found

    async def _read_profile(self, workload: Workload, wanted: Wanted, name: str, most: int) -> int:
        from pymongo.errors import OperationFailure

        number = 0
        try:
            async for batch in profile_history(self._client, name, own_name=self._own_name, since=wanted.since):
                entries = decoded(name, batch.documents)
                await asyncio.to_thread(add_entries, workload, entries, wanted)
                number += len(entries)
                self._progress(f"profile of {name}", number)
                if number >= most:
                    self._notes.append(f"Only the newest {number:,} entries of the profile of {name} were read.")
                    break
        except OperationFailure as error:
            if error.code in NOT_ALLOWED:
                self._found.refuse(name)
            elif error.code in (_OVERWRITTEN, _TIME_LIMIT):
                self._lost = None
                self._notes.append(f"The profile of {name} was overwritten while it was read, or was too long.")
            else:
                raise
        return number

    def _note_profiles(self, levels: list[Level], read: list[str]) -> None:
        profiled = {level.database for level in levels}
        if read:
            self._notes.append(f"Read from the profile of {_few(read)}.")
            if stale := [name for name in read if name not in profiled]:
                self._notes.append(f"The profiler of {_few(stale)} is switched off now: its entries may be old.")
        for level in levels:
            if level.level == 1 and level.slow_ms:
                self._notes.append(f"The profile of {level.database} holds what takes over {level.slow_ms:g} ms.")
            if level.sample_rate not in (None, 1.0) or level.filtered:
                self._notes.append(f"The profiler of {level.database} samples or filters: it holds only a part.")
        if read:
            return
        if self._found.absent is not None:
            self._notes.append(f"{self._found.absent}: name a shard's member to read its profile.")
        elif not self._found.readable:
            grant = self._login.grant("clusterMonitor")
            self._notes.append(f"This login may not read the profile. Grant: {grant}")
        elif not levels:
            self._notes.append(_NOT_PROFILED)
        else:
            self._notes.append(f"The profile of {_few(sorted(profiled))} is empty.")

    async def _read_log(self, workload: Workload, wanted: Wanted, profiled: set[str]) -> int:
        """Slow queries of the log in memory, of databases whose profile does not hold them already."""
        from pymongo.errors import OperationFailure

        if not self._login.may("slow log"):
            if not profiled:
                grant = self._login.grant("clusterMonitor")
                self._notes.append(f"This login may not read the server's log. Grant: {grant}")
            return 0
        try:
            reply = await self._client.admin.command(
                {"getLog": "global", "maxTimeMS": self._max_time_ms, "comment": "perftui: analyze"}
            )
        except OperationFailure as error:
            if error.code not in NOT_ALLOWED:
                raise
            return 0
        texts = reply.get("log")
        lines = [line.encode("utf-8", "replace") for line in texts if isinstance(line, str)] if texts else []
        before = workload.entries
        await asyncio.to_thread(LogLines(workload, wanted, leave_out=frozenset(profiled)).add, lines)
        if not profiled:
            self._lost = None if reply.get("totalLinesWritten", 0) > len(lines) else self._lost
            self._notes.append(_FROM_LOG.format(len(lines)))
        return workload.entries - before

    async def _sample(self, workload: Workload, wanted: Wanted) -> None:
        from pymongo.errors import OperationFailure

        reader = SampleReader(self._client, self._own_name, self._max_time_ms, self._login.may("operations"))
        end = time.monotonic() + self._sample_s
        self._lost = None
        try:
            while (left := end - time.monotonic()) > 0:
                found = await reader.read()
                add_entries(workload, found.entries, wanted)
                self._progress("running operations", workload.entries)
                await asyncio.sleep(min(_SAMPLE_EVERY_S, left))
        except OperationFailure as error:
            if error.code not in NOT_ALLOWED:
                raise
            self._notes.append("Running operations may not be read either.")
            return
        add_entries(workload, reader.rest(), wanted)
        whose = "" if self._login.may("operations") else "; only this login's own can be seen"
        self._notes.append(
            f"Running operations were sampled for {self._sample_s:g} s: only what runs 100 ms or longer is seen{whose}."
        )


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")


_NOT_PROFILED = (
    "No database is profiled, so only slow queries are known. In the database to look at, "
    "db.setProfilingLevel(1, {slowms: 0, sampleRate: 0.1}) profiles a tenth of all; db.setProfilingLevel(0) ends it. "
    "slowms and sampleRate hold for the whole server: note what they were."
)
_FROM_LOG = "Read from the server's log in memory, which keeps its last {:,} lines."
