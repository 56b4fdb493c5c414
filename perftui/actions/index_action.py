"""What the actions on one collection's indexes have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.actions.access import Access, CannotAct, Reached
from perftui.actions.base import Problem
from perftui.actions.index_entries import IndexEntry, list_indexes, named
from perftui.actions.mongosh import run_command
from perftui.actions.server_errors import words_of
from perftui.model.redaction import redact
from perftui.model.target import Connection, Target

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

HIDING_WIRE_VERSION = 9
"""That of MongoDB 4.4."""


class IndexAction(ABC):
    """Runs on whichever member is primary; `target` is what the user looked at, one of the set's members or the set."""

    allowed_by = "readWrite"
    """The built-in role that allows it."""

    def __init__(self, connection: Connection, target: Target, ns: str, index_name: str) -> None:
        self.connection = connection
        self.target = target
        self.ns = ns
        self.index_name = index_name
        self.host = target.name
        self.role: str | None = None
        self.access = Access(connection, target)

    @property
    def database(self) -> str:
        return self.ns.partition(".")[0]

    @property
    def collection(self) -> str:
        return self.ns.partition(".")[2]

    @property
    def max_time_ms(self) -> int:
        from perftui.sources.mongodb.client import max_time_ms

        return max_time_ms(self.connection)

    def shown(self, command: Mapping[str, Any]) -> str:
        return run_command(self.database, command)

    async def check(self) -> tuple[Problem, ...]:
        """Read only. Whatever `found` complains of, and that there is a primary and such an index."""
        try:
            async with self.access.primary() as reached:
                self.learn(reached)
                entry = await self.read_entry(reached.client)
                if isinstance(entry, Problem):
                    return (entry,)
                return tuple(await self.problems(reached, entry))
        except CannotAct as refusal:
            return (refusal.problem,)

    @abstractmethod
    async def problems(self, reached: Reached, entry: IndexEntry) -> list[Problem]:
        """What stands against it, or should be known before."""

    def learn(self, reached: Reached) -> None:
        """The member that it will be sent to."""
        self.host, self.role = reached.address, reached.role

    async def read_entry(self, client: Client) -> IndexEntry | Problem:
        """The index as it is now."""
        entries = await list_indexes(client, self.ns, self.max_time_ms)
        if entries is None:
            return Problem(blocking=True, message=f"{self.ns} does not exist.", help="Check the names.")
        entry = named(entries, self.index_name)
        if entry is not None:
            return entry
        there = ", ".join(one.name for one in entries)
        return Problem(
            blocking=True, message=f"{self.ns} has no index {self.index_name}.", help=f"Its indexes are: {there}."
        )

    def explain(self, error: BaseException) -> str:
        return explain_on(self.access, error, self.ns, self.allowed_by)


def explain_on(access: Access, error: BaseException, ns: str, role: str) -> str:
    """What `check` or `run` raised, in sentences without secrets."""
    if isinstance(error, CannotAct):
        return str(error)
    words = words_of(error, ns, role)
    if words is not None:
        return redact(f"{words.message} {words.help}")
    failure = access.failure(error)
    return f"{failure.message} {failure.help}"
