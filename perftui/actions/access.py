"""How an action reaches MongoDB: one member, or whichever member is primary now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.actions.base import Problem
from perftui.model.sample import Failure
from perftui.model.target import Connection, Target

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    from perftui.sources.mongodb.uri import MongoUri

    Client = AsyncMongoClient[dict[str, Any]]

_NO_SUCH_COMMAND = 59


class CannotAct(Exception):  # noqa: N818 - it is an answer, not a fault
    """There is no member that the command could be sent to."""

    def __init__(self, message: str, help_: str) -> None:
        super().__init__(f"{message} {help_}")
        self.problem = Problem(blocking=True, message=message, help=help_)


class Reached(NamedTuple):
    """A member that answers, and what its `hello` says."""

    client: Client
    address: str
    hello: Mapping[str, Any]

    @property
    def role(self) -> str:
        return role_of(self.hello)


class Access:
    """Clients for one action. `explain` puts into words what they raised."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self.connection, self.target = connection, target
        self._failure: tuple[BaseException, Failure] | None = None

    @asynccontextmanager
    async def primary(self, *, patient: bool = False) -> AsyncIterator[Reached]:
        """The member that takes writes now. Raises `CannotAct` and what PyMongo raises."""
        parts = await self._parts()
        address = await self._find_primary(parts)
        async with self._open(parts, address, patient) as reached:
            yield reached

    @asynccontextmanager
    async def member(self, address: str | None = None, *, patient: bool = False) -> AsyncIterator[Reached]:
        """This member, by default the target itself, whatever its role."""
        parts = await self._parts()
        async with self._open(parts, address or self._candidates(parts)[0], patient) as reached:
            yield reached

    def failure(self, error: BaseException) -> Failure:
        """What a client of ours met."""
        from perftui.sources.mongodb.failures import explain

        if self._failure is not None and self._failure[0] is error:
            return self._failure[1]
        return explain(error, self.connection)

    async def _parts(self) -> MongoUri:
        from perftui.sources.mongodb.client import seeds_of

        return await asyncio.to_thread(seeds_of, self.connection)

    def _candidates(self, parts: MongoUri) -> list[str]:
        """The target's own address first, then the seeds of its set."""
        own = self.target.id.partition("://")[2].partition("#")[0]
        alone = self.target.id.startswith("mongodb://") and "," not in own
        return list(dict.fromkeys([own, *parts.hosts] if alone else parts.hosts))

    async def _find_primary(self, parts: MongoUri) -> str:
        """Ask one member after the other who is primary; the first error counts where none answers."""
        first_error: Exception | None = None
        heard: str | None = None
        for address in self._candidates(parts):
            try:
                async with self._open(parts, address, patient=False) as reached:
                    if _takes_writes(reached.hello):
                        return address
                    primary = reached.hello.get("primary")
            except Exception as error:  # another seed may answer
                first_error = first_error or error
                continue
            if parts.one_server:
                raise _not_primary(address, reached.role, primary)
            if isinstance(primary, str):
                return primary
            heard = heard or address
        if heard is None and first_error is not None:
            raise first_error
        raise CannotAct(
            f"{heard} knows of no primary: the set is electing one or has no majority.",
            "Wait for the election, or bring the missing members back, and try again.",
        )

    @asynccontextmanager
    async def _open(self, parts: MongoUri, address: str, patient: bool) -> AsyncIterator[Reached]:
        from perftui.sources.mongodb.client import close_client, open_client
        from perftui.sources.mongodb.failures import explain_member

        client = open_client(self.connection, address, parts=parts, patient=patient)
        try:
            yield Reached(client, address, await _hello(client))
        except Exception as error:
            # Why a server could not be selected is known to its client only, until that is closed.
            if self._failure is None or self._failure[0] is not error:
                self._failure = error, explain_member(error, self.connection, address, client)
            raise
        finally:
            await close_client(client)


def role_of(hello: Mapping[str, Any]) -> str:
    if hello.get("msg") == "isdbgrid":
        return "MONGOS"
    if "setName" not in hello:
        return "STANDALONE"
    if hello.get("isWritablePrimary") or hello.get("ismaster"):
        return "PRIMARY"
    return "SECONDARY" if hello.get("secondary") else "ARBITER" if hello.get("arbiterOnly") else "OTHER"


def _takes_writes(hello: Mapping[str, Any]) -> bool:
    return role_of(hello) in ("MONGOS", "STANDALONE", "PRIMARY")


def _not_primary(address: str, role: str, primary: object) -> CannotAct:
    where = f"the primary is {primary}" if isinstance(primary, str) else "the set has no primary now"
    return CannotAct(
        f"{address} is no primary ({role.lower()}); {where}.",
        "Name the primary, or the whole set without directConnection=true.",
    )


async def _hello(client: Client) -> dict[str, Any]:
    """Before 4.4.2 the command had another name."""
    from pymongo.errors import OperationFailure

    try:
        return await client.admin.command({"hello": 1, "maxTimeMS": 2000})
    except OperationFailure as error:
        if error.code != _NO_SUCH_COMMAND:
            raise
    return await client.admin.command({"isMaster": 1, "maxTimeMS": 2000})
