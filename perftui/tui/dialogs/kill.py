"""Kill an operation, a group of them, or a session: what stood under the cursor, whatever moves meanwhile."""

from typing import TYPE_CHECKING

from perftui.advice.contention.groups import OperationGroup
from perftui.advice.contention.wait import Wait
from perftui.model.operation import OpenTransaction, Operation
from perftui.model.snapshot import TargetState
from perftui.model.target import Connection
from perftui.tui.dialogs.flow import find_connection, refuse, start_action

if TYPE_CHECKING:
    from perftui.actions.base import Action
    from perftui.tui.app import PerftuiApp

_TITLE = 40


def open_kill_of(app: "PerftuiApp", row: object, state: TargetState) -> None:
    """Ask to end what a row of the Operations tab stands for."""
    if isinstance(row, Operation):
        open_kill(app, row, state)
    elif isinstance(row, OperationGroup):
        open_kill_group(app, row, state)
    elif isinstance(row, OpenTransaction):
        open_kill_session(app, row, state)
    elif isinstance(row, Wait):
        _open_kill_holder(app, row, state)


def open_kill(app: "PerftuiApp", operation: Operation, state: TargetState) -> None:
    """Ask to kill `operation` of the member `state`; says why not where it may not."""
    connection = _connection(app, state, _not_for_killing(operation))
    if connection is None:
        return
    from perftui.actions.kill_operation import KillOperation

    _start(app, state, KillOperation(connection, state.target, operation, role=_role(state)), "Kill it")


def open_kill_group(app: "PerftuiApp", group: OperationGroup, state: TargetState) -> None:
    """Ask to kill all of a group that may be killed; says why not where none may."""
    killable = group.killable
    nothing = "None of them is a client's operation that may be killed." if not killable else None
    connection = _connection(app, state, nothing)
    if connection is None:
        return
    from perftui.actions.kill_operations import KillOperations

    what = " ".join(group.name.split())[:_TITLE]
    action = KillOperations(connection, state.target, what, group.operations, role=_role(state))
    _start(app, state, action, "Kill them")


def open_kill_session(app: "PerftuiApp", transaction: OpenTransaction, state: TargetState) -> None:
    """Ask to end the session of an open transaction; says why not where it may not."""
    connection = _connection(app, state, None)
    if connection is None:
        return
    from perftui.actions.kill_session import KillSession

    try:
        action = KillSession(connection, state.target, transaction, role=_role(state))
    except ValueError as error:
        app.say(f"It cannot be killed: {error}.", "warning")
        return
    _start(app, state, action, "Kill it")


def _open_kill_holder(app: "PerftuiApp", wait: Wait, state: TargetState) -> None:
    """The one that others wait for, where it is known which one that is."""
    holder = wait.holders[0] if len(wait.holders) == 1 else None
    if holder is None:
        known = "Several may hold it: Enter shows them." if wait.holders else "Cannot tell who holds it."
        app.say(f"{known} Kill the operation or the transaction itself.", "warning")
    elif holder.transaction is not None:
        open_kill_session(app, holder.transaction, state)
    elif holder.operation is not None:
        open_kill(app, holder.operation, state)
    else:
        app.say(f"{holder.name}: there is nothing to kill.", "warning")


def _connection(app: "PerftuiApp", state: TargetState, against: str | None) -> Connection | None:
    """How to reach it; says what is against it."""
    view = app.view
    if view is None:
        return None
    reason = refuse(app, view, state) or against
    connection = find_connection(view.settings, state.target)
    if reason is not None or connection is None:
        app.say(reason or "There is no connection to act through.", "warning")
        return None
    return connection


def _start(app: "PerftuiApp", state: TargetState, action: "Action", verb: str) -> None:
    start_action(app, action, verb, read_only=app.settings.read_only or state.read_only)


def _role(state: TargetState) -> str | None:
    return state.mongodb.role if state.mongodb is not None else None


def _not_for_killing(operation: Operation) -> str | None:
    if operation.opid is None:
        return "This is an idle cursor or session: it has no opid, so there is nothing to kill."
    if not operation.killable:
        return "This is the server's own work or perftui's, not a client's operation: it is never killed from here."
    return None
