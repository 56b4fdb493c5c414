"""Takes back the last action that can be taken back on the server in view."""

import asyncio
from typing import TYPE_CHECKING

from perftui.model.snapshot import TargetState
from perftui.model.target import Connection
from perftui.tui.dialogs.flow import acting_through, start_action
from perftui.tui.proofs import renew_proofs

if TYPE_CHECKING:
    from perftui.actions.base import Action, Outcome
    from perftui.tui.app import PerftuiApp


def open_undo(app: "PerftuiApp") -> None:
    """Look in the journal, check, then ask; says when there is nothing to take back."""
    found = acting_through(app, app.view.target("mongodb") if app.view is not None else None)
    if found is not None:
        app.run_worker(_look_and_ask(app, *found), group="actions", exit_on_error=False)


async def _look_and_ask(app: "PerftuiApp", connection: Connection, state: TargetState) -> None:
    from perftui.actions.journal import default_journal
    from perftui.actions.undo import UndoAction, last_undoable
    from perftui.tui.dialogs.create import abort_running

    journal = default_journal()
    try:
        record = await asyncio.to_thread(last_undoable, journal, connection)
    except OSError as error:
        app.say(f"The journal cannot be read ({error.strerror}): {journal.path}", "over")
        return
    if record is None:
        app.say(f"The journal knows nothing of {state.target.name} that could be taken back.")
        return
    action = UndoAction(connection, state.target, record)

    def after(_outcome: "Outcome") -> None:
        app.feed.refresh()
        renew_proofs(app)

    def abort(running: "Action") -> None:
        abort_running(app, state, running)

    start_action(
        app,
        action,
        "Take it back",
        read_only=state.read_only,
        abort=abort if action.can_abort else None,
        after=after,
    )
