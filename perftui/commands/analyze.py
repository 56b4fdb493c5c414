"""`perftui analyze`: slow queries, of a server or a log file, or one query never run -> shapes, scores, indexes."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perftui.commands import DONE, UNREACHABLE, load_settings, say
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.analysis.entries import Wanted
    from perftui.analysis.study import Options, Study
    from perftui.model.analysis import Analysis
    from perftui.model.target import Connection

_STDIN = "-"
_LOG_ENDINGS = (".log", ".gz", ".json", ".txt")


class _Read(NamedTuple):
    """A study, and the server that its facts come from."""

    study: "Study"
    connection: "Connection | None"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "targets",
        nargs="*",
        default=[],
        metavar="TARGET | FILE | -",
        help="mongodb://, mongodb+srv:// or a profile's name; or a mongod log file of 4.4 or later, packed (.gz) or "
        "not, `-` for standard input; with none: MONGODB_URI, else this machine's usual port",
    )
    parser.add_argument("--json", action="store_true", help="the whole analysis as JSON (perftui.analysis/1)")
    parser.add_argument("--since", metavar="TIME", help="leave out what was before: 30m, 2h, 14:00, 2026-11-25T14:00Z")
    parser.add_argument("--until", metavar="TIME", help="leave out what was after")
    parser.add_argument("--ns", metavar="NS", help="one collection (database.collection), or one database")
    parser.add_argument(
        "--top", type=_positive, metavar="N", help="show only the N most costly shapes (10 for people, all in JSON)"
    )
    parser.add_argument("--min-ms", type=_number, metavar="N", help="leave out what took less than N milliseconds")
    parser.add_argument(
        "--query",
        metavar="JSON",
        help="judge one query that is not run: a command, or with --ns a filter or a pipeline",
    )
    parser.add_argument("--facts", metavar="TARGET", help="a server that has the collections of the log FILE")
    parser.add_argument("--values", action="store_true", help="show the values in the samples; they are hidden else")
    parser.add_argument(
        "--rehearse",
        action="store_true",
        help="try the advice on a sample of the data in a private mongod on this machine; asks first",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before a rehearsal; needed without a terminal")


def run(arguments: argparse.Namespace) -> int:
    from perftui.analysis.server import ServerSilent

    files = [text for text in arguments.targets if text == _STDIN or _is_file(text)]
    arguments.targets = [text for text in arguments.targets if text not in files]
    _check(arguments, files)
    try:
        read = _query(arguments) if arguments.query else _log(arguments, files[0]) if files else _server(arguments)
        analysis = _rehearsed(arguments, read) if arguments.rehearse else read.study.analysis
    except ServerSilent as silent:
        say(f"perftui: {silent}")
        return UNREACHABLE
    _print(arguments, analysis)
    return DONE


def _rehearsed(arguments: argparse.Namespace, read: _Read) -> "Analysis":
    from perftui.commands.rehearsing import rehearsed

    if read.connection is None:
        raise UserError("--rehearse needs the server that has the data: name it with --facts.")
    return rehearsed(read.study, read.connection, yes=arguments.yes)


def _check(arguments: argparse.Namespace, files: list[str]) -> None:
    if len(files) > 1:
        raise UserError(f"One log at a time: {files[0]} and {files[1]} are two.")
    if files and arguments.query:
        raise UserError("--query asks a server, not a log file; leave one of them out.")
    if arguments.rehearse:
        from perftui.commands.rehearsing import check_terminal

        check_terminal(yes=arguments.yes)
    if arguments.rehearse and files and not arguments.facts:
        raise UserError("--rehearse needs the server that has the data: name it with --facts.")
    if arguments.facts and not files:
        raise UserError("--facts goes with a log file: a server named alone is read itself.")
    for text in arguments.targets:
        if "://" not in text and (text.endswith(_LOG_ENDINGS) or "/" in text) and not Path(text).exists():
            raise UserError(f"There is no file {text}.")


def _is_file(text: str) -> bool:
    """An existing path wins over a profile's name."""
    if "://" in text:
        return False
    try:
        return Path(text).exists() and not Path(text).is_socket()
    except OSError:
        return False


def _log(arguments: argparse.Namespace, name: str) -> _Read:
    from perftui.analysis.log import analyse_log_file
    from perftui.commands.progress import Progress
    from perftui.sources.mongodb.log_file import LogUnreadable

    if arguments.facts:
        arguments.targets = [*arguments.targets, arguments.facts]
    settings = load_settings(arguments, with_targets=bool(arguments.targets))
    facts = _one_server(list(settings.connections)) if arguments.targets else None
    try:
        with Progress(f"reading {name}") as progress:
            study = analyse_log_file(name, _wanted(arguments), _options(arguments), facts, progress.bytes_read)
    except LogUnreadable as reason:
        raise UserError(f"{name} cannot be read: {reason}.") from None
    return _Read(study, facts)


def _server(arguments: argparse.Namespace) -> _Read:
    from perftui.analysis.server import Request, analyse_connection
    from perftui.commands.progress import Progress

    connection = _one_server(list(load_settings(arguments).connections))
    request = Request(wanted=_wanted(arguments), options=_options(arguments))
    with Progress(f"reading {connection.target.name}") as progress:
        return _Read(asyncio.run(analyse_connection(connection, request, progress.entries_read)), connection)


def _query(arguments: argparse.Namespace) -> _Read:
    from perftui.analysis.query import QueryUnreadable, analyse_query
    from perftui.commands.progress import Progress

    connection = _one_server(list(load_settings(arguments).connections))
    try:
        with Progress(f"asking {connection.target.name}") as progress:
            asked = analyse_query(
                connection,
                arguments.query,
                ns=arguments.ns,
                options=_options(arguments),
                progress=progress.entries_read,
            )
            return _Read(asyncio.run(asked), connection)
    except QueryUnreadable as reason:
        raise UserError(f"--query: {reason}") from None


def _one_server(connections: "list[Connection]") -> "Connection":
    found = [connection for connection in connections if connection.target.kind == "mongodb"]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(connection.target.name for connection in found[:5])
        raise UserError(f"One MongoDB at a time: {names} are {len(found)}.")
    raise UserError("No MongoDB is named: give a mongodb:// address, a profile's name, or a log file.")


def _wanted(arguments: argparse.Namespace) -> "Wanted":
    from perftui.analysis.entries import Wanted
    from perftui.sources.mongodb.client import APP_NAME

    since, until = _moment(arguments.since, "--since"), _moment(arguments.until, "--until")
    if since is not None and until is not None and since > until:
        raise UserError("--since is later than --until: nothing can lie between them.")
    return Wanted(own_name=APP_NAME, since=since, until=until, ns=arguments.ns, minimum_ms=arguments.min_ms)


def _options(arguments: argparse.Namespace) -> "Options":
    from perftui.analysis.study import Options

    return Options(top=arguments.top if arguments.json else None, values=arguments.values, samples=arguments.rehearse)


def _moment(text: str | None, flag: str) -> float | None:
    from perftui.commands.moments import moment

    try:
        return None if text is None else moment(text, time.time())
    except ValueError as expected:
        raise UserError(f"{flag} takes {expected}, not '{text}'.") from None


def _print(arguments: argparse.Namespace, analysis: "Analysis") -> None:
    if arguments.json:
        sys.stdout.write(analysis.to_json().decode("utf-8") + "\n")
        return
    from perftui.commands.analysis_report import print_report

    print_report(analysis, sys.stdout, top=arguments.top or 10, utc=bool(arguments.utc))


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return number


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e12:
        raise argparse.ArgumentTypeError("must be a number of milliseconds, 0 or more")
    return number
