"""A bounded window of profiling: opened, and put back after its time, at its end, or at the next start."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from types import TracebackType
from typing import Self

from perftui.actions.base import Outcome
from perftui.actions.journal import Journal, JournalEntry
from perftui.actions.pending import concerns, pending_restorations
from perftui.actions.restore_profiling import RestoreProfiling
from perftui.actions.runner import perform
from perftui.actions.set_profiling import SetProfiling
from perftui.model.errors import UserError
from perftui.model.target import Connection

_PAUSES_S = (2.0, 5.0, 10.0, 30.0)
_LONGEST_S = 60.0


class ProfilingWindow:
    """`async with ProfilingWindow(SetProfiling(...), confirmed_command, journal=journal): ...`

    `open` and `close` are for a screen that keeps it: `close` is safe to call twice, and at any time. The window closes
    by itself after the action's `seconds`; `closed` is set then, and `restored` holds what came of it. What fails then
    is tried again until it is done, somebody else has changed it, or `close`; `tell_failure` is told of the first.
    As a context manager it raises `UserError` where it may not be opened.
    """

    def __init__(
        self,
        action: SetProfiling,
        confirmed_command: str,
        *,
        journal: Journal,
        read_only: bool = False,
        tell_failure: Callable[[Outcome], None] | None = None,
    ) -> None:
        self.action, self.journal = action, journal
        self.closed = asyncio.Event()
        self.restored: Outcome | None = None
        self._confirmed_command, self._read_only = confirmed_command, read_only
        self._entry: JournalEntry | None = None
        self._tell_failure = tell_failure
        self._timer: asyncio.Task[None] | None = None
        self._closing = asyncio.Lock()

    async def open(self) -> Outcome:
        outcome = await perform(
            self.action,
            confirmed_command=self._confirmed_command,
            read_only=self._read_only,
            journal=self.journal,
            on_intent=self._take_entry,
        )
        if self._entry is None:
            self.closed.set()
        elif self.action.seconds is not None:
            self._timer = asyncio.create_task(self._end_after(self.action.seconds))
        return outcome

    async def close(self) -> Outcome | None:
        """Put the old settings back now; `None` where nothing was opened."""
        if self._timer is not None and self._timer is not asyncio.current_task():
            self._timer.cancel()
        return await asyncio.shield(self._restore(at_last=True))

    async def _restore(self, *, at_last: bool) -> Outcome | None:
        """Once; closed where that ends it, or nobody tries again."""
        async with self._closing:
            if not self.closed.is_set():
                self.restored, ended = await self._put_back()
                if ended or at_last:
                    self.closed.set()
        return self.restored

    async def _put_back(self) -> tuple[Outcome | None, bool]:
        """What came of it, and whether that is the end: done, or refused since somebody else has changed it."""
        entry, begun = self._entry, list[JournalEntry]()
        try:
            records = await asyncio.to_thread(self.journal.read)
        except OSError as error:
            words = f"The journal {self.journal.path} cannot be read ({error.strerror})."
            return Outcome(state="failed", message=words), False
        record = next((one for one in records if entry is not None and one.intent.id == entry.id), None)
        if record is None or record.undo is None or record.undo.before is None:
            return None, True
        restoring = RestoreProfiling(self.action.connection, self.action.target, record)
        command = restoring.describe().command
        outcome = await perform(
            restoring, confirmed_command=command, read_only=False, journal=self.journal, on_intent=begun.append
        )
        return outcome, outcome.state == "done" or (outcome.state == "refused" and bool(begun))

    def _take_entry(self, entry: JournalEntry) -> None:
        self._entry = entry

    async def _end_after(self, seconds: float) -> None:
        """A server or a disk may be away for a moment; the profiler must not stay on for that."""
        told = False
        for pause in chain((seconds,), _PAUSES_S, repeat(_LONGEST_S)):
            await asyncio.sleep(pause)
            outcome = await asyncio.shield(self._restore(at_last=False))
            if self.closed.is_set():
                return
            if not told and outcome is not None and self._tell_failure is not None:
                self._tell_failure(outcome)
            told = True

    async def __aenter__(self) -> Self:
        try:
            outcome = await self.open()
        except asyncio.CancelledError:
            await self.close()
            raise
        if outcome.state != "done":
            await self.close()
            raise UserError(outcome.message, 1)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
        if self._timer is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._timer


async def restore_pending(
    journal: Journal, connections: Sequence[Connection], *, own: bool = False
) -> tuple[tuple[str, Outcome], ...]:
    """Put back what a killed perftui left, where one of these connections reaches it; with `own`, what we left.

    Gives the database and member of each, with its outcome.
    """
    found = []
    for record in pending_restorations(journal, own=own):
        connection = next((one for one in connections if concerns(record, one)), None)
        if connection is None or record.undo is None:
            continue
        action = RestoreProfiling(connection, connection.target, record)
        command = action.describe().command
        outcome = await perform(action, confirmed_command=command, read_only=False, journal=journal)
        found.append((f"{record.undo.ns} on {record.undo.member}", outcome))
    return tuple(found)
