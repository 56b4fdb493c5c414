"""`perftui index profile TARGET DB`: profile for a time, and put the old settings back however this ends."""

from __future__ import annotations

import argparse
import asyncio

from perftui.actions.index_spec import from_extended, keep
from perftui.actions.profiling_settings import ProfilingSettings
from perftui.actions.profiling_window import ProfilingWindow
from perftui.actions.set_profiling import SetProfiling
from perftui.commands import say
from perftui.commands.index.ask import Session
from perftui.commands.index.parsing import document_of
from perftui.commands.index.showing import Report
from perftui.commands.signals import heard_by
from perftui.model.errors import UserError
from perftui.model.target import Connection


async def profile(arguments: argparse.Namespace, session: Session, connection: Connection) -> None:
    """Ends after its seconds, or at Ctrl-C, SIGTERM or SIGHUP."""
    try:
        action = SetProfiling(
            connection,
            connection.target,
            arguments.targets[1],
            _settings(arguments),
            seconds=arguments.seconds,
            journal=session.journal,
        )
    except ValueError as error:
        raise UserError(f"This cannot be set: {error}.") from None
    stopped = asyncio.Event()
    window = ProfilingWindow(
        action,
        action.describe().command,
        journal=session.journal,
        read_only=session.read_only,
        tell_failure=lambda _failed: stopped.set(),  # a script must end: once more, then the next start asks
    )

    def stop(number: int) -> None:
        session.ended_by = number
        stopped.set()

    with heard_by(stop):
        try:
            outcome = await session.act(action, run=window.open)
            if outcome is None or outcome.state != "done":
                return
            say(f"Profiling for {arguments.seconds:,.0f} s; Ctrl-C puts the old settings back at once.")
            await _first_of(stopped, window.closed)
        finally:
            restored = await window.close()
    if restored is not None:
        name = "restore profiling"
        session.tell(Report(action=name, host=action.host, state=restored.state, message=restored.message))


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def _settings(arguments: argparse.Namespace) -> ProfilingSettings:
    text = None
    if arguments.filter is not None:
        text = keep(from_extended(document_of(arguments.filter, "the filter")))
    return ProfilingSettings(
        level=arguments.level, slow_ms=arguments.slowms, sample_rate=arguments.sample_rate, filter=text
    )
