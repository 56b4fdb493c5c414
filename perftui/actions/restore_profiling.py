"""Puts back the profiler's settings that the journal kept, unless somebody else has changed them since."""

from __future__ import annotations

from typing import Any

from perftui.actions.access import Access
from perftui.actions.base import Description, Outcome, Problem
from perftui.actions.index_action import explain_on
from perftui.actions.journal import Record
from perftui.actions.mongosh import run_command
from perftui.actions.profiling_settings import in_words, read_profiling, restoring, still_ours
from perftui.actions.undo_data import KeptProfiling, UndoData
from perftui.model.target import Connection, Target
from perftui.sources.mongodb.client import max_time_ms


class RestoreProfiling:
    """`RestoreProfiling(connection, target, record)`; `record` is one of `pending_restorations`.

    Raises `ValueError` for a record that kept no settings.
    """

    name = "restore profiling"
    allowed_by = "dbAdmin"

    def __init__(self, connection: Connection, target: Target, record: Record) -> None:
        undo = record.undo
        if undo is None or undo.before is None or undo.after is None:
            raise ValueError("this entry kept no settings of the profiler")
        self.connection, self.target, self.record = connection, target, record
        self.database, self.host = undo.ns, undo.member
        self.role: str | None = None
        self._before, self._after = undo.before, undo.after
        # Done is only said of what was read: else `after` is what we asked for, with the filter as we spelled it.
        self._read_back = record.outcome is not None and record.outcome.state == "done"
        settings = restoring(undo.before, undo.after)
        self.command: dict[str, Any] = {**settings.command(), "maxTimeMS": max_time_ms(connection)}
        self.access = Access(connection, target)

    def describe(self) -> Description:
        return Description(
            title=f"Restore the profiling of {self.database}",
            command=run_command(self.database, self.command),
            host=self.host,
            role=self.role,
            consequences=(
                f"Back to {in_words(self._before)}, as before perftui changed it.",
                "Nothing is changed where somebody else has changed it since.",
            ),
            would=f"would put the profiling of {self.database} back to {in_words(self._before)}",
        )

    async def check(self) -> tuple[Problem, ...]:
        """Words only: what may not be put back is found out, and told, by `run`, which closes the journal's entry."""
        now = await self._read()
        if now == self._before or self._ours(now):
            return ()
        return (Problem(blocking=False, message=self._changed(now)),)

    async def run(self) -> Outcome:
        now = await self._read()
        if now == self._before:
            words = f"The profiling of {self.database} is back at {in_words(now)} already."
            return Outcome(state="done", message=words)
        if not self._ours(now):
            return Outcome(state="refused", message=f"Nothing was restored: {self._changed(now)}")
        async with self.access.member(self.host) as reached:
            await reached.client[self.database].command(self.command)
        now = await self._read()
        if now == self._before:
            return Outcome(state="done", message=f"The profiling of {self.database} is back at {in_words(now)}.")
        return Outcome(state="unverified", message=f"The server accepted it, but is at {in_words(now)}.")

    async def _read(self) -> KeptProfiling:
        async with self.access.member(self.host) as reached:
            self.role = reached.role
            return await read_profiling(reached.client, self.database, max_time_ms(self.connection))

    def _ours(self, now: KeptProfiling) -> bool:
        return still_ours(now, self._after, read_back=self._read_back)

    def _changed(self, now: KeptProfiling) -> str:
        return (
            f"somebody else has changed the profiling of {self.database} on {self.host}, or the mongod restarted: "
            f"it is at {in_words(now)}, perftui left it at {in_words(self._after)}. "
            f"Before perftui it was at {in_words(self._before)}."
        )

    def undo_data(self) -> UndoData:
        return UndoData(ns=self.database, member=self.host, undoes=self.record.intent.id)

    def explain(self, error: BaseException) -> str:
        return explain_on(self.access, error, self.database, self.allowed_by)
