"""The source of a replica set's members, as one of them sees the set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from perftui.model.mongodb import Member as SetMember
from perftui.model.mongodb import ReplicaSet
from perftui.sources.base import Reading
from perftui.sources.mongodb.member import Member, MemberSource, Reply, is_not_allowed
from perftui.sources.mongodb.plain import documents, flag, part, real, text, texts, whole
from perftui.sources.mongodb.set_views import View

if TYPE_CHECKING:
    from perftui.sources.mongodb.system import MongoSystem

_HELLO_LISTS = ("hosts", "passives", "arbiters")
_MONGOS = "A mongos has no members; name its shards' members as targets to see them."
_ALONE = "This server is not a member of a replica set."

Entry = Mapping[str, Any]


class MongoMembersSource(MemberSource):
    name: ClassVar[str] = "mongodb.members"
    interval_s: ClassVar[float] = 5.0

    def __init__(self, member: Member, system: MongoSystem) -> None:
        super().__init__(member)
        self._system = system
        self._refused: str | None = None
        self._configuration: tuple[int, dict[str, Entry]] | None = None

    async def connect(self) -> None:
        login = await self._member.look()
        self._system.learn(self._member, self._member.hello)
        self._configuration, self._refused = None, None
        if not login.may("members"):
            self._refuse()
        self.capabilities = self._member.capabilities("members") if "setName" in self._member.hello else ()

    async def read(self) -> Reading:
        if "setName" not in self._member.hello:
            return Reading(None, notes=(_MONGOS if self._member.is_mongos else _ALONE,))
        status = await self._status() if self._refused is None else None
        if status is not None:
            configured, configuration_bytes = await self._configured(status.document)
            received = status.received_bytes + configuration_bytes
            return Reading(self._from_status(status.document, configured), received, 1 + bool(configuration_bytes))
        hello = await self._member.ask_hello()
        notes = () if self._refused is None else (self._refused,)
        return Reading(self._from_hello(hello.document), hello.received_bytes, 1, notes)

    async def _status(self) -> Reply | None:
        """`None` where it is refused."""
        try:
            return await self._member.ask({"replSetGetStatus": 1})
        except Exception as error:
            if not is_not_allowed(error):
                raise
            self._refuse()
            return None

    def _refuse(self) -> None:
        login = self._member.login
        grant = login.grant("clusterMonitor") if login is not None else ""
        self._refused = (
            f"replSetGetStatus is refused to this login: no lag and no health of the members. Grant: {grant}"
        )

    async def _configured(self, status: Entry) -> tuple[dict[str, Entry], int]:
        """The set's configuration by member, read again only when it changed, and the bytes that took."""
        version = max((whole(one.get("configVersion")) or 0 for one in documents(status.get("members"))), default=0)
        if self._configuration is not None and self._configuration[0] == version:
            return self._configuration[1], 0
        try:
            document, received = await self._member.ask({"replSetGetConfig": 1})
        except Exception as error:
            if not is_not_allowed(error):
                raise
            document, received = {}, 0
        configured = {str(one.get("host")): one for one in documents(part(document, "config").get("members"))}
        self._configuration = version, configured
        return configured, received

    def _from_status(self, status: Entry, configured: dict[str, Entry]) -> ReplicaSet:
        members = documents(status.get("members"))
        moments = [moment for one in members if (moment := _applied(one)) is not None]
        newest = max(moments, default=None)
        view = None if newest is None else View(whole(status.get("term")) or 0, newest)
        knows_most = view is not None and self._system.views.offer(self._member.address, view)
        primary = next((one for one in members if one.get("stateStr") == "PRIMARY"), None)
        reference = _applied(primary) if primary is not None else self._without_primary(moments)
        found = tuple(self._set_member(one, reference, configured) for one in members)
        self._keep_what_is_known(found, knows_most=knows_most)
        return ReplicaSet(
            name=text(status.get("set")),
            term=whole(status.get("term")),
            primary=text(primary.get("name")) if primary is not None else None,
            members=found,
        )

    def _set_member(self, one: Entry, reference: datetime | None, configured: dict[str, Entry]) -> SetMember:
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
            ping_ms=known.ping_ms if known is not None else real(one.get("pingMs")),
            votes=whole(settings.get("votes")),
            hidden=flag(settings.get("hidden")),
            message=_message(one),
        )

    def _without_primary(self, moments: list[datetime]) -> datetime | None:
        """What lag is measured by then: the set's last write that any member told of; alone a member knows no lag."""
        newest, told = max(moments, default=None), self._system.views.newest
        if newest is not None and told is not None and told > newest:
            return told
        return newest if len(moments) > 1 else None

    def _keep_what_is_known(self, found: tuple[SetMember, ...], *, knows_most: bool) -> None:
        """Of itself a member knows best; of the others only while no view is better, as it may be cut off from them."""
        for one in found:
            known = self._system.member_named(one.address)
            if known is None:
                continue
            if known is self._member:
                known.lag_s, known.state_in_set = one.lag_s, one.role
            elif knows_most:
                known.lag_s = known.lag_s if one.lag_s is None else one.lag_s
                known.state_in_set = known.state_in_set if known.tells_its_state else one.role

    def _from_hello(self, hello: Entry) -> ReplicaSet:
        return ReplicaSet(
            name=text(hello.get("setName")),
            primary=text(hello.get("primary")),
            members=tuple(self._said_by_hello(hello)),
        )

    def _said_by_hello(self, hello: Entry) -> Iterator[SetMember]:
        for kind in _HELLO_LISTS:
            for address in texts(hello.get(kind)):
                known = self._system.member_named(address)
                own = address == hello.get("me")
                role = "ARBITER" if kind == "arbiters" else "PRIMARY" if address == hello.get("primary") else "UNKNOWN"
                yield SetMember(
                    address=address,
                    target_id=known.target.id if known is not None else None,
                    role="SECONDARY" if own and hello.get("secondary") else role,
                    ping_ms=known.ping_ms if known is not None else None,
                )


def _message(one: Mapping[str, Any]) -> str | None:
    """What the set says of this member; that a primary finds nobody to copy from is as it should be."""
    information = None if one.get("stateStr") == "PRIMARY" else text(one.get("infoMessage"))
    return text(one.get("lastHeartbeatMessage")) or information or None


def _applied(member: Entry | None) -> datetime | None:
    """When the last write that this member applied was made, by the primary's clock."""
    moment = member.get("optimeDate") if member is not None else None
    return moment if isinstance(moment, datetime) and moment.year > 1970 else None
