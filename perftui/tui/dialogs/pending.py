"""What an earlier perftui left, looked for at the start: settings and trial indexes are offered to be put back."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from perftui.tui.dialogs.flow import start_action

if TYPE_CHECKING:
    from perftui.actions.base import Action, Outcome
    from perftui.actions.journal import Journal, Record
    from perftui.model.target import Connection
    from perftui.tui.app import PerftuiApp


async def offer_pending(app: "PerftuiApp") -> None:
    """Ask about what was not put back, the oldest first, one after the other; look after builds."""
    from perftui.actions.journal import default_journal
    from perftui.tui.dialogs.earlier_builds import look_after_builds

    journal = default_journal()
    try:
        _offer_first(app, await asyncio.to_thread(_left, journal))
        await look_after_builds(app, journal)
    except OSError:  # a journal that cannot be used offers nothing
        return


def _left(journal: "Journal") -> "tuple[Record, ...]":
    from perftui.actions.pending import left_trials, pending_restorations

    return (*pending_restorations(journal), *left_trials(journal))


def _offer_first(app: "PerftuiApp", left: "Sequence[Record]") -> None:
    """The first that can be; the others after its outcome, or at once where its check fails or refuses it.

    Who cancels is asked again at the next start.
    """
    for place, record in enumerate(left):
        if _offer(app, record, left[place + 1 :]):
            return


def _offer(app: "PerftuiApp", record: "Record", others: "Sequence[Record]") -> bool:
    """Ask, where one of the connections reaches that member."""
    from perftui.actions.pending import concerns

    connection = next((one for one in app.settings.connections if concerns(record, one)), None)
    if connection is None:
        return False
    if app.settings.read_only or connection.read_only:
        app.say(f"An earlier perftui left {_what(record)}; read-only mode cannot put it back.", "warning")
        return False
    action, verb = _back(record, connection)

    def after(_outcome: "Outcome") -> None:
        _offer_first(app, others)

    start_action(app, action, verb, read_only=False, after=after, instead=lambda: _offer_first(app, others), waits=True)
    return True


def _what(record: "Record") -> str:
    undo = record.undo
    if undo is None or undo.kind != "drop indexes":
        return f"the profiling of {'' if undo is None else undo.member} changed"
    return f"an index of a benchmark, {', '.join(f'{one.name} on {one.ns}' for one in undo.indexes)}"


def _back(record: "Record", connection: "Connection") -> "tuple[Action, str]":
    """What puts it back, and the word for it."""
    from perftui.actions.restore_profiling import RestoreProfiling
    from perftui.actions.undo_creation import UndoCreation

    if record.undo is not None and record.undo.kind == "drop indexes":
        return UndoCreation(connection, connection.target, record), "Drop it"
    return RestoreProfiling(connection, connection.target, record), "Restore it"
