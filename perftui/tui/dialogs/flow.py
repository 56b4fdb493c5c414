"""From a key to an outcome: refuse in words, check, ask, run through `actions.runner`, tell."""

import time
from typing import TYPE_CHECKING

from perftui.model.event import Event, Severity
from perftui.model.settings import Settings
from perftui.model.snapshot import TargetState
from perftui.model.target import Connection, Target
from perftui.tui.view import View

if TYPE_CHECKING:
    from perftui.actions.base import Action, Outcome
    from perftui.tui.app import PerftuiApp


def find_connection(settings: Settings, target: Target) -> Connection | None:
    """How a target is reached: its own connection, else that of the replica set it was found through."""
    wanted = (target.id, target.group)
    return next((one for one in settings.connections if one.target.id in wanted), None)


def refuse(app: "PerftuiApp", view: View, state: TargetState) -> str | None:
    """Why nothing may be changed now, in words; `None`: it may. A paused screen may act: the check looks again."""
    if app.past:
        return "This is the past: Esc goes back to now, then act."
    if not app.feed.live:
        return "This is a recording: there is nothing to act on."
    connection = find_connection(view.settings, state.target)
    if view.settings.read_only or state.read_only or (connection is not None and connection.read_only):
        return "Read-only mode: perftui changes nothing here. Start it without --read-only to act."
    if connection is None:
        return f"There is no connection to {state.target.name} to act through."
    return None


def start_action(app: "PerftuiApp", action: "Action", verb: str, *, read_only: bool) -> None:
    """Check, then ask, in the background."""
    app.say(f"Checking on {action.target.name} ...")
    app.run_worker(_check_and_ask(app, action, verb, read_only), group="actions", exit_on_error=False)


async def _check_and_ask(app: "PerftuiApp", action: "Action", verb: str, read_only: bool) -> None:
    from perftui.model.redaction import redact
    from perftui.tui.dialogs.confirm import ConfirmDialog

    try:
        problems = await action.check()
    except Exception as error:  # whatever a client raises is told in words
        app.say(f"Nothing was done: {redact(action.explain(error))}", "over")
        return
    blocking = next((problem for problem in problems if problem.blocking), None)
    if blocking is not None:
        app.say(f"Nothing was done: {blocking.message} {blocking.help}".rstrip(), "warning")
        return

    async def run(chosen: "Action", command: str) -> "Outcome":
        outcome = await _run(chosen, command, read_only)
        _tell(app, chosen, outcome)
        return outcome

    await app.push_screen(ConfirmDialog(action, problems, verb, run))


async def _run(action: "Action", command: str, read_only: bool) -> "Outcome":
    from perftui.actions.journal import default_journal
    from perftui.actions.runner import perform

    return await perform(action, confirmed_command=command, read_only=read_only, journal=default_journal())


def _tell(app: "PerftuiApp", action: "Action", outcome: "Outcome") -> None:
    """Put the outcome among the events."""
    message = f"{action.target.name}: {action.name}: {outcome.message}"
    severity: Severity = "info" if outcome.state == "done" else "warning"
    kind = f"action.{outcome.state}"
    app.feed.tell(Event(at=time.time(), target_id=action.target.id, kind=kind, severity=severity, message=message))
