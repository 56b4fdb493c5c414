"""`perftui bench mongo TARGET [FILE]`: queries on a server, with explain's counters, and what an index would change."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from perftui.commands import DONE, FOUND, UNREACHABLE, load_settings, report_files, say
from perftui.commands.bench.mongo_queries import given_questions
from perftui.commands.bench.saving import check_append, save
from perftui.commands.bench.shared_options import (
    add_appending,
    add_choosing,
    add_reading,
    add_run_writing,
    add_sampling,
)
from perftui.commands.bench.stopping import until_stopped
from perftui.model.errors import UserError
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.model.settings import Settings
    from perftui.model.target import Connection
    from perftui.query_bench.outcome import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("queries; without FILE and --query the worst that the server still knows of")
    group.add_argument("--query", action="append", default=[], metavar="JSON", help="this query; again for more")
    group.add_argument("--write-queries", metavar="FILE", help="write what is run, with its values, as such a FILE")
    group.add_argument(
        "--with-index",
        action="append",
        default=[],
        metavar="KEYS",
        help="measure before and after this index, such as '{a: 1, b: -1}'; asks, creates it, and drops it again",
    )
    group.add_argument("--yes", action="store_true", help="do not ask before --with-index; needed without a terminal")
    add_reading(parser)
    add_choosing(parser)
    add_sampling(parser, " (default: 1,000)")
    add_appending(add_run_writing(parser, "markdown"))


def run(arguments: argparse.Namespace) -> int:
    from perftui.analysis.server import ServerSilent
    from perftui.commands.bench import mongo_report
    from perftui.commands.bench.mongo_run import run_bench

    report_files.check(arguments)
    _check(arguments)
    settings = load_settings(argparse.Namespace(**{**vars(arguments), "targets": arguments.targets[:1]}))
    connection = _one_server(settings, arguments.targets[0])
    questions = given_questions(arguments, _database(connection))

    def unfinished(done: "Run") -> None:
        if report_files.wants_text(arguments):
            mongo_report.print_text(done, histogram=arguments.histogram)

    async def bench() -> int:
        done = await run_bench(arguments, settings, connection, questions, unfinished)
        return done if isinstance(done, int) else _write(arguments, done)

    try:
        return asyncio.run(until_stopped(bench()))
    except ServerSilent as silent:
        say(f"perftui: {silent}")
        return UNREACHABLE


def _check(arguments: argparse.Namespace) -> None:
    first = arguments.targets[0]
    if "://" not in first and Path(first).is_file():
        raise UserError(f"{first} is a file: name the server before it, perftui bench mongo TARGET {first}.")
    check_append(arguments)
    if arguments.append and arguments.with_index:
        raise UserError("--append goes without --with-index: a run with an index is no pass of another run.")


def _one_server(settings: "Settings", text: str) -> "Connection":
    found = [connection for connection in settings.connections if connection.target.kind == "mongodb"]
    if len(found) != 1:
        raise UserError(f"{text} must name one MongoDB; it names {len(found)}.")
    return found[0]


def _database(connection: "Connection") -> str | None:
    from perftui.sources.mongodb.uri import split_uri

    return split_uri(connection.uri.reveal()).path or None


def _write(arguments: argparse.Namespace, done: "Run") -> int:
    from perftui.commands.bench import mongo_report
    from perftui.query_bench.document import document_of

    if done.results:
        save(arguments, done.results, {"mongodb": document_of(done, values=arguments.values)})
    report_files.write(arguments.markdown, mongo_report.markdown_of(done).encode())
    if report_files.wants_text(arguments):
        mongo_report.print_text(done, histogram=arguments.histogram)
    for outcome in done.failed:
        say(f"perftui: {safe_text(outcome.query.name, 60)} was not measured: {outcome.failure}")
    differ = [one for question in done.questions for one in question.agreements if one.state == "different"]
    for one in differ:
        say(f"perftui: {safe_text(one.name, 60)} does not return what {safe_text(one.base, 60)} does: {one.why}.")
    return FOUND if differ or done.failed else DONE
