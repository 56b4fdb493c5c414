"""Kill an operation: the one under the cursor, whatever moves meanwhile."""

from typing import TYPE_CHECKING

from perftui.model.operation import Operation
from perftui.model.snapshot import TargetState
from perftui.tui.dialogs.flow import find_connection, refuse, start_action

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp


def open_kill(app: "PerftuiApp", operation: Operation, state: TargetState) -> None:
    """Ask to kill `operation` of the member `state`; says why not where it may not."""
    view = app.view
    if view is None:
        return
    reason = refuse(app, view, state) or _not_for_killing(operation)
    connection = find_connection(view.settings, state.target)
    if reason is not None or connection is None:
        app.say(reason or "There is no connection to act through.", "warning")
        return
    from perftui.actions.kill_operation import KillOperation

    role = state.mongodb.role if state.mongodb is not None else None
    action = KillOperation(connection, state.target, operation, role=role)
    start_action(app, action, "Kill it", read_only=view.settings.read_only or state.read_only)


def _not_for_killing(operation: Operation) -> str | None:
    if operation.opid is None:
        return "This is an idle cursor or session: it has no opid, so there is nothing to kill."
    if not operation.killable:
        return "This is the server's own work or perftui's, not a client's operation: it is never killed from here."
    return None
