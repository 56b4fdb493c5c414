"""The source of a server's state: one `serverStatus` a poll; what a login without that right can see of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from perftui.model.mongodb import MongoServer
from perftui.model.sample import Capability
from perftui.sources.base import Reading
from perftui.sources.mongodb.member import Member, MemberSource, Reply, is_not_allowed
from perftui.sources.mongodb.plain import part, real, text
from perftui.sources.mongodb.rights import Login
from perftui.sources.mongodb.server_status import StatusReader, excluded_sections, role_of

if TYPE_CHECKING:
    from perftui.sources.mongodb.system import MongoSystem

_SHORTEST_PAST_MS, _LONGEST_PAST_MS = 250.0, 10_000.0
"""Over less, rates are chance; what is older tells of another time."""
_CAPABILITIES = ("server status", "explain", "profiling level")
_BALANCED = "A load balancer chooses the mongos: the figures are those of the one that answered first."


class MongoServerSource(MemberSource):
    name: ClassVar[str] = "mongodb.server"

    def __init__(self, member: Member, system: MongoSystem) -> None:
        super().__init__(member)
        self._system = system
        self._reader = StatusReader()
        self._command: dict[str, Any] = {"serverStatus": 1}
        self._refused: str | None = None
        self._version: str | None = None

    async def connect(self) -> None:
        """One whole serverStatus tells which sections this version has; a refusal is remembered."""
        login = await self._member.look()
        self._system.learn(self._member, self._member.hello)
        self._refused = None
        if not login.may("server status") or not await self._look_at_sections():
            await self._see_without_status(login)
        self.capabilities = self._known_capabilities()

    async def read(self) -> Reading:
        started = time.perf_counter()
        sent_at = time.time()
        reply = await self._ask()
        self._member.ping_ms = (time.perf_counter() - started) * 1000
        status = reply.document
        offset = _clock_offset(status.get("localTime"), (sent_at + time.time()) / 2)
        balanced = _BALANCED if self._member.parts.load_balanced else None
        notes = tuple(note for note in (self._refused, balanced) if note is not None)
        return Reading(self._server(status), reply.received_bytes, 1, notes, offset)

    def expect_every(self, seconds: float) -> None:
        self._reader.expect_every(seconds)

    async def close(self) -> None:
        """A member that left its set takes its client along; else the system closes it, after the last poll."""
        await self._system.release(self._member)

    async def _ask(self) -> Reply:
        if self._refused is not None:
            return await self._member.ask_hello()
        return await self._member.ask(self._command)

    async def _look_at_sections(self) -> bool:
        """Whether the server answered."""
        try:
            reply = await self._member.ask({"serverStatus": 1})
        except Exception as error:
            if not is_not_allowed(error):
                raise
            return False
        self._command = {"serverStatus": 1, **excluded_sections(reply.document)}
        await self._know_before(reply.document)
        return True

    async def _know_before(self, status: Mapping[str, Any]) -> None:
        """What the server noted of itself up to a second ago: with it the first reading has rates already.

        Not through a bastion: it has a hundred kilobytes. Who may not read it waits for the second reading.
        """
        from pymongo.errors import PyMongoError

        if self._member.connection.way is not None:
            return
        try:
            reply = await self._member.ask({"getDiagnosticData": 1})
        except PyMongoError:
            return
        before = part(reply.document, "data", "serverStatus")
        now_ms, before_ms = real(status.get("uptimeMillis")), real(before.get("uptimeMillis"))
        if now_ms is None or before_ms is None or before.get("pid") != status.get("pid"):
            return
        if _SHORTEST_PAST_MS <= now_ms - before_ms <= _LONGEST_PAST_MS:
            self._reader.read(before)

    async def _see_without_status(self, login: Login) -> None:
        self._refused = (
            "serverStatus is refused to this login, so there are no figures of the server. "
            f"Grant: {login.grant('clusterMonitor')}"
        )
        try:
            self._version = text((await self._member.ask({"buildInfo": 1})).document.get("version"))
        except Exception as error:
            if not is_not_allowed(error):
                raise

    def _server(self, status: Mapping[str, Any]) -> MongoServer:
        member = self._member
        if self._refused is not None:
            self._system.learn(member, status)
            return MongoServer(version=self._version, role=self._role(status), set_name=text(status.get("setName")))
        repl = status.get("repl")
        if isinstance(repl, Mapping):
            self._system.learn(member, repl)
        server = self._reader.read(status)
        member.index_builds = server.index_builds
        member.connections = server.connections.current
        member.scans_per_s = server.work.collection_scans_per_s
        role = self._role(status)
        lag = member.lag_s if role == "SECONDARY" else None
        if role != server.role or lag is not None:
            server = msgspec.structs.replace(server, role=role, replication_lag_s=lag)
        return server

    def _role(self, status: Mapping[str, Any]) -> str:
        """serverStatus knows primary and secondary only; RECOVERING and its like come with the set's state."""
        role = role_of(status)
        return self._member.state_in_set or role if role == "OTHER" else role

    def _known_capabilities(self) -> tuple[Capability, ...]:
        found = self._member.capabilities(*_CAPABILITIES)
        if self._refused is None:
            return found
        return tuple(
            msgspec.structs.replace(item, state="missing") if item.name == "server status" else item for item in found
        )


def _clock_offset(local_time: object, middle_of_round_trip: float) -> float | None:
    if not isinstance(local_time, datetime):
        return None
    return local_time.replace(tzinfo=UTC).timestamp() - middle_of_round_trip
