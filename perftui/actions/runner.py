"""The one way an action is run: refuse, check, write the intent down, run, verify, write the outcome down."""

import asyncio
from collections.abc import Callable

from perftui.actions.base import Action, Outcome, Problem, ReportingAction, UndoableAction
from perftui.actions.journal import Journal, JournalEntry
from perftui.actions.undo_data import UndoData
from perftui.model.redaction import redact


async def perform(
    action: Action,
    *,
    confirmed_command: str,
    read_only: bool,
    journal: Journal,
    typed: str | None = None,
    on_intent: Callable[[JournalEntry], None] | None = None,
) -> Outcome:
    """Run a confirmed action; raises nothing but `CancelledError`.

    `confirmed_command` is the command that the user was shown: what differs from it does not run. `typed` is what the
    user typed where the description asks for that. `on_intent` is told the journal's entry before the command runs.
    """
    if read_only or action.connection.read_only:
        return _refused("Nothing was done: this is read-only mode.")
    command = action.describe().command
    if command != confirmed_command:
        return _refused("Nothing was done: the command is not the one that was confirmed any more.")
    if (problem := await _blocking_problem(action)) is not None:
        return _refused(f"Nothing was done: {problem.message} {problem.help}".rstrip())
    if (wanted := action.describe().typed_confirmation) not in (None, typed):
        return _refused(f"Nothing was done: type {wanted} to confirm.")
    try:
        intent = await asyncio.to_thread(journal.intend, action.name, action.target, command, _undo_data(action))
    except OSError as error:
        return _refused(f"Nothing was done: the journal {journal.path} cannot be written ({error.strerror}).")
    if on_intent is not None:
        on_intent(intent)
    return await _run(action, intent, journal)


async def _blocking_problem(action: Action) -> Problem | None:
    try:
        problems = await action.check()
    except Exception as error:  # a check that fails must end in words, not end the screen
        return Problem(blocking=True, message=f"the check failed: {action.explain(error)}")
    return next((problem for problem in problems if problem.blocking), None)


async def _run(action: Action, intent: JournalEntry, journal: Journal) -> Outcome:
    try:
        outcome = await action.run()
    except asyncio.CancelledError:
        words = (
            action.interrupted() if isinstance(action, ReportingAction) else "Interrupted: the command may have run."
        )
        journal.conclude(intent, "unverified", words, _undo_data(action))
        raise
    except Exception as error:  # whatever a client raises is told in words
        outcome = Outcome(state="failed", message=redact(action.explain(error)))
    try:
        await asyncio.to_thread(journal.conclude, intent, outcome.state, outcome.message, _undo_data(action))
    except OSError as error:
        return Outcome(
            state=outcome.state,
            message=f"{outcome.message} The journal could not be completed ({error.strerror}).",
        )
    return outcome


def _interrupted(action: Action) -> str:
    if isinstance(action, ReportingAction):
        return action.interrupted()
    return "Interrupted: the command may have run."


def _undo_data(action: Action) -> UndoData | None:
    return action.undo_data() if isinstance(action, UndoableAction) else None


def _refused(message: str) -> Outcome:
    return Outcome(state="refused", message=message)
