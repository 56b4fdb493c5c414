"""The source of a server's state: one `serverStatus` a poll; what a login without that right can see of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from perftui.model.mongodb import MongoServer
from perftui.model.sample import Capability, Failure
from perftui.sources.base import Reading, Source
from perftui.sources.mongodb.member import Member, is_not_allowed
from perftui.sources.mongodb.server_status import StatusReader, excluded_sections, role_of

if TYPE_CHECKING:
    from perftui.sources.mongodb.system import MongoSystem

_CAPABILITIES = ("server status", "explain", "profiling level")


class MongoServerSource(Source):
    name: ClassVar[str] = "mongodb.server"

    def __init__(self, member: Member, system: MongoSystem) -> None:
        super().__init__(member.target)
        self._member, self._system = member, system
        self.timeout_s = member.connection.timeout_s
        self._reader = StatusReader()
        self._excluded: dict[str, int] = {}
        self._refused: str | None = None
        self._version: str | None = None

    async def connect(self) -> None:
        """One whole serverStatus tells which sections this version has; a refusal is remembered."""
        client = await self._member.client()
        hello = await client.admin.command({"hello": 1, "maxTimeMS": self._member.max_time_ms})
        self._system.learn(self._member, hello)
        self._excluded = {}
        if self._refused is None:
            await self._look_at_sections()
        await self._member.look_at_rights(open_server=self._refused is None)
        self.capabilities = self._known_capabilities()

    async def read(self) -> Reading:
        client = await self._member.client()
        started = time.perf_counter()
        sent_at = time.time()
        if self._refused is None:
            command = {"serverStatus": 1, **self._excluded, "maxTimeMS": self._member.max_time_ms}
        else:
            command = {"hello": 1, "maxTimeMS": self._member.max_time_ms}
        status = await client.admin.command(command)
        self._member.ping_ms = (time.perf_counter() - started) * 1000
        offset = _clock_offset(status.get("localTime"), (sent_at + time.time()) / 2)
        notes = () if self._refused is None else (self._refused,)
        return Reading(self._server(status), sent_commands=1, notes=notes, clock_offset_s=offset)

    def explain(self, error: BaseException) -> Failure:
        failure = self._member.explain(error)
        if failure.kind == "login":
            self._connected = False
        return failure

    def reconnect(self) -> None:
        super().reconnect()
        self._refused = None
        self._member.forget_rights()

    async def close(self) -> None:
        """A member that left its set takes its client along; else the system closes it, after the last poll."""
        if self._member not in self._system.members():
            await self._member.close()

    async def _look_at_sections(self) -> None:
        client = await self._member.client()
        try:
            whole = await client.admin.command({"serverStatus": 1, "maxTimeMS": self._member.max_time_ms})
        except Exception as error:
            if not is_not_allowed(error):
                raise
            await self._member.look_at_rights(open_server=False)
            await self._see_without_status(client)
            return
        self._excluded = excluded_sections(whole)

    async def _see_without_status(self, client: Any) -> None:
        login = self._member.login
        grant = login.grant("clusterMonitor") if login is not None else ""
        self._refused = f"serverStatus is refused to this login, so there are no figures of the server. Grant: {grant}"
        build = await client.admin.command({"buildInfo": 1, "maxTimeMS": self._member.max_time_ms})
        self._version = build.get("version")

    def _server(self, status: Mapping[str, Any]) -> MongoServer:
        member = self._member
        if self._refused is not None:
            self._system.learn(member, status)
            return MongoServer(version=self._version, role=self._role(status), set_name=status.get("setName"))
        repl = status.get("repl")
        if isinstance(repl, Mapping):
            self._system.learn(member, repl)
        server = self._reader.read(status)
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
