"""All sources behind one MongoDB URI: its seeds, and the members that they tell of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from perftui.model.sample import Failure
from perftui.model.target import Connection, Target
from perftui.sources.base import Reading, Source
from perftui.sources.mongodb.client import explain, seeds_of
from perftui.sources.mongodb.indexes import MongoIndexesSource
from perftui.sources.mongodb.member import Member
from perftui.sources.mongodb.members import MongoMembersSource
from perftui.sources.mongodb.operations import MongoOperationsSource
from perftui.sources.mongodb.plain import text, texts
from perftui.sources.mongodb.server import MongoServerSource
from perftui.sources.mongodb.set_views import SetViews
from perftui.sources.mongodb.slow_queries import SlowQuerySource
from perftui.sources.mongodb.uri import MongoUri, split_uri


class MongoSystem:
    """Every seed is a member at once; what a member says of its set adds the others and takes away those gone."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.views = SetViews()
        self._parts = split_uri(connection.uri.reveal())
        self._meant = frozenset(self._parts.hosts)
        """Addresses that the user named; of `mongodb+srv` none, for DNS may name others tomorrow."""
        self._members: dict[str, tuple[Member, tuple[Source, ...]]] = {}
        self._left: list[Member] = []
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
        member.set_name = text(hello.get("setName"))
        member.is_unlisted = bool(hello.get("hidden") or hello.get("arbiterOnly"))
        me = hello.get("me")
        if self._parts.one_server or not isinstance(me, str) or "hosts" not in hello or self._has_left(member):
            return
        before = list(self._members)
        member.name_in_set = me
        self._drop_doubles(me, member)
        named = [*texts(hello.get("hosts")), *texts(hello.get("passives"))]
        for address in named:
            if self.member_named(address) is None:
                found = self._add(address, alone=False)
                found.name_in_set, found.set_name = address, member.set_name
        if hello.get("isWritablePrimary") or hello.get("ismaster"):
            self._drop_gone(member.set_name, {*named, me})
        if before != list(self._members):
            self._collect()

    async def release(self, member: Member) -> None:
        """Close a member that left; the others are closed together, after the last poll."""
        if self._has_left(member):
            await member.close()

    async def close(self) -> None:
        await asyncio.gather(*(member.close() for member in (*self.members(), *self._left)), return_exceptions=True)

    def _add(self, address: str, *, alone: bool) -> Member:
        member = Member(self._target(address, alone), self.connection, self._parts, address)
        slow_queries = SlowQuerySource(member)
        self._members[address] = (
            member,
            (
                MongoServerSource(member, self),
                MongoOperationsSource(member),
                slow_queries,
                MongoMembersSource(member, self),
                MongoIndexesSource(member, slow_queries.busy.ranked),
            ),
        )
        return member

    def _target(self, address: str, alone: bool) -> Target:
        whole = self.connection.target
        if alone:
            return whole
        way = "" if self.connection.way is None else f"#{self.connection.way.name}"
        return Target(
            id=f"mongodb://{address}{way}", kind="mongodb", name=address, address=f"mongodb://{address}", group=whole.id
        )

    def _drop_doubles(self, me: str, member: Member) -> None:
        """The set calls a seed by another name than the URI does: one is enough, the one that answered first."""
        for other in self.members():
            if other is not member and me in (other.name_in_set, other.address):
                self._drop(other)

    def _drop_gone(self, set_name: str | None, named: set[str]) -> None:
        """Members that the primary's configuration does not have any more; those that the user named stay."""
        for member in self.members():
            is_meant = member.is_unlisted or member.address in self._meant
            if member.set_name == set_name and member.name_in_set not in {None, *named} and not is_meant:
                self._drop(member)

    def _drop(self, member: Member) -> None:
        del self._members[member.address]
        self._left = [*(left for left in self._left if not left.closed), member]

    def _has_left(self, member: Member) -> bool:
        return all(member is not one for one in self.members())

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
