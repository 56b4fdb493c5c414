"""Kills one MongoDB operation: the very one that was asked for, seen again just before and gone just after."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from perftui.actions.base import Description, Outcome, Problem
from perftui.model.operation import Operation
from perftui.model.sample import Failure
from perftui.model.target import Connection, Target

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

_UNAUTHORIZED = 13
_WAIT_S = 5.0
_FIRST_LOOK_S, _LONGEST_PAUSE_S = 0.02, 0.5
_CLOCK_SLACK_S = 0.5
_GRANT = "db.getSiblingDB('admin').grantRolesToUser('<user>', ['hostManager'])"
_WRITES = ("update", "remove", "insert")


class KillOperation:
    """`target` is the member that runs the operation; `connection` is how its replica set is reached."""

    name = "kill operation"

    def __init__(
        self, connection: Connection, target: Target, operation: Operation, *, role: str | None = None
    ) -> None:
        self.connection = connection
        self.target = target
        self.operation = operation
        self.role = role
        self._failure: Failure | None = None

    def describe(self) -> Description:
        operation = self.operation
        return Description(
            title=f"Kill operation {operation.opid}",
            command=f"db.adminCommand({{killOp: 1, op: {json.dumps(operation.opid)}}})",
            host=self.target.name,
            role=self.role,
            consequences=tuple(_consequences(operation)),
        )

    async def check(self) -> tuple[Problem, ...]:
        problem = _never_killed(self.operation)
        if problem is not None:
            return (problem,)
        async with self._client() as client:
            self.role = _role(await client.admin.command("hello"))
            return await self._still_the_same(client)

    async def _still_the_same(self, client: "AsyncMongoClient[dict[str, Any]]") -> tuple[Problem, ...]:
        entry = await _find(client, self.operation.opid)
        if entry is None:
            return (Problem(blocking=True, message="the operation has ended by itself."),)
        if not _same(entry, self.operation):
            message = f"opid {self.operation.opid} is another operation by now."
            return (Problem(blocking=True, message=message, help="Select the one you mean again."),)
        if entry.get("killPending"):
            return (Problem(blocking=False, message="The server is killing this operation already."),)
        return ()

    async def run(self) -> Outcome:
        async with self._client() as client:
            for problem in await self._still_the_same(client):
                if problem.blocking:
                    return Outcome(state="refused", message=f"Nothing was done: {problem.message}")
            await client.admin.command({"killOp": 1, "op": self.operation.opid})
            return await self._verify(client)

    async def _verify(self, client: "AsyncMongoClient[dict[str, Any]]") -> Outcome:
        """`killOp` answers ok even for what does not exist: only its absence shows that it worked."""
        pause_s, deadline = _FIRST_LOOK_S, asyncio.get_running_loop().time() + _WAIT_S
        while True:
            entry = await _find(client, self.operation.opid)
            if entry is None or not _same(entry, self.operation):
                kept = " What it had changed before stays changed." if self.operation.op in _WRITES else ""
                return Outcome(state="done", message=f"Operation {self.operation.opid} is gone.{kept}")
            if asyncio.get_running_loop().time() > deadline:
                return Outcome(state="unverified", message=_lingers(entry, self.operation))
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def explain(self, error: BaseException) -> str:
        from pymongo.errors import OperationFailure

        if isinstance(error, OperationFailure) and error.code == _UNAUTHORIZED:
            return f"This login may not kill operations of other users; grant the privilege killop with {_GRANT}."
        from perftui.sources.mongodb.failures import explain

        failure = self._failure or explain(error, self.connection)
        return f"{failure.message} {failure.help}"

    @asynccontextmanager
    async def _client(self) -> AsyncIterator["AsyncMongoClient[dict[str, Any]]"]:
        from perftui.sources.mongodb.client import open_client, seeds_of
        from perftui.sources.mongodb.failures import explain_member

        address = _address(self.target)
        parts = await asyncio.to_thread(seeds_of, self.connection)
        client = open_client(self.connection, address, parts=parts)
        try:
            yield client
        except Exception as error:
            # Why a server could not be selected is known to its client only, until that is closed.
            self._failure = explain_member(error, self.connection, address, client)
            raise
        finally:
            await client.close()


def _address(target: Target) -> str:
    """Host and port of a member."""
    return target.id.partition("://")[2].partition("#")[0]


def _never_killed(operation: Operation) -> Problem | None:
    """Only a client's operation may be killed, never the server's own work."""
    if operation.opid is None:
        return Problem(blocking=True, message="an idle cursor or session has no opid to kill.")
    if operation.noise is not None or not operation.killable:
        return Problem(blocking=True, message="this is the server's own work or perftui's, not a client's operation.")
    return None


def _consequences(operation: Operation) -> list[str]:
    sentences = [f"{operation.op} on {operation.ns or 'no collection'} of client {operation.client or 'unknown'} ends."]
    if operation.op in _WRITES:
        sentences.append("What it has already changed stays changed: it may be applied in part.")
    if operation.progress is not None or "createIndexes" in operation.command:
        sentences.append("An index build is aborted as a whole.")
    sentences.append("The client gets error 11601 (Interrupted) and may try again by itself.")
    return sentences


async def _find(client: "AsyncMongoClient[dict[str, Any]]", opid: int | str | None) -> Mapping[str, Any] | None:
    """The entry of this opid, with all users' operations where the login may see them."""
    from pymongo.errors import OperationFailure

    try:
        return await _current(client, opid, all_users=True)
    except OperationFailure as error:
        if error.code != _UNAUTHORIZED:
            raise
    return await _current(client, opid, all_users=False)


async def _current(
    client: "AsyncMongoClient[dict[str, Any]]", opid: int | str | None, *, all_users: bool
) -> Mapping[str, Any] | None:
    fields = ("opid", "op", "ns", "client", "client_s", "microsecs_running", "secs_running", "killPending", "msg")
    cursor = await client.admin.aggregate(
        [
            {"$currentOp": {"allUsers": all_users, "idleConnections": False, "truncateOps": True}},
            {"$match": {"opid": opid}},
            {"$limit": 1},
            {"$project": dict.fromkeys(fields, 1)},
        ],
        maxTimeMS=2000,
    )
    async with cursor:
        return next(iter(await cursor.to_list()), None)


def _same(entry: Mapping[str, Any], operation: Operation) -> bool:
    """Not a later operation under a used opid: kind, namespace and client agree and it has run at least as long."""
    if entry.get("op") != operation.op or (entry.get("ns") or "") != operation.ns:
        return False
    client = entry.get("client") or entry.get("client_s")
    if client and operation.client and not str(client).startswith(operation.client):
        return False
    running = entry.get("microsecs_running")
    if running is None or operation.running_s is None:
        return True
    return float(running) / 1e6 >= operation.running_s - _CLOCK_SLACK_S


def _lingers(entry: Mapping[str, Any], operation: Operation) -> str:
    marked = "is marked to be killed but" if entry.get("killPending") else "was sent its kill but"
    where = f" ({entry['msg']})" if entry.get("msg") else ""
    return (
        f"Operation {operation.opid} {marked} still runs after {_WAIT_S:.0f} s{where}; it ends at its next safe point."
    )


def _role(hello: Mapping[str, Any]) -> str:
    if hello.get("msg") == "isdbgrid":
        return "MONGOS"
    if "setName" not in hello:
        return "STANDALONE"
    return "PRIMARY" if hello.get("isWritablePrimary") else "SECONDARY" if hello.get("secondary") else "OTHER"
