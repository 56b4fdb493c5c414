"""Ends the session of one open transaction, which rolls it back: seen again just before, and gone just after."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from perftui.actions.access import Access
from perftui.actions.base import Description, Outcome, Problem
from perftui.actions.mongosh import mongosh
from perftui.model.operation import OpenTransaction
from perftui.model.target import Connection, Target
from perftui.model.text import safe_text
from perftui.sources.mongodb.client import APP_NAME
from perftui.sources.mongodb.open_transactions import transactions
from perftui.sources.mongodb.operation_entry import serves_the_set

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]
    Entry = Mapping[str, Any]

_UNAUTHORIZED = 13
_GRANT = "db.getSiblingDB('admin').grantRolesToUser('<user>', ['hostManager'])"
_WAIT_S = 5.0
_FIRST_LOOK_S, _LONGEST_PAUSE_S = 0.02, 0.5
_CLOCK_SLACK_S = 1.0
"""How far two looks at one transaction may differ on when it began: each comes with its own delay."""
_MOST_NAMES = 8
_RESOURCE = re.compile(r"\{\d+: (?:Collection|Database), \d+, (?P<name>[^}]+)\}")


class KillSession:
    """`target` is the member that holds the session. It is named with its owner: without, one's own is meant.

    Raises `ValueError` for a transaction whose session the server did not tell.
    """

    name = "kill session"

    def __init__(
        self, connection: Connection, target: Target, transaction: OpenTransaction, *, role: str | None = None
    ) -> None:
        if not re.fullmatch("[0-9a-f]{32}", transaction.session):
            raise ValueError("the server did not tell the session's id")
        self.connection, self.target, self.transaction, self.role = connection, target, transaction, role
        self._access = Access(connection, target)
        self._locked: tuple[str, ...] = ()

    @property
    def session(self) -> dict[str, Any]:
        """The exact logical session id."""
        owner = {"uid": bytes.fromhex(self.transaction.owner)} if self.transaction.owner else {}
        return {"id": UUID(hex=self.transaction.session), **owner}

    def describe(self) -> Description:
        one = self.transaction
        return Description(
            title=f"Kill the session of {one.app_name or one.client or 'an unknown client'}",
            command=f"db.adminCommand({{killSessions: [{mongosh(self.session)}]}})",
            host=self.target.name,
            role=self.role,
            consequences=tuple(self._consequences()),
        )

    def _consequences(self) -> Iterator[str]:
        one = self.transaction
        yield f"Its transaction is rolled back: open for {_seconds(one.open_s)}, idle for {_seconds(one.idle_s)}."
        if one.write_locks:
            yield (
                f"It has locked collections to write {one.write_locks:,} times; how many documents it has changed the "
                "server does not tell. All of it is undone."
            )
        elif one.write_locks == 0:
            yield "It has locked no collection to write: there is nothing that would be undone."
        if self._locked:
            yield f"It gives back its locks on {', '.join(self._locked)}."
        elif one.locks:
            yield f"It gives back its locks ({one.locks}); on which collections the server does not tell this login."
        yield f"Client {one.client or 'unknown'} gets error 251 (NoSuchTransaction) with its next statement."
        yield "Cursors and other operations of this session end too."

    async def check(self) -> tuple[Problem, ...]:
        async with self._access.member() as reached:
            self.role = reached.role
            found = await self._still_open(reached.client)
            if isinstance(found, Problem):
                return (found,)
            self.transaction = found
            self._locked = await _locked_by(reached.client, self.session["id"])
        return ()

    async def run(self) -> Outcome:
        async with self._access.member() as reached:
            found = await self._still_open(reached.client)
            if isinstance(found, Problem):
                return Outcome(state="refused", message=f"Nothing was done: {found.message}")
            await reached.client.admin.command({"killSessions": [_binary(self.session)]})
            return await self._verify(reached.client)

    async def _still_open(self, client: Client) -> OpenTransaction | Problem:
        """The transaction as it is by now, so that the question tells how old it is."""
        entry = await self._find(client)
        if entry is None:
            return Problem(blocking=True, message="the transaction has ended by itself.")
        if entry.get("appName") == APP_NAME or serves_the_set(entry):
            return Problem(blocking=True, message="this is perftui's own session, or one of the set's members.")
        if "timePreparedMicros" in (entry.get("transaction") or {}):
            words = "it is prepared: its coordinator decides what becomes of it, and the server refuses to end it."
            return Problem(blocking=True, message=words)
        now = transactions([entry], {})[0]
        if not self._is_it(now):
            words = "the session is in another transaction by now."
            return Problem(blocking=True, message=words, help="Select the one you mean again.")
        return now

    def _is_it(self, now: OpenTransaction) -> bool:
        """Not a later transaction of the same session: the same number, or where none is told the same beginning."""
        listed = self.transaction
        if now.number is not None and listed.number is not None:
            return now.number == listed.number
        if now.started_at is None or listed.started_at is None:
            return True
        return abs(now.started_at - listed.started_at) <= _CLOCK_SLACK_S

    async def _find(self, client: Client) -> Entry | None:
        """Its entry, active or not; of all users' where the login may see them."""
        from pymongo.errors import OperationFailure

        try:
            return await self._current(client, all_users=True)
        except OperationFailure as error:
            if error.code != _UNAUTHORIZED:
                raise
        return await self._current(client, all_users=False)

    async def _current(self, client: Client, *, all_users: bool) -> Entry | None:
        wanted = {f"lsid.{name}": value for name, value in _binary(self.session).items()}
        stages: list[dict[str, Any]] = [
            {"$currentOp": {"allUsers": all_users, "idleSessions": True, "idleConnections": False}},
            {"$match": {**wanted, "transaction.timeOpenMicros": {"$exists": True}}},
            {"$limit": 1},
            {"$project": {"command": 0, "clientMetadata": 0}},
        ]
        async with await client.admin.aggregate(stages, maxTimeMS=2000) as cursor:
            return next(iter(await cursor.to_list()), None)

    async def _verify(self, client: Client) -> Outcome:
        pause_s, deadline = _FIRST_LOOK_S, asyncio.get_running_loop().time() + _WAIT_S
        while (entry := await self._find(client)) is not None and self._is_it(transactions([entry], {})[0]):
            if asyncio.get_running_loop().time() > deadline:
                words = f"The session was sent its kill, and its transaction is still open after {_WAIT_S:.0f} s."
                return Outcome(state="unverified", message=words)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        return Outcome(
            state="done", message="The session is killed: its transaction is rolled back, its locks are free."
        )

    def explain(self, error: BaseException) -> str:
        if getattr(error, "code", None) == _UNAUTHORIZED:
            return (
                f"This login may not kill sessions of other users; grant killAnySession and impersonate with {_GRANT}."
            )
        failure = self._access.failure(error)
        return f"{failure.message} {failure.help}"


async def _locked_by(client: Client, session: UUID) -> tuple[str, ...]:
    """The collections that it has locked, from the server's list of all locks; empty where that may not be read."""
    from pymongo.errors import OperationFailure

    try:
        reply = await client.admin.command({"lockInfo": 1, "maxTimeMS": 2000})
    except OperationFailure:
        return ()
    names = []
    for resource in reply.get("lockInfo", ()):
        name = _RESOURCE.fullmatch(str(resource.get("resourceId")))
        if name is None or ": Collection," not in str(resource.get("resourceId")):
            continue
        if any(str(session) in str(one.get("debugInfo")) for one in resource.get("granted", ())):
            names.append(safe_text(name["name"], 100))
    more = (f"{len(names) - _MOST_NAMES} more",) if len(names) > _MOST_NAMES else ()
    return (*sorted(names)[:_MOST_NAMES], *more)


def _binary(session: Mapping[str, Any]) -> dict[str, Any]:
    """As the server keeps it."""
    from bson.binary import Binary

    return {name: Binary.from_uuid(value) if isinstance(value, UUID) else value for name, value in session.items()}


def _seconds(value: float | None) -> str:
    return "an unknown time" if value is None else f"{value:,.1f} s"
