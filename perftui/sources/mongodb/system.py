"""All sources behind one MongoDB URI: its seeds, and the members that they tell of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from perftui.model.sample import Failure
from perftui.model.target import Connection, Target
from perftui.sources.base import Reading, Source
from perftui.sources.mongodb.client import explain, seeds_of
from perftui.sources.mongodb.member import Member
from perftui.sources.mongodb.members import MongoMembersSource
from perftui.sources.mongodb.operations import MongoOperationsSource
from perftui.sources.mongodb.server import MongoServerSource
from perftui.sources.mongodb.slow_queries import SlowQuerySource
from perftui.sources.mongodb.uri import MongoUri, split_uri


class MongoSystem:
    """Every seed is a member at once; what a member says of its set adds the others and takes away those gone."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._parts = split_uri(connection.uri.reveal())
        self._members: dict[str, tuple[Member, tuple[Source, ...]]] = {}
        self._all: tuple[Source, ...] = ()
        if self._parts.srv:
            self._all = (SeedListSource(connection, self),)
        else:
            self.take_seeds(self._parts)

    def sources(self) -> Sequence[Source]:
        return self._all

    def members(self) -> list[Member]:
        return [member for member, _ in self._members.values()]

    def member_named(self, address: str) -> Member | None:
        """The member that the set, or we, call by this name."""
        for member in self.members():
            if address in (member.name_in_set, member.address):
                return member
        return None

    def take_seeds(self, parts: MongoUri) -> None:
        """Start with these seeds, as the URI or DNS names them."""
        self._parts = parts
        for address in parts.hosts[:1] if parts.one_server else parts.hosts:
            self._add(address, alone=len(parts.hosts) == 1)
        self._collect()

    def learn(self, member: Member, hello: Mapping[str, Any]) -> None:
        """Take in what a member says of itself and of its set (`hello`, or `serverStatus.repl`)."""
        member.set_name = hello.get("setName")
        me = hello.get("me")
        if self._parts.one_server or not isinstance(me, str) or "hosts" not in hello:
            return
        member.name_in_set = me
        named = [*hello.get("hosts", ()), *hello.get("passives", ())]
        self._drop_doubles(me, member)
        for address in named:
            if self.member_named(address) is None:
                self._add(address, alone=False)
        if hello.get("isWritablePrimary"):
            self._drop_gone({*named, me})
        self._collect()

    async def close(self) -> None:
        await asyncio.gather(*(member.close() for member in self.members()), return_exceptions=True)

    def _add(self, address: str, *, alone: bool) -> None:
        member = Member(self._target(address, alone), self.connection, self._parts, address)
        self._members[address] = (
            member,
            (
                MongoServerSource(member, self),
                MongoOperationsSource(member),
                SlowQuerySource(member),
                MongoMembersSource(member, self),
            ),
        )

    def _target(self, address: str, alone: bool) -> Target:
        whole = self.connection.target
        if alone:
            return whole
        return Target(
            id=f"mongodb://{address}", kind="mongodb", name=address, address=f"mongodb://{address}", group=whole.id
        )

    def _drop_doubles(self, me: str, member: Member) -> None:
        """The set calls a seed by another name than the URI does: one of the two is enough, the one that answers."""
        double = self._members.get(me)
        if double is not None and double[0] is not member:
            del self._members[me]

    def _drop_gone(self, named: set[str]) -> None:
        """Members that the primary's configuration does not have any more."""
        for address, (member, _) in list(self._members.items()):
            if member.name_in_set is not None and member.name_in_set not in named:
                del self._members[address]

    def _collect(self) -> None:
        self._all = tuple(source for _, sources in self._members.values() for source in sources)


class SeedListSource(Source):
    """Stands in until DNS has given the seeds of a `mongodb+srv` URI."""

    name: ClassVar[str] = "mongodb.server"
    interval_s: ClassVar[float] = 5.0

    def __init__(self, connection: Connection, system: MongoSystem) -> None:
        super().__init__(connection.target)
        self._connection, self._system = connection, system

    async def connect(self) -> None:
        """DNS is asked in a thread: the driver's resolver blocks."""
        self._system.take_seeds(await asyncio.to_thread(seeds_of, self._connection))

    async def read(self) -> Reading:
        return Reading(None)

    def explain(self, error: BaseException) -> Failure:
        return explain(error, self._connection)
