"""`perftui check [SOURCE ...]`: budgets against metrics, a recording or a bench result; an exit code for a build."""

import argparse
from typing import TYPE_CHECKING

from perftui.commands import DONE, FOUND, UNREACHABLE, say
from perftui.commands.check import writing
from perftui.commands.check.sources import Sources, look, sort_sources, window_minutes
from perftui.commands.option_values import share
from perftui.model.errors import UserError
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.checking.seen import Seen
    from perftui.model.check import CheckReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "targets",
        nargs="*",
        default=[],
        metavar="SOURCE",
        help="the URL of an application's metrics, any other target or profile, a file of perftui record, or one of "
        "perftui bench run --json, pyperf or pytest-benchmark; with none: the usual targets",
    )
    parser.add_argument("--for", dest="watch", type=_seconds, default=0.0, metavar="TIME", help="watch before: 30s")
    parser.add_argument("--wait", type=_seconds, default=10.0, metavar="TIME", help="for an answer (default: 10s)")
    parser.add_argument("--allow-unjudged", action="store_true", help="do not fail for what nothing could be judged of")
    group = parser.add_argument_group("writing")
    group.add_argument("--json", action="store_true", help="all that was found, on standard output (perftui.check/1)")
    group.add_argument("--junit", metavar="FILE", help="JUnit's XML, a test for each limit; - is standard output")
    group.add_argument("--markdown", metavar="FILE", help="a table for a pull request; - is standard output")
    group = parser.add_argument_group("suggesting")
    group.add_argument("--suggest", action="store_true", help="write budgets from what is observed, and judge nothing")
    group.add_argument("--headroom", type=share, default=0.5, metavar="SHARE", help="above it (default: 50%%)")
    group.add_argument("--output", metavar="FILE", help="where to write them, in place of standard output")
    group.add_argument("--force", action="store_true", help="overwrite the FILE of --output")


def run(arguments: argparse.Namespace) -> int:
    writing.check(arguments)
    sources = sort_sources(arguments)
    if arguments.suggest:
        from perftui.commands.check.suggesting import suggest

        return suggest(arguments, sources)
    return _judge(arguments, sources)


def _judge(arguments: argparse.Namespace, sources: Sources) -> int:
    from perftui.checking.judge import Judge
    from perftui.checking.report import report_of

    budgets = sources.settings.budgets
    minutes = {one.minutes for one in budgets} or {window_minutes(sources.settings)}
    seen, unreached = look(arguments, sources, minutes, lambda services: Judge(budgets, services))
    report = report_of(budgets, seen, unreached, allow_unjudged=arguments.allow_unjudged)
    if not report.checks and not unreached:
        raise UserError(_no_budget(seen))
    writing.write_report(arguments, report)
    _tell(arguments, report)
    if unreached:
        return UNREACHABLE
    return DONE if report.ok else FOUND


def _no_budget(seen: "list[Seen]") -> str:
    where = f"{safe_text(seen[0].source)} carries none, and none was given" if len(seen) == 1 else "none was given"
    return (
        f"There is no budget to hold anything to: {where}. Give --budgets FILE; "
        "perftui check --suggest writes one from what is observed."
    )


def _tell(arguments: argparse.Namespace, report: "CheckReport") -> None:
    """Why it fails, where the text does not say it already."""
    from perftui.checking.as_text import summary

    for one in report.unreached:
        say(f"perftui: {safe_text(one.why)} {safe_text(one.help)}")
    if not report.ok and not writing.wants_text(arguments):
        say(f"perftui: {summary(report)}")


def _seconds(text: str) -> float:
    from perftui.config import values

    try:
        return values.within(values.parse_duration(text), 0.1, 3600, 'a duration from "100ms" to "1h"')
    except ValueError as expected:
        raise argparse.ArgumentTypeError(f"must be {expected}") from None
