"""Kills one MongoDB operation: the very one that was asked for, seen again just before and gone just after."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from perftui.actions.access import role_of
from perftui.actions.base import Description, Outcome, Problem
from perftui.actions.running_operations import (
    NOT_ALLOWED_TO_KILL,
    UNAUTHORIZED,
    WRITES,
    find_operation,
    is_same,
    never_killed,
)
from perftui.model.operation import Operation
from perftui.model.sample import Failure
from perftui.model.target import Connection, Target

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

_WAIT_S = 5.0
_FIRST_LOOK_S, _LONGEST_PAUSE_S = 0.02, 0.5


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
        problem = never_killed(self.operation)
        if problem is not None:
            return (problem,)
        async with self._client() as client:
            self.role = role_of(await client.admin.command("hello"))
            return await self._still_the_same(client)

    async def _still_the_same(self, client: "AsyncMongoClient[dict[str, Any]]") -> tuple[Problem, ...]:
        entry = await find_operation(client, self.operation.opid)
        if entry is None:
            return (Problem(blocking=True, message="the operation has ended by itself."),)
        if not is_same(entry, self.operation):
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
            entry = await find_operation(client, self.operation.opid)
            if entry is None or not is_same(entry, self.operation):
                kept = " What it had changed before stays changed." if self.operation.op in WRITES else ""
                return Outcome(state="done", message=f"Operation {self.operation.opid} is gone.{kept}")
            if asyncio.get_running_loop().time() > deadline:
                return Outcome(state="unverified", message=_lingers(entry, self.operation))
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def explain(self, error: BaseException) -> str:
        from pymongo.errors import OperationFailure

        if isinstance(error, OperationFailure) and error.code == UNAUTHORIZED:
            return NOT_ALLOWED_TO_KILL
        from perftui.sources.mongodb.failures import explain

        failure = self._failure or explain(error, self.connection)
        return f"{failure.message} {failure.help}"

    @asynccontextmanager
    async def _client(self) -> AsyncIterator["AsyncMongoClient[dict[str, Any]]"]:
        from perftui.sources.mongodb.client import close_client, open_client, seeds_of
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
            await close_client(client)


def _address(target: Target) -> str:
    """Host and port of a member."""
    return target.id.partition("://")[2].partition("#")[0]


def _consequences(operation: Operation) -> list[str]:
    sentences = [f"{operation.op} on {operation.ns or 'no collection'} of client {operation.client or 'unknown'} ends."]
    if operation.op in WRITES:
        sentences.append("What it has already changed stays changed: it may be applied in part.")
    if operation.progress is not None or "createIndexes" in operation.command:
        sentences.append("An index build is aborted as a whole.")
    sentences.append("The client gets error 11601 (Interrupted) and may try again by itself.")
    return sentences


def _lingers(entry: Mapping[str, Any], operation: Operation) -> str:
    marked = "is marked to be killed but" if entry.get("killPending") else "was sent its kill but"
    where = f" ({entry['msg']})" if entry.get("msg") else ""
    return (
        f"Operation {operation.opid} {marked} still runs after {_WAIT_S:.0f} s{where}; it ends at its next safe point."
    )
