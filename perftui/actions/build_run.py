"""Sends one createIndexes and stays with its build: through a lost connection, an election, a restart."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.actions.access import Access, CannotAct, Reached
from perftui.actions.base import ActionProgress, TellProgress
from perftui.actions.build_commands import CommitQuorum, Group
from perftui.actions.build_watch import BuildWatch
from perftui.actions.server_errors import code_of, lost, too_slow

if TYPE_CHECKING:
    from perftui.actions.journal import OutcomeState

_LOOK_EVERY_S = 0.5
_END_WITHIN_S = 5.0
_LOST_LOOKS = 3
"""So many looks in a row that failed mean that the server is gone, though its connection does not say so."""


class Built(NamedTuple):
    """What came of one collection's build; `reply` is the server's, where it came."""

    state: OutcomeState
    message: str = ""
    reply: Mapping[str, Any] | None = None


class ServerGoneError(ConnectionError):
    """Nothing answers any more while we wait."""


class BuildRun:
    """Raises nothing for what may befall a server; the build itself goes on whatever happens to us."""

    def __init__(self, access: Access, group: Group, tell: TellProgress, reconnect_s: float) -> None:
        from perftui.sources.mongodb.client import max_time_ms

        self._access, self._group, self._tell, self._reconnect_s = access, group, tell, reconnect_s
        self._max_time_ms = max_time_ms(access.connection)
        self.sent_to: str | None = None
        self.may_be_there = False
        """The server may have it, or still build it: only its own refusal, or a look, says that it has not."""
        self._answered_at = 0.0

    async def run(self, quorum: CommitQuorum | None) -> Built:
        """Raises what the server refuses it with."""
        self._tell(ActionProgress(message=f"starting {self._group.what}", phase="starting"))
        try:
            async with self._access.primary(patient=True) as reached:
                self.sent_to, self.may_be_there = reached.address, True
                reply = await self._send(reached, quorum)
        except Exception as error:
            if self.sent_to is not None and lost(error):
                return await self.follow()
            self.may_be_there = self.may_be_there and code_of(error) is None
            raise
        return Built("done", reply=reply)

    async def _send(self, reached: Reached, quorum: CommitQuorum | None) -> Mapping[str, Any]:
        command, ended = self._group.command(quorum), asyncio.Event()
        sending = asyncio.ensure_future(reached.client[self._group.database].command(command))
        watching = asyncio.create_task(self._watch(reached.address, ended))
        try:
            await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise ServerGoneError(reached.address)
            return await sending
        finally:
            ended.set()
            await _end(sending, watching)

    async def _watch(self, address: str, ended: asyncio.Event) -> None:
        """Tell the progress until `ended`; returns before that when the server cannot be reached any more."""
        failed = 0
        while failed < _LOST_LOOKS and not ended.is_set():
            try:
                async with self._access.member(address) as reached:
                    watch = BuildWatch(reached.client, self._group, self._max_time_ms)
                    while not ended.is_set():
                        self._tell(await watch.progress())
                        failed = 0
                        await _pause(ended)
            except Exception:  # a look that failed is tried again
                failed += 1
                await _pause(ended)

    async def follow(self, *, began_earlier: bool = False) -> Built:
        """Look for the build on whichever member is primary now, until it has ended or nobody answers any more.

        `began_earlier`: it is an earlier perftui's, so that nothing of ours was lost.
        """
        self._answered_at, self.may_be_there = time.monotonic(), True
        why = "an earlier perftui began it" if began_earlier else "the connection was lost"
        self._tell(ActionProgress(message=f"{why}; looking for the build", phase="reconnecting"))
        while time.monotonic() < self._answered_at + self._reconnect_s:
            try:
                async with self._access.primary() as reached:
                    self.sent_to = reached.address
                    return await self._follow_on(reached, began_earlier)
            except Exception as error:
                if not (lost(error) or too_slow(error) or isinstance(error, CannotAct)):
                    raise
                await asyncio.sleep(_LOOK_EVERY_S)
        return Built(
            "unverified", f"The connection was lost while {self._group.what} was built, and no primary answers in time."
        )

    async def _follow_on(self, reached: Reached, began_earlier: bool) -> Built:
        watch = BuildWatch(reached.client, self._group, self._max_time_ms)
        while (state := await watch.state()) == "building":
            self._answered_at = time.monotonic()
            self._tell(await watch.progress())
            await asyncio.sleep(_LOOK_EVERY_S)
        if state == "ready":
            why = "An earlier perftui began it" if began_earlier else "The connection was lost meanwhile"
            return Built("done", f"{why}; {reached.address} has it ready.")
        how = "did not end well" if began_earlier else "did not outlive the lost connection"
        return Built("failed", f"The build of {self._group.what} {how}: it is not there.")


async def _end(*tasks: asyncio.Future[Any]) -> None:
    """The driver makes errors of its own out of being cancelled: wait for the end, and not for its kind."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_END_WITHIN_S)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()


async def _pause(ended: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), _LOOK_EVERY_S)
