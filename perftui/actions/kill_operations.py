"""Kills many operations of one member: each seen again just before, in small batches, until it is stopped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from perftui.actions.access import Access
from perftui.actions.base import ActionProgress, Description, Outcome, Problem, TellProgress
from perftui.actions.kill_tally import KillTally
from perftui.actions.running_operations import (
    NOT_ALLOWED_TO_KILL,
    UNAUTHORIZED,
    WRITES,
    find_operations,
    is_ours_or_the_servers,
    is_same,
    never_killed,
)
from perftui.model.operation import Operation
from perftui.model.target import Connection, Target

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

MOST = 500
"""Of one confirmation; what is beyond is killed by another."""
_BATCH = 20
_PAUSE_S = 0.05
_WAIT_S = 10.0
_FIRST_LOOK_S, _LONGEST_PAUSE_S = 0.05, 0.5
_TEXT = 60


class KillOperations:
    """`operations` were listed together as `what`, such as a shape; `target` is the member that runs them.

    What may not be killed is left out. The first check leaves out what has ended or changed meanwhile; after that the
    list stays as the user saw it.
    """

    name = "kill operations"

    def __init__(
        self,
        connection: Connection,
        target: Target,
        what: str,
        operations: Iterable[Operation],
        *,
        role: str | None = None,
    ) -> None:
        self.connection, self.target, self.what, self.role = connection, target, what, role
        listed = list(operations)
        self.operations = [one for one in listed if never_killed(one) is None][:MOST]
        self._left_out = len(listed) - len(self.operations)
        self._access = Access(connection, target)
        self._looked = self._stopped = False
        self._tally = KillTally(len(self.operations))
        self._tell: TellProgress | None = None

    def describe(self) -> Description:
        opids = ", ".join(json.dumps(one.opid) for one in self.operations)
        return Description(
            title=f"Kill {len(self.operations):,} operations: {self.what}",
            command=f"[{opids}].forEach(opid => db.adminCommand({{killOp: 1, op: opid}}))",
            host=self.target.name,
            role=self.role,
            consequences=tuple(self._consequences()),
            items=tuple(_item(one) for one in self.operations),
        )

    def _consequences(self) -> Iterator[str]:
        yield f"Each is looked at again just before: only these very operations are killed, {_BATCH} at a time."
        yield "The clients get error 11601 (Interrupted) and may send the same again: stop who sends them."
        if writes := sum(one.op in WRITES for one in self.operations):
            yield f"{writes:,} of them write: what they have already changed stays changed."
        if builds := sum("createIndexes" in one.command for one in self.operations):
            yield f"{builds:,} of them build indexes: each build is aborted as a whole."
        if self._left_out:
            yield f"{self._left_out:,} of the group are left out: ended, the server's own, or beyond {MOST:,}."

    async def check(self) -> tuple[Problem, ...]:
        async with self._access.member() as reached:
            self.role = reached.role
            still = await self._still_there(reached.client, self.operations)
        if not still:
            return (Problem(blocking=True, message="all of them have ended by themselves."),)
        if not self._looked:
            self._looked, gone = True, len(self.operations) - len(still)
            self.operations, self._left_out = still, self._left_out + gone
            self._tally = KillTally(len(still))
        return ()

    async def _still_there(self, client: Client, listed: Sequence[Operation]) -> list[Operation]:
        found = await find_operations(client, _opids(listed))
        return [one for one in listed if one.opid in found and is_same(found[one.opid], one)]

    async def run(self) -> Outcome:
        async with self._access.member() as reached:
            killed: list[Operation] = []
            for batch in _batches(self.operations):
                if self._stopped:
                    break
                killed += await self._kill(reached.client, batch)
                self._say("killing")
                await asyncio.sleep(_PAUSE_S)
            self._tally.stopped = self._stopped
            self._tally.lingering = await self._verify(reached.client, killed)
        return self._tally.outcome()

    async def _kill(self, client: Client, batch: Sequence[Operation]) -> list[Operation]:
        """Those of the batch that are still themselves."""
        found = await find_operations(client, _opids(batch))
        killed = []
        for one in batch:
            entry = None if one.opid is None else found.get(one.opid)
            if entry is None:
                self._tally.ended += 1
            elif not is_same(entry, one) or is_ours_or_the_servers(entry):
                self._tally.refused += 1
            else:
                await client.admin.command({"killOp": 1, "op": one.opid})
                self._tally.killed += 1
                self._tally.changed_data |= one.op in WRITES
                killed.append(one)
        return killed

    async def _verify(self, client: Client, killed: Sequence[Operation]) -> int:
        """How many are still there after a while: `killOp` answers ok whatever becomes of it."""
        pause_s, deadline = _FIRST_LOOK_S, asyncio.get_running_loop().time() + _WAIT_S
        left = list(killed)
        while left:
            left = await self._still_there(client, left)
            if not left or asyncio.get_running_loop().time() > deadline:
                break
            self._say("verifying")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        return len(left)

    def stop(self) -> None:
        self._stopped = True

    def report_to(self, tell: TellProgress) -> None:
        self._tell = tell

    def interrupted(self) -> str:
        tally = self._tally
        return f"Killing was interrupted: {tally.killed:,} of {tally.total:,} operations were sent their kill."

    def explain(self, error: BaseException) -> str:
        before = f" {self._tally.killed:,} were killed before." if self._tally.killed else ""
        if getattr(error, "code", None) == UNAUTHORIZED:
            return NOT_ALLOWED_TO_KILL + before
        failure = self._access.failure(error)
        return f"{failure.message} {failure.help}{before}"

    def _say(self, phase: str) -> None:
        if self._tell is not None:
            words = f"{self._tally.killed:,} killed, {self._tally.ended:,} had ended by themselves"
            self._tell(ActionProgress(done=self._tally.seen, total=self._tally.total, message=words, phase=phase))


def _opids(operations: Sequence[Operation]) -> list[int | str]:
    return [one.opid for one in operations if one.opid is not None]


def _batches(operations: Sequence[Operation]) -> Iterator[Sequence[Operation]]:
    for start in range(0, len(operations), _BATCH):
        yield operations[start : start + _BATCH]


def _item(one: Operation) -> str:
    running = "" if one.running_s is None else f"{one.running_s:,.1f} s"
    return f"{one.opid}  {running}  {one.client or 'no client'}  {one.op} {one.ns}  {one.text[:_TEXT]}".rstrip()
