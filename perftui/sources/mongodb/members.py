"""The source of a replica set's members, as one of them sees the set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from perftui.model.mongodb import Member as SetMember
from perftui.model.mongodb import ReplicaSet
from perftui.model.sample import Failure
from perftui.sources.base import Reading, Source
from perftui.sources.mongodb.member import Member, is_not_allowed

if TYPE_CHECKING:
    from perftui.sources.mongodb.system import MongoSystem

_HELLO_LISTS = ("hosts", "passives", "arbiters")


class MongoMembersSource(Source):
    name: ClassVar[str] = "mongodb.members"
    interval_s: ClassVar[float] = 5.0

    def __init__(self, member: Member, system: MongoSystem) -> None:
        super().__init__(member.target)
        self._member, self._system = member, system
        self.timeout_s = member.connection.timeout_s
        self._refused: str | None = None
        self._configuration: tuple[int, dict[str, Mapping[str, Any]]] | None = None
        self._hello: Mapping[str, Any] = {}

    async def connect(self) -> None:
        client = await self._member.client()
        self._hello = await client.admin.command({"hello": 1, "maxTimeMS": self._member.max_time_ms})
        self._system.learn(self._member, self._hello)
        await self._member.look_at_rights(open_server=True)
        self.capabilities = self._member.capabilities("members") if "setName" in self._hello else ()

    async def read(self) -> Reading:
        if "setName" not in self._hello:
            return Reading(None, notes=(_alone(self._hello),))
        client = await self._member.client()
        if self._refused is None:
            try:
                status = await client.admin.command({"replSetGetStatus": 1, "maxTimeMS": self._member.max_time_ms})
            except Exception as error:
                if not is_not_allowed(error):
                    raise
                self._refuse()
            else:
                votes = await self._votes(client, status)
                return Reading(self._from_status(status, votes), sent_commands=1)
        self._hello = await client.admin.command({"hello": 1, "maxTimeMS": self._member.max_time_ms})
        notes = (self._refused,) if self._refused else ()
        return Reading(self._from_hello(self._hello), sent_commands=1, notes=notes)

    def explain(self, error: BaseException) -> Failure:
        self._connected = False
        return self._member.explain(error)

    def reconnect(self) -> None:
        super().reconnect()
        self._refused = None
        self._configuration = None

    def _refuse(self) -> None:
        login = self._member.login
        grant = login.grant("clusterMonitor") if login is not None else ""
        self._refused = (
            f"replSetGetStatus is refused to this login: no lag and no health of the members. Grant: {grant}"
        )

    async def _votes(self, client: Any, status: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """The set's configuration, read again only when it changed; empty where it may not be read."""
        version = max((int(one.get("configVersion") or 0) for one in status.get("members", ())), default=0)
        if self._configuration is None or self._configuration[0] != version:
            try:
                reply = await client.admin.command({"replSetGetConfig": 1, "maxTimeMS": self._member.max_time_ms})
            except Exception as error:
                if not is_not_allowed(error):
                    raise
                reply = {}
            members = reply.get("config", {}).get("members", ())
            self._configuration = (version, {one["host"]: one for one in members})
        return self._configuration[1]

    def _from_status(self, status: Mapping[str, Any], configured: dict[str, Mapping[str, Any]]) -> ReplicaSet:
        members = status.get("members", ())
        newest = max((moment for one in members if (moment := _applied(one)) is not None), default=None)
        primary = next((one for one in members if one.get("stateStr") == "PRIMARY"), None)
        reference = _applied(primary) if primary is not None else newest
        found = tuple(self._set_member(one, reference, configured) for one in members)
        self._keep_what_is_known(found)
        return ReplicaSet(
            name=status.get("set"),
            term=status.get("term"),
            primary=primary.get("name") if primary is not None else None,
            members=found,
        )

    def _set_member(
        self, one: Mapping[str, Any], reference: datetime | None, configured: dict[str, Mapping[str, Any]]
    ) -> SetMember:
        address = str(one.get("name", "?"))
        applied = _applied(one)
        lag = (reference - applied).total_seconds() if reference is not None and applied is not None else None
        known, settings = self._system.member_named(address), configured.get(address, {})
        return SetMember(
            address=address,
            target_id=known.target.id if known is not None else None,
            role=str(one.get("stateStr", "UNKNOWN")).upper(),
            healthy=bool(one["health"]) if "health" in one else None,
            lag_s=max(0.0, lag) if lag is not None and one.get("stateStr") == "SECONDARY" else None,
            ping_ms=known.ping_ms if known is not None else one.get("pingMs"),
            votes=settings.get("votes"),
            hidden=settings.get("hidden"),
            message=one.get("lastHeartbeatMessage") or one.get("infoMessage") or None,
        )

    def _keep_what_is_known(self, found: tuple[SetMember, ...]) -> None:
        for one in found:
            known = self._system.member_named(one.address)
            if known is not None:
                known.lag_s, known.state_in_set = one.lag_s, one.role

    def _from_hello(self, hello: Mapping[str, Any]) -> ReplicaSet:
        return ReplicaSet(
            name=hello.get("setName"), primary=hello.get("primary"), members=tuple(self._said_by_hello(hello))
        )

    def _said_by_hello(self, hello: Mapping[str, Any]) -> Iterator[SetMember]:
        for kind in _HELLO_LISTS:
            for address in hello.get(kind, ()):
                known = self._system.member_named(address)
                own = address == hello.get("me")
                role = "ARBITER" if kind == "arbiters" else "PRIMARY" if address == hello.get("primary") else "UNKNOWN"
                yield SetMember(
                    address=address,
                    target_id=known.target.id if known is not None else None,
                    role="SECONDARY" if own and hello.get("secondary") else role,
                    ping_ms=known.ping_ms if known is not None else None,
                )


def _applied(member: Mapping[str, Any] | None) -> datetime | None:
    """When the last write that this member applied was made, by the primary's clock."""
    moment = member.get("optimeDate") if member is not None else None
    return moment if isinstance(moment, datetime) and moment.year > 1970 else None


def _alone(hello: Mapping[str, Any]) -> str:
    if hello.get("msg") == "isdbgrid":
        return "A mongos has no members; name its shards' members as targets to see them."
    return "This server is not a member of a replica set."
