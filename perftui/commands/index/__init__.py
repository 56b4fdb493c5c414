"""`perftui index ACTION ...`: indexes and the profiler, changed by the same actions as in the monitor."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from perftui.model.errors import UserError
from perftui.model.names import nearest

if TYPE_CHECKING:
    from perftui.commands.index.ask import Session
    from perftui.model.target import Connection

_WORDS = {
    "create": "TARGET NS KEYS",
    "apply": "FILE TARGET",
    "drop": "TARGET NS NAME",
    "hide": "TARGET NS NAME",
    "unhide": "TARGET NS NAME",
    "abort": "TARGET NS NAME",
    "undo": "TARGET [ENTRY]",
    "list": "TARGET [DATABASE | NS]",
    "journal": "[TARGET]",
    "profile": "TARGET DATABASE",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    usage = "; ".join(f"{name} {words}" for name, words in _WORDS.items())
    parser.add_argument("action", metavar="ACTION", help=usage)
    parser.add_argument(
        "targets", nargs="*", default=[], metavar="...", help="what the action takes; NS: DB.COLLECTION"
    )
    asking = parser.add_argument_group("asking")
    asking.add_argument("--dry-run", action="store_true", help="show all that would be done, and change nothing")
    asking.add_argument("--yes", action="store_true", help="do not ask; needed where there is no terminal")
    asking.add_argument("--confirm", metavar="NAME", help="drop: the index's name, where it is not hidden")
    asking.add_argument("--json", action="store_true", help="what was done, or what there is, as JSON")
    create = parser.add_argument_group("create and apply")
    create.add_argument("--name", help="create: the index's name")
    create.add_argument("--unique", action="store_true", help="create: refuse values that are there already")
    create.add_argument("--sparse", action="store_true", help="create: leave documents without the field out")
    create.add_argument("--partial", metavar="JSON", help="create: index only documents that match this filter")
    create.add_argument("--collation", metavar="JSON", help="create: how strings compare, such as {locale: 'en'}")
    create.add_argument("--expire-after", type=float, metavar="SECONDS", help="create: delete documents by their age")
    create.add_argument("--commit-quorum", metavar="QUORUM", help="votingMembers (default), majority or a number")
    create.add_argument("--only", action="append", default=[], metavar="NAME", help="apply: this recommendation only")
    create.add_argument(
        "--superseded",
        choices=("ask", "leave", "hide", "drop"),
        default="ask",
        help="apply: what becomes of indexes that the new ones replace (default: offer to hide them)",
    )
    profile = parser.add_argument_group("profile")
    profile.add_argument("--level", type=int, choices=(0, 1, 2), default=1, help="profiling level (default: 1)")
    profile.add_argument("--slowms", type=int, metavar="MS", help="what is slow, on the whole mongod")
    profile.add_argument("--sample-rate", type=float, metavar="SHARE", help="share of slow operations kept, 0 to 1")
    profile.add_argument("--filter", metavar="JSON", help="which operations, instead of --slowms and --sample-rate")
    profile.add_argument("--seconds", type=float, default=60.0, help="then the old settings are restored (default: 60)")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action not in _WORDS:
        raise UserError(f"There is no action '{arguments.action}'{nearest(arguments.action, _WORDS)}")
    _check_count(arguments.action, len(arguments.targets))
    return asyncio.run(_run(arguments))


def _check_count(action: str, given: int) -> None:
    words = _WORDS[action].replace(" | ", "|").split()
    least = sum(not word.startswith("[") for word in words)
    if not least <= given <= len(words):
        raise UserError(f"perftui index {action} takes {_WORDS[action]}.")


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
        raise UserError(f"perftui index {arguments.action} takes {_WORDS[arguments.action]}.")
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
