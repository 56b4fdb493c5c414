"""`perftui bench http URL ...`: a steady load on endpoints, and what they answered when."""

import argparse
from typing import TYPE_CHECKING

from perftui.commands import DONE, FOUND, INTERRUPTED, load_settings, report_files, say
from perftui.commands.bench.http_checks import asked_once, check_hosts, check_plan, why_too_far
from perftui.commands.bench.http_requests import requests_of
from perftui.commands.bench.saving import check_append, save
from perftui.commands.bench.shared_options import add_appending, add_load, add_run_writing
from perftui.commands.bench.terminal import has_blocks, width
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.load.plan import Plan
    from perftui.load.records import LoadRun
    from perftui.load.request import Request
    from perftui.model.bench.load import EndpointLoad, LoadComparison
    from perftui.model.target import Connection


_RATE, _SECONDS = 50.0, 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_load(parser, _RATE, _SECONDS)
    group = parser.add_argument_group("requests")
    group.add_argument("--method", metavar="NAME", help="default: GET, or POST with --body")
    group.add_argument("--body", metavar="TEXT", help="what is sent; @FILE is a file's content")
    group.add_argument(
        "--uncached-header", action="append", default=[], metavar="'NAME: VALUE'",
        help="measure each endpoint with it too: what passes your cache by, such as 'Cache-Control: no-cache'",
    )  # fmt: skip
    group.add_argument(
        "--uncached-parameter", metavar="NAME", help="the same with another value of this parameter in each request"
    )
    add_appending(add_run_writing(parser, "markdown", "html"))


def run(arguments: argparse.Namespace) -> int:
    report_files.check(arguments)
    check_append(arguments)
    requests, plan = requests_of(arguments, _connections(arguments)), plan_of(arguments)
    check_plan(plan, requests)
    check_hosts([one.url.reveal() for one in requests], owned=arguments.i_own_this_host)
    for _, wrong in asked_once(requests, plan):
        if wrong is not None:
            raise wrong
    return _report(arguments, measure(requests, plan))


def _connections(arguments: argparse.Namespace) -> "list[Connection]":
    """Of each target by itself: one that is named twice is measured twice, and shows what is chance."""
    found = [connection for text in arguments.targets for connection in _connections_of(text, arguments)]
    for connection in found:
        if words := why_too_far(connection):
            raise UserError(words)
    return found


def _connections_of(text: str, arguments: argparse.Namespace) -> "list[Connection]":
    """Of a profile its applications, if it has some."""
    settings = load_settings(argparse.Namespace(**{**vars(arguments), "targets": [text]}))
    found = [connection for connection in settings.connections if connection.target.kind != "host"]
    return [connection for connection in found if connection.target.kind == "application"] or found


def plan_of(arguments: argparse.Namespace) -> "Plan":
    """What the options ask for."""
    from perftui.load.plan import Plan

    return Plan(
        rate_per_s=arguments.rate,
        duration_s=arguments.duration,
        warmup_s=arguments.warm_for,
        concurrency=arguments.concurrency,
        timeout_s=arguments.timeout,
        any_status=arguments.any_status,
    )


def measure(requests: "list[Request]", plan: "Plan") -> "LoadRun":
    """Run the load with a line on the terminal that says how it goes."""
    from perftui.bench.progress import progress_on
    from perftui.load.generator import generate
    from perftui.load.watching import Watch

    with progress_on(True) as progress:
        return generate(requests, plan, Watch(progress))


def _report(arguments: argparse.Namespace, run: "LoadRun") -> int:
    from perftui.load import report
    from perftui.load.comparing import compare_endpoints
    from perftui.load.figures import figures_of

    loads, comparisons = figures_of(run), compare_endpoints(run)
    if not any(one.due for one in loads):
        say("perftui: stopped within the warm-up: nothing was measured.")
        return INTERRUPTED
    if arguments.json:
        _write_json(arguments, run, loads, comparisons)
    if arguments.markdown:
        report_files.write(arguments.markdown, report.markdown_of(run, loads, comparisons).encode())
    if arguments.html:
        report_files.write(arguments.html, _page(run, loads, comparisons))
    if report_files.wants_text(arguments):
        looks = {"histogram": arguments.histogram, "ascii_only": not has_blocks()}
        print(report.text_of(run, loads, comparisons, width=width(), **looks))
    if run.stopped:
        return INTERRUPTED
    return FOUND if any(one.failed for one in loads) else DONE


def _write_json(
    arguments: argparse.Namespace, run: "LoadRun", loads: "list[EndpointLoad]", comparisons: "list[LoadComparison]"
) -> None:
    from perftui.load.comparing import results_of
    from perftui.load.document import document_of

    save(arguments, results_of(run), {"http": document_of(run, loads, comparisons)})


def _page(run: "LoadRun", loads: "list[EndpointLoad]", comparisons: "list[LoadComparison]") -> bytes:
    from perftui.commands.bench.report_html import page, when_and_where
    from perftui.commands.bench.report_parts import endpoints_part

    part = endpoints_part(run, loads, comparisons)
    return page("Endpoints under load", [when_and_where(run.started_at)], [part])
