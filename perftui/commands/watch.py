"""`perftui watch TARGET ...`: alerts without a screen, as JSON lines, to a command or to a webhook."""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from perftui.commands import DONE, FOUND, INTERRUPTED, UNREACHABLE, add_target_arguments, load_settings, say
from perftui.commands.snapshot import was_reached
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.model.settings import Settings
    from perftui.model.target import Connection
    from perftui.watching.delivery import Channel
    from perftui.watching.session import WatchSession

WEBHOOK_VARIABLE = "PERFTUI_WEBHOOK"
_LONGEST_S = 10 * 365 * 86_400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser)
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="watch this long, then end (default: until told)")
    parser.add_argument(
        "--exec",
        action="append",
        default=[],
        metavar="COMMAND",
        help="run this for each alert, without a shell, with the line on its stdin; may be given again",
    )
    parser.add_argument("--exec-timeout", type=_wait, default=10.0, metavar="TIME", help="for one run (default: 10s)")
    parser.add_argument(
        "--webhook",
        action="append",
        default=[],
        metavar="URL",
        help=f"POST each alert there; may be given again. An address with a token is better in {WEBHOOK_VARIABLE}",
    )
    parser.add_argument(
        "--webhook-form",
        choices=("json", "text"),
        default="json",
        help='json: the line itself (default); text: {"text": sentence}, which chats take',
    )
    parser.add_argument(
        "--give-up-after", type=_wait, default=900.0, metavar="TIME", help="how long a delivery is tried (default: 15m)"
    )
    parser.add_argument(
        "--clear-after", type=_wait, default=30.0, metavar="TIME", help="how long it must be well again (default: 30s)"
    )
    parser.add_argument("--heartbeat", type=_wait, metavar="TIME", help="a line so often that all may know it watches")


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments)
    return asyncio.run(_watch(arguments, settings, _channels(arguments, settings)))


async def _watch(arguments: argparse.Namespace, settings: "Settings", channels: "list[Channel]") -> int:
    from perftui.watching.delivery import Patience
    from perftui.watching.session import WatchSession

    sys.stdout.flush()
    session = WatchSession(
        settings,
        channels,
        descriptor=sys.stdout.fileno(),
        clear_after_s=arguments.clear_after,
        heartbeat_s=arguments.heartbeat,
        patience=Patience(give_up_s=arguments.give_up_after),
        say=say,
    )
    tallies = await session.run(arguments.seconds)
    code = _code(session, session.dropped > 0 or any(tally.lost for tally in tallies))
    session.end(code, tallies)
    return code


def _code(session: "WatchSession", lost: bool) -> int:
    """A service that is stopped has done its work, unless alerts were lost; else what was found."""
    import signal

    if session.signal == signal.SIGINT:
        return INTERRUPTED
    if session.signal is not None or session.unread or lost:
        return FOUND if lost else DONE
    if session.latest is None or not all(was_reached(state) for state in session.latest.targets):
        return UNREACHABLE
    return FOUND if session.found else DONE


def _channels(arguments: argparse.Namespace, settings: "Settings") -> "list[Channel]":
    """Raises `UserError` for what cannot be meant; the address of a webhook is never repeated."""
    from perftui.watching.command import Command
    from perftui.watching.webhook import Webhook

    found: list[Channel] = []
    for words in arguments.exec:
        try:
            found.append(Command(words, timeout_s=arguments.exec_timeout, withheld=_secrets(settings)))
        except ValueError as expected:
            raise UserError(f"--exec must be {expected}; it is run without a shell.") from None
    named = os.environ.pop(WEBHOOK_VARIABLE, "")
    for url in [*arguments.webhook, *named.split()]:
        try:
            found.append(Webhook(url, form=arguments.webhook_form))
        except ValueError as expected:
            place = "--webhook" if url in arguments.webhook else WEBHOOK_VARIABLE
            raise UserError(f"{place} must be {expected}.") from None
    return found


def _secrets(settings: "Settings") -> set[str]:
    """Variables that hold what perftui logs in with: a command for alerts has no need of it."""
    from perftui.targets import ENVIRONMENT_TARGETS, PASSWORD_VARIABLES, TOKEN_VARIABLE

    ours = {WEBHOOK_VARIABLE, TOKEN_VARIABLE, *ENVIRONMENT_TARGETS}
    ours |= {name for names in PASSWORD_VARIABLES.values() for name in names}
    known = {text for connection in settings.connections for text in _logins(connection)}
    return ours | {name for name, value in os.environ.items() if value in known}


def _logins(connection: "Connection") -> Iterator[str]:
    """The whole URI, its password, and headers with and without their scheme."""
    uri = connection.uri.reveal()
    yield uri
    login, at, _ = uri.partition("://")[2].rpartition("@")
    if at and ":" in login:
        yield unquote(login.partition(":")[2])
    for secret in connection.headers.values():
        yield from (secret.reveal(), secret.reveal().rpartition(" ")[2])


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _LONGEST_S:
        raise argparse.ArgumentTypeError("must be a number of seconds, such as 60")
    return value


def _wait(text: str) -> float:
    from perftui.config import values

    try:
        return values.within(values.parse_duration(text), 0.1, 86_400, 'a duration from "100ms" to "24h"')
    except ValueError as expected:
        raise argparse.ArgumentTypeError(f"must be {expected}") from None
