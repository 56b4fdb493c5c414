"""The one way an action is run: refuse, check, write the intent down, run, verify, write the outcome down."""

import asyncio

from perftui.actions.base import Action, Outcome, Problem
from perftui.actions.journal import Journal, JournalEntry
from perftui.model.redaction import redact


async def perform(action: Action, *, confirmed_command: str, read_only: bool, journal: Journal) -> Outcome:
    """Run a confirmed action; raises nothing but `CancelledError`.

    `confirmed_command` is the command that the user was shown: what differs from it does not run.
    """
    if read_only or action.connection.read_only:
        return _refused("Nothing was done: this is read-only mode.")
    command = action.describe().command
    if command != confirmed_command:
        return _refused("Nothing was done: the command is not the one that was confirmed any more.")
    if (problem := await _blocking_problem(action)) is not None:
        return _refused(f"Nothing was done: {problem.message} {problem.help}".rstrip())
    try:
        intent = await asyncio.to_thread(journal.intend, action.name, action.target, command)
    except OSError as error:
        return _refused(f"Nothing was done: the journal {journal.path} cannot be written ({error.strerror}).")
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
        journal.conclude(intent, "unverified", "Interrupted: the command may have run.")
        raise
    except Exception as error:  # whatever a client raises is told in words
        outcome = Outcome(state="failed", message=redact(action.explain(error)))
    try:
        await asyncio.to_thread(journal.conclude, intent, outcome.state, outcome.message)
    except OSError as error:
        return Outcome(
            state=outcome.state,
            message=f"{outcome.message} The journal could not be completed ({error.strerror}).",
        )
    return outcome


def _refused(message: str) -> Outcome:
    return Outcome(state="refused", message=message)
