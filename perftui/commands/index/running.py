"""One action on indexes or the profiler, from the words that were typed to the exit code."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from perftui.commands.index.actions import INDEX
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.commands.index.ask import Session
    from perftui.model.target import Connection


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    from perftui.actions.journal import default_journal
    from perftui.commands.index.ask import Session

    session = Session(
        journal=default_journal(),
        dry_run=arguments.dry_run,
        yes=arguments.yes,
        confirm=arguments.confirm,
        json=arguments.json,
    )
    connection = _connection(arguments, session)
    if connection is not None and arguments.action not in ("journal", "undo"):
        await _look_back(session, connection)
    if arguments.action in ("list", "journal"):
        from perftui.commands.index import listing

        return await listing.run(arguments, session, connection)
    if connection is None:
        raise UserError(f"perftui index {arguments.action} takes {INDEX.named[arguments.action].takes}.")
    await _change(arguments, session, connection)
    return session.finish()


def _connection(arguments: argparse.Namespace, session: Session) -> Connection | None:
    """The MongoDB that is named; `apply` names it after the file."""
    from perftui.commands import load_settings

    place = 1 if arguments.action == "apply" else 0
    if len(arguments.targets) <= place:
        session.read_only = load_settings(arguments, with_targets=False).read_only
        return None
    named = argparse.Namespace(**{**vars(arguments), "targets": [arguments.targets[place]]})
    settings = load_settings(named)
    session.read_only = settings.read_only
    found = [connection for connection in settings.connections if connection.target.kind == "mongodb"]
    if len(found) != 1:
        raise UserError(f"{arguments.targets[place]} must name one MongoDB; it names {len(found)}.")
    return found[0]


async def _look_back(session: Session, connection: Connection) -> None:
    """Builds whose end was not seen, and settings that were not put back."""
    from perftui.actions.settle import settle_builds
    from perftui.commands import say
    from perftui.commands.index.showing import can_ask
    from perftui.commands.restoring import offer_restorations

    may_ask = can_ask() and not (session.yes or session.dry_run or session.read_only)
    await offer_restorations(session.journal, [connection], may_ask=may_ask)
    if session.dry_run:
        return
    for record, outcome in await settle_builds(session.journal, [connection]):
        say(f"Journal {record.intent.id[:8]}: {outcome.message}")


async def _change(arguments: argparse.Namespace, session: Session, connection: Connection) -> None:
    from perftui.commands.index import changing

    if arguments.action == "apply":
        from perftui.commands.index.applying import apply

        await apply(arguments, session, connection)
    elif arguments.action == "profile":
        from perftui.commands.index.profiling import profile

        await profile(arguments, session, connection)
    else:
        await session.act(changing.action_of(arguments, session, connection))
