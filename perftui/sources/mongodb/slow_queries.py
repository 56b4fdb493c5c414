"""Slow queries of one member: from the profiler, else the slow log, else running operations."""

import asyncio
import time
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from perftui.model.query import SlowQuery, SlowQueryBatch
from perftui.model.sample import Capability, Failure
from perftui.model.target import Target
from perftui.sources.base import Reading, Source
from perftui.sources.mongodb.busy_namespaces import BusyNamespaces
from perftui.sources.mongodb.client import APP_NAME
from perftui.sources.mongodb.delivered import Delivered
from perftui.sources.mongodb.failures import GRANT, NOT_ALLOWED
from perftui.sources.mongodb.member import SAME_SERVER
from perftui.sources.mongodb.profile_entry import SlowestEntries, slow_queries
from perftui.sources.mongodb.profile_reader import IN_THREAD, ProfileReader
from perftui.sources.mongodb.profiled_databases import ProfiledDatabases
from perftui.sources.mongodb.rights import Login
from perftui.sources.mongodb.slow_query_readers import Found, Reader, SampleReader, SlowLogReader

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

_MAX_TIME_MS = 2000
_TURN_S = 1.0
"""Of a poll, for the levels of many databases, and again for their profiles; the next poll goes on with the others."""


class Server(Protocol):
    """A member and the one client that all its sources share."""

    target: Target
    timeout_s: float
    max_time_ms: int
    login: Login | None

    @property
    def is_mongos(self) -> bool: ...

    async def look(self) -> Login:
        """What the login may do there, found out once."""
        ...

    async def client(self) -> "AsyncMongoClient[dict[str, Any]]":
        """The connected client."""
        ...

    def explain(self, error: BaseException) -> Failure:
        """What went wrong, in words."""
        ...


class SlowQuerySource(Source):
    """Reads each slow query once, and says where from."""

    name: ClassVar[str] = "mongodb.slow_queries"
    interval_s: ClassVar[float] = 2.0
    """Each poll reads the last two seconds again, for entries that came late."""

    def __init__(self, server: Server, own_name: str = APP_NAME) -> None:
        super().__init__(server.target)
        self._server, self._own_name = server, own_name
        self.timeout_s = server.timeout_s
        self._turn_s = min(_TURN_S, server.timeout_s / 5)
        self._client: AsyncMongoClient[dict[str, Any]] | None = None
        self._reader: Reader | None = None
        self._fallbacks: list[Reader] = []
        self._next_look = 0.0
        self._delivered = Delivered()
        self._changed_places = False
        self._described: tuple[bool, bool] | None = None
        self._read_once = False
        self._slowest = SlowestEntries()
        self.busy = BusyNamespaces()
        """The collections that the entries so far were about."""

    async def connect(self) -> None:
        client, login = await self._server.client(), await self._server.look()
        if client is not self._client:
            self._read_with(client)
        absent = _NO_PROFILER if self._server.is_mongos else _NO_LOGIN if login.nobody else None
        self._found.forget_refusals(absent=absent, allowed=lambda name: login.allows("find", name, "system.profile"))
        self._log.hurry()
        self._fallbacks = [self._log] if login.may("slow log") else []
        if not login.nobody:
            self._fallbacks.append(SampleReader(client, self._own_name, self._limit_ms, login.may("operations")))
        self._next_look = 0.0

    def _read_with(self, client: "AsyncMongoClient[dict[str, Any]]") -> None:
        """The places reached in profiles and log are kept from one connect to the next: an outage is a long pause."""
        self._client, self._reader = client, None
        self._limit_ms = min(_MAX_TIME_MS, self._server.max_time_ms)
        self._found = ProfiledDatabases(client, self._limit_ms)
        self._profiles = ProfileReader(client, self._found, self._own_name, self._limit_ms, self._turn_s)
        self._log = SlowLogReader(client, self._found, self._own_name, self._limit_ms)

    def hurry(self) -> None:
        """Somebody may have switched a profiler on: look for it with the next poll."""
        self._next_look = 0.0

    def explain(self, error: BaseException) -> Failure:
        """What may mean another server, or a restart, may mean other levels too."""
        failure = self._server.explain(error)
        if failure.kind not in SAME_SERVER:
            self._next_look = 0.0
        return failure

    async def read(self) -> Reading:
        sent = await self._look()
        found = await self._from_best()
        entries = await self._parsed(found)
        self.busy.add(entries)
        reader = self._reader
        batch = SlowQueryBatch(
            entries=entries,
            read_from="none" if reader is None else reader.source,
            lost_entries=None if found.lost else 0,
            databases=() if reader is None else reader.databases,
            unbiased=self._profiles.unbiased if reader is self._profiles else (),
            backlog=not self._read_once,
        )
        self._read_once = True
        notes = (_NOTHING,) if reader is None else reader.notes()
        return Reading(batch, found.received_bytes, sent + found.sent_commands, notes)

    async def _look(self) -> int:
        """Look for profiled databases, or go on where the time of the poll before was up."""
        due = time.monotonic() >= self._next_look
        if not due and self._found.complete:
            return 0
        before = self._found.sent_commands
        self._profiles.follow(await self._found.look(self._turn_s, anew=due))
        if due:
            self._next_look = time.monotonic() + self._found.next_look_s
        return self._found.sent_commands - before

    async def _from_best(self) -> Found:
        """Read from the best place there is; what refuses is not asked again before `reconnect`."""
        from pymongo.errors import OperationFailure

        if self._profiles.has_something:
            self._use(self._profiles)
            found = await self._profiles.read()
            if self._profiles.databases or found.entries:
                self._describe()
                return found
        while self._fallbacks:
            self._use(self._fallbacks[0])
            try:
                found = await self._fallbacks[0].read()
            except OperationFailure as error:
                if error.code not in NOT_ALLOWED:
                    raise
                del self._fallbacks[0]
                continue
            self._describe()
            return found
        self._use(None)
        self._describe()
        return Found([])

    def _use(self, reader: Reader | None) -> None:
        """Change places: what the place before gave is not taken again from this one."""
        if reader is self._reader:
            return
        self._reader, self._changed_places = reader, reader is not self._profiles
        if reader is self._profiles:
            self._profiles.resume_after(self._delivered.until)
        elif reader is self._log:
            self._log.begin_again()

    async def _parsed(self, found: Found) -> tuple[SlowQuery, ...]:
        if len(found.entries) > IN_THREAD:
            entries = await asyncio.to_thread(slow_queries, found.entries, self._slowest)
        else:
            entries = slow_queries(found.entries, self._slowest)
        if self._reader is self._profiles:
            self._delivered.take_profiled(entries, self._profiles.databases)
            return entries
        if self._changed_places and found.sent_commands:
            entries = tuple(entry for entry in entries if not self._delivered.has(entry))
            self._changed_places = False
        self._delivered.take(entries)
        return entries

    def _describe(self) -> None:
        readable, log = self._found.readable, any(isinstance(each, SlowLogReader) for each in self._fallbacks)
        if (readable, log) == self._described:
            return
        self._described = readable, log
        login = self._server.login
        grant = GRANT if login is None else login.grant("clusterMonitor")
        self.capabilities = (
            _capability("profiler", readable, "every profiled query", grant),
            _capability("slow log", log, "slow queries where nothing is profiled", grant),
        )


def _capability(name: str, granted: bool, shows: str, grant: str) -> Capability:
    if granted:
        return Capability(name=name, state="granted", shows=shows)
    return Capability(name=name, state="missing", shows=shows, needs="clusterMonitor on admin", grant=grant)


_NO_PROFILER = "A mongos has no profiler"
_NO_LOGIN = "The server asks for a login"
_NOTHING = "Slow queries cannot be seen: profile, log and running operations were all refused to this login."
