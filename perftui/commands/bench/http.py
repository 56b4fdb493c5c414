"""`perftui bench http URL ...`: a steady load on endpoints, and what they answered when."""

import argparse
from typing import TYPE_CHECKING

from perftui.commands import DONE, FOUND, INTERRUPTED, load_settings, say
from perftui.commands.bench import writing
from perftui.commands.bench.http_checks import asked_once, check_hosts, check_plan, why_too_far
from perftui.commands.bench.http_requests import requests_of
from perftui.commands.bench.options import seconds, whole
from perftui.commands.bench.running import has_blocks
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.load.comparing import LoadComparison
    from perftui.load.figures import EndpointLoad
    from perftui.load.plan import Plan
    from perftui.load.records import LoadRun
    from perftui.load.request import Request
    from perftui.model.target import Connection


_RATE, _SECONDS = 50.0, 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("http: a steady load, whatever the answers take; this machine's servers only")
    group.add_argument("--rate", type=_rate, metavar="N", help="requests a second to each (default: 50)")
    group.add_argument("--duration", type=seconds, metavar="TIME", help="of load on each (default: 10s)")
    group.add_argument(
        "--warm-for", type=_some_seconds, default=1.0, metavar="TIME", help="load before it (default: 1s)"
    )
    group.add_argument("--concurrency", type=whole(1), default=50, metavar="N", help="at once, at most (default: 50)")
    group.add_argument("--timeout", type=seconds, default=10.0, metavar="TIME", help="of a request (default: 10s)")
    group.add_argument("--method", metavar="NAME", help="default: GET, or POST with --body")
    group.add_argument("--body", metavar="TEXT", help="what is sent; @FILE is a file's content")
    group.add_argument("--header", "-H", action="append", default=[], metavar="'NAME: VALUE'", help="sent too; repeats")
    group.add_argument(
        "--uncached-header", action="append", default=[], metavar="'NAME: VALUE'",
        help="measure each endpoint with it too: what passes your cache by, such as 'Cache-Control: no-cache'",
    )  # fmt: skip
    group.add_argument(
        "--uncached-parameter", metavar="NAME", help="the same with another value of this parameter in each request"
    )
    group.add_argument("--any-status", action="store_true", help="take answers of 400 and above for good ones")
    group.add_argument("--i-own-this-host", action="store_true", help="put load on a host that is not this machine")


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    requests, plan = requests_of(arguments, _connections(arguments)), plan_of(arguments, _RATE, _SECONDS)
    check_plan(plan, requests)
    check_hosts([one.url.reveal() for one in requests], owned=arguments.i_own_this_host)
    for _, wrong in asked_once(requests, plan):
        if wrong is not None:
            raise wrong
    return _report(arguments, measure(requests, plan))


def _check(arguments: argparse.Namespace) -> None:
    writing.check(arguments)
    if arguments.junit:
        raise UserError("--junit goes with compare: a run alone has nothing to fail.")
    for name in ("iterations", "warmup", "max_iterations", "in_turns", "gc", "only", "list"):
        if getattr(arguments, name) not in (None, False, []):
            option = f"--{name.replace('_', '-')}"
            raise UserError(f"{option} does not go with http, which takes --rate, --duration and --warm-for.")
    if arguments.append and (not arguments.json or arguments.json == "-"):
        raise UserError("--append needs the FILE of --json that is added to.")


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


def plan_of(arguments: argparse.Namespace, rate_per_s: float, duration_s: float) -> "Plan":
    """What the options ask for, with a rate and a duration for where they are left out."""
    from perftui.load.plan import Plan

    return Plan(
        rate_per_s=arguments.rate or rate_per_s,
        duration_s=arguments.duration or duration_s,
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
        writing.write(arguments.markdown, report.markdown_of(run, loads, comparisons).encode())
    if arguments.html:
        writing.write(arguments.html, _page(run, loads, comparisons))
    if writing.wants_text(arguments):
        looks = {"histogram": arguments.histogram, "ascii_only": not has_blocks()}
        print(report.text_of(run, loads, comparisons, width=writing.width(), **looks))
    if run.stopped:
        return INTERRUPTED
    return FOUND if any(one.failed for one in loads) else DONE


def _write_json(
    arguments: argparse.Namespace, run: "LoadRun", loads: "list[EndpointLoad]", comparisons: "list[LoadComparison]"
) -> None:
    from perftui.commands.bench.saving import save
    from perftui.load.comparing import results_of
    from perftui.load.document import document_of, json_without_samples

    more, results = {"http": document_of(run, loads, comparisons)}, results_of(run)
    if results:
        save(arguments, results, more)
    else:
        writing.write(arguments.json, json_without_samples(more))


def _page(run: "LoadRun", loads: "list[EndpointLoad]", comparisons: "list[LoadComparison]") -> bytes:
    from perftui.commands.bench.report_html import page
    from perftui.commands.bench.report_parts import endpoints_part

    part = endpoints_part(run, loads, comparisons)
    return page("Endpoints under load", [writing.when_and_where(run.started_at)], [part])


def _rate(text: str) -> float:
    try:
        number = float(text.removesuffix("/s"))
    except ValueError:
        number = -1.0
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError("must be a number of requests a second above 0, such as 50")
    return number


def _some_seconds(text: str) -> float:
    return 0.0 if text in ("0", "0s") else seconds(text)
