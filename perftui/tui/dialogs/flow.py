"""From a key to an outcome: refuse in words, check, ask, run through `actions.runner`, tell."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

from perftui.model.event import Event, Severity
from perftui.model.settings import Settings
from perftui.model.snapshot import TargetState
from perftui.model.target import Connection, Target
from perftui.tui.dialogs.asking import begin_check, checking, may_ask, until_nothing_is_typed, wait_for_turn
from perftui.tui.proofs import renew_proofs
from perftui.tui.view import View

if TYPE_CHECKING:
    from perftui.actions.base import Action, Outcome
    from perftui.tui.app import PerftuiApp
    from perftui.tui.dialogs.confirm import Confirmed, Run

_State = Literal["refused", "failed"]


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


def acting_through(app: "PerftuiApp", state: TargetState | None) -> tuple[Connection, TargetState] | None:
    """How to change something there; says why nothing may be changed. A paused screen is too old to act on an index."""
    view = app.view
    if view is None or state is None:
        app.say("No MongoDB is monitored, so there is nothing to change.", "warning")
        return None
    paused = "The screen is paused and may be old: p goes on, then act." if app.paused and not app.past else None
    reason = paused or refuse(app, view, state)
    connection = find_connection(view.settings, state.target)
    if reason is not None or connection is None:
        app.say(reason or "There is no connection to act through.", "warning")
        return None
    return connection, state


def start_action(
    app: "PerftuiApp",
    action: "Action",
    verb: str,
    *,
    read_only: bool,
    run: "Run | None" = None,
    abort: "Callable[[Action], None] | None" = None,
    after: Callable[["Outcome"], None] | None = None,
    way_out: Callable[[], "Action | None"] | None = None,
    instead: Callable[[], None] | None = None,
    waits: bool = False,
) -> None:
    """Check, then ask, in the background; refused in words while something else is checked or asked.

    `run`: what runs it, in place of `actions.runner` alone. `abort`: what K does to it while it runs. `after` is told
    the outcome. `way_out`: what may be asked for instead, knowingly, where the check refuses the action. `instead` is
    called where nobody is asked. `waits`: with its question, for its turn, as nobody has pressed a key for it.
    """
    if not waits and not may_ask(app):
        return
    if not waits:
        begin_check(app, action.target.name)
    runs = _told(app, run or _through_runner(read_only or app.settings.read_only), after)

    async def work() -> None:
        # What nobody pressed a key for may check a server that is slow: no key is refused meanwhile.
        with nullcontext() if waits else checking(app, action.target.name):
            asked = await _check_and_ask(app, action, verb, runs, abort, way_out, waits=waits)
        if not asked and instead is not None:
            instead()

    app.run_worker(work(), group="actions", exit_on_error=False)


async def _check_and_ask(
    app: "PerftuiApp",
    action: "Action",
    verb: str,
    run: "Run",
    abort: "Callable[[Action], None] | None",
    way_out: Callable[[], "Action | None"] | None,
    *,
    waits: bool,
) -> bool:
    """Whether it may be asked for; says why not."""
    from perftui.model.redaction import redact
    from perftui.tui.dialogs.confirm import ConfirmDialog

    try:
        problems = await action.check()
        blocking = next((problem for problem in problems if problem.blocking), None)
        other = way_out() if blocking is not None and way_out is not None else None
        if other is not None and not any(problem.blocking for problem in await other.check()):
            action, blocking = other, None
    except Exception as error:  # whatever a client raises is told in words
        await _tell_refused(app, action, "failed", redact(action.explain(error)), in_box=not waits)
        return False
    if blocking is not None:
        await _tell_refused(app, action, "refused", f"{blocking.message} {blocking.help}".rstrip(), in_box=not waits)
        return False
    if waits:
        await wait_for_turn(app)
    await until_nothing_is_typed(app)
    await app.push_screen(ConfirmDialog(action, problems, verb, run, abort))
    return True


async def _tell_refused(app: "PerftuiApp", action: "Action", state: "_State", reason: str, *, in_box: bool) -> None:
    """A box only for who waits for an answer: it would hold up the others that are offered at the start."""
    from perftui.actions.base import Outcome
    from perftui.tui.dialogs.telling import STATES, show_outcome

    outcome = Outcome(state=state, message=f"Nothing was done: {reason}")
    tell_outcome(app, action, outcome)
    if in_box:
        await show_outcome(app, action, outcome)
    else:
        app.say(outcome.message, STATES[state])


def _told(app: "PerftuiApp", run: "Run", after: Callable[["Outcome"], None] | None) -> "Run":
    """The same, known as under way while it runs, its outcome told afterwards."""

    async def told(chosen: "Action", confirmed: "Confirmed") -> "Outcome":
        from perftui.actions.base import Outcome
        from perftui.model.redaction import redact

        app.running_actions.append(chosen)
        try:
            outcome = await run(chosen, confirmed)
        except Exception as error:  # the dialog must not wait for ever
            outcome = Outcome(state="failed", message=redact(chosen.explain(error)))
        finally:
            app.running_actions.remove(chosen)
        tell_outcome(app, chosen, outcome)
        renew_proofs(app)
        if after is not None:
            after(outcome)
        return outcome

    return told


def _through_runner(read_only: bool) -> "Run":
    async def run(action: "Action", confirmed: "Confirmed") -> "Outcome":
        from perftui.actions.journal import default_journal
        from perftui.actions.runner import perform

        return await perform(
            action,
            confirmed_command=confirmed.command,
            typed=confirmed.typed,
            read_only=read_only,
            journal=default_journal(),
        )

    return run


def tell_outcome(app: "PerftuiApp", action: "Action", outcome: "Outcome") -> None:
    """Put the outcome among the events."""
    message = f"{action.target.name}: {action.name}: {outcome.message}"
    severity: Severity = "info" if outcome.state == "done" else "warning"
    kind = f"action.{outcome.state}"
    app.feed.tell(Event(at=time.time(), target_id=action.target.id, kind=kind, severity=severity, message=message))
