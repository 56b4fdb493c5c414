"""Indexes for the time of a benchmark: created, and dropped again whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from perftui.actions.base import UNDO_COMMAND, Description, Outcome
from perftui.actions.create_index import CreateIndexes
from perftui.actions.journal import Journal, JournalEntry, Record
from perftui.actions.mongosh import run_command
from perftui.actions.pending import TRIAL_ACTION
from perftui.actions.runner import perform
from perftui.actions.undo_creation import UndoCreation, drop_command

_TRIES, _PAUSE_S = 6, 0.5


class TrialNotOpened(Exception):  # noqa: N818 - an answer, not a fault
    """The index is not there; the outcome says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class CreateTrialIndexes(CreateIndexes):
    """As `CreateIndexes`; what is confirmed holds the command that drops them again."""

    name = TRIAL_ACTION
    outlives = False

    def describe(self) -> Description:
        shown = super().describe()
        them = "they are" if len(self.specs) > 1 else "it is"
        words = (
            f"After the benchmark {them} dropped again, also after Ctrl-C or a failure.",
            "Until then every client's queries may use what is built, and every write pays for it.",
        )
        return replace(
            shown,
            command=f"{shown.command}\n{self.drop_shown()}",
            consequences=(*shown.consequences, *words),
            undo=f"the second command; where that fails, {UNDO_COMMAND}.",
            choices=(),
        )

    def create_shown(self) -> str:
        """The command that creates them, for good where it is not undone."""
        return "\n".join(group.shown(self.commit_quorum) for group in self.groups)

    def drop_shown(self) -> str:
        """The command that drops them, in mongosh's notation."""
        return "\n".join(
            run_command(group.database, drop_command(self.connection, group.ns, group.names)) for group in self.groups
        )

    def interrupted(self) -> str:
        return "It was for a benchmark only: it does not stay."


class TrialIndex:
    """`async with TrialIndex(action, confirmed_command, journal=journal): ...` has the indexes inside.

    Raises `TrialNotOpened` where they could not be created. `dropped` is the outcome of dropping them; `None` before
    that, or where there was nothing to drop. Cancelling it, in the middle of a build too, drops them before it ends.
    """

    def __init__(
        self, action: CreateTrialIndexes, confirmed_command: str, *, journal: Journal, read_only: bool = False
    ) -> None:
        self.action, self.journal = action, journal
        self.created: Outcome | None = None
        self.dropped: Outcome | None = None
        self._confirmed_command, self._read_only = confirmed_command, read_only
        self._entry: JournalEntry | None = None

    async def __aenter__(self) -> Self:
        try:
            self.created = await perform(
                self.action,
                confirmed_command=self._confirmed_command,
                read_only=self._read_only,
                journal=self.journal,
                on_intent=self._take_entry,
            )
        except BaseException:
            await self._close()
            raise
        if self.created.state != "done":
            await self._close()
            raise TrialNotOpened(self.created)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        await asyncio.shield(self._drop())

    async def _drop(self) -> None:
        """A build that was interrupted may show up only after a moment, and a server may be away for one."""
        record = self._record()
        if record is None or record.undo is None or not record.undo.indexes:
            return
        settled = self.created is not None and self.created.state != "unverified"
        for attempt in range(_TRIES):
            undo = UndoCreation(self.action.connection, self.action.target, record, settled=True)
            confirmed = undo.describe().command in self._confirmed_command
            with contextlib.suppress(Exception):  # the runner checks again, and tells
                await undo.check()
            if not undo.gone or settled or attempt == _TRIES - 1:
                if not undo.left:
                    await self._nothing_left(record)
                    return
                self.dropped = await self._perform(undo, confirmed)
                if self.dropped.state == "done":
                    return
            await asyncio.sleep(_PAUSE_S)

    async def _nothing_left(self, record: Record) -> None:
        self.dropped = None
        words = "It is not there any more, so nothing was dropped."
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self.journal.conclude, record.intent, "failed", words, record.undo)

    async def _perform(self, undo: UndoCreation, confirmed: bool) -> Outcome:
        """Of what was confirmed, those that are left."""
        command = undo.describe().command
        if not confirmed:
            return Outcome(state="refused", message="Nothing was done: this drop is not the one that was confirmed.")
        return await perform(undo, confirmed_command=command, read_only=False, journal=self.journal)

    def _record(self) -> Record | None:
        entry = self._entry
        return next((one for one in self.journal.read() if entry is not None and one.intent.id == entry.id), None)

    def _take_entry(self, entry: JournalEntry) -> None:
        self._entry = entry
