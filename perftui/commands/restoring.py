"""What an earlier perftui that was killed has left changed: told at the start of a command, and put back if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perftui.commands import say

if TYPE_CHECKING:
    from perftui.actions.base import Outcome
    from perftui.actions.journal import Journal, Record
    from perftui.model.target import Connection

_SIGN = b'"restore profiling"'
_TRIAL_SIGN = b'"create index for a benchmark"'


def tell_left_behind() -> None:
    """A sentence on stderr for each change that is not put back, with the command that does it."""
    for record in _left():
        say(f"{_words(record)} Put it back: perftui index undo TARGET {record.intent.id[:8]}")
    _tell_left_trials()


def _tell_left_trials() -> None:
    """Indexes that were for a benchmark only."""
    if not _journal_names(_TRIAL_SIGN):
        return
    from perftui.actions.journal import default_journal
    from perftui.actions.pending import left_trials

    for record in left_trials(default_journal()):
        names = ", ".join(f"{one.name} on {one.ns}" for one in (record.undo.indexes if record.undo else ()))
        words = f"An earlier perftui bench ended without dropping {names} at {record.intent.where}."
        say(f"{words} Drop it: perftui index undo TARGET {record.intent.id[:8]}")


async def offer_restorations(journal: Journal, connections: Sequence[Connection], *, may_ask: bool) -> None:
    """Ask on a terminal whether to put back what these connections reach; elsewhere say how."""
    import asyncio

    from perftui.actions.pending import concerns
    from perftui.commands.index.showing import prompt

    for record in await asyncio.to_thread(_left):
        connection = next((one for one in connections if concerns(record, one) and not one.read_only), None)
        if connection is None or not may_ask:
            say(f"{_words(record)} Put it back: perftui index undo TARGET {record.intent.id[:8]}")
        elif prompt(f"{_words(record)} Put it back now? [y/N] ").lower() in ("y", "yes"):
            say((await _restore(journal, connection, record)).message)
    await asyncio.to_thread(_tell_left_trials)


def restore_own(connections: Sequence[Connection]) -> None:
    """The last resort when the screen has ended: what this very process changed and did not get to put back."""
    if not _journal_names(_SIGN):
        return
    import asyncio

    from perftui.actions.journal import default_journal
    from perftui.actions.profiling_window import restore_pending

    for what, outcome in asyncio.run(restore_pending(default_journal(), connections, own=True)):
        say(f"{what}: {outcome.message}")


def _left() -> tuple[Record, ...]:
    """Cheap where nothing was ever profiled: most commands must not pay for this."""
    if not _journal_names(_SIGN):
        return ()
    from perftui.actions.journal import default_journal
    from perftui.actions.pending import pending_restorations

    return pending_restorations(default_journal())


def _journal_names(sign: bytes) -> bool:
    from perftui.config.folders import state_folder

    try:
        return sign in (state_folder() / "journal.jsonl").read_bytes()
    except OSError:
        return False


def _words(record: Record) -> str:
    undo = record.undo
    where = f"{undo.ns} on {undo.member}" if undo is not None else record.intent.where
    return f"An earlier perftui ended without putting the profiling of {where} back."


async def _restore(journal: Journal, connection: Connection, record: Record) -> Outcome:
    from perftui.actions.restore_profiling import RestoreProfiling
    from perftui.actions.runner import perform

    action = RestoreProfiling(connection, connection.target, record)
    command = action.describe().command
    return await perform(action, confirmed_command=command, read_only=False, journal=journal)
