"""`perftui bench [TARGET ...]` without an action: the queries and endpoints of the targets, in one report."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from perftui.commands import FOUND, INTERRUPTED, UNREACHABLE, load_settings, report_files, say
from perftui.commands.bench.overall_checks import check_action, check_paths
from perftui.commands.bench.shared_options import (
    add_choosing,
    add_load,
    add_reading,
    add_run_writing,
    add_sampling,
)
from perftui.commands.bench.stopping import until_stopped
from perftui.commands.option_values import whole
from perftui.model.errors import UserError
from perftui.model.target import Connection
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.commands.bench.overall_report import Report
    from perftui.load.plan import Plan
    from perftui.load.request import Request
    from perftui.model.settings import Settings

_RATE, _SECONDS = 20.0, 5.0
"""Gentler than `http`: nobody named these endpoints one by one."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("endpoints of an application")
    group.add_argument("--endpoints", type=whole(0), default=10, metavar="N", help="so many at most (default: 10)")
    group.add_argument(
        "--path", action="append", default=[], metavar="PATH", help="this endpoint too, such as /api/orders/7; repeats"
    )
    add_load(parser, _RATE, _SECONDS)
    add_reading(parser)
    add_choosing(parser)
    add_sampling(parser, " (default: 1,000)")
    add_run_writing(parser, "markdown", "html")
    parser.set_defaults(append=False, with_index=[], write_queries=None)  # what it never does


def run(arguments: argparse.Namespace) -> int:
    from perftui.commands.bench import http_checks
    from perftui.commands.bench.overall_report import Report, write

    check_action(arguments)
    report_files.check(arguments)
    check_paths(arguments.path)
    settings = load_settings(arguments)
    servers = [one for one in settings.connections if one.target.kind == "mongodb"]
    all_applications = [one for one in settings.connections if one.target.kind == "application"]
    applications = [one for one in all_applications if one.way is None]
    if not servers and not all_applications:
        raise UserError("Name what to measure: mongodb:// servers, http:// applications, or a profile of them.")
    http_checks.check_hosts([one.uri.reveal() for one in applications], owned=arguments.i_own_this_host)
    report = Report(notes=[why for one in all_applications if (why := http_checks.why_too_far(one))])
    _measure(arguments, settings, report, servers, applications)
    if report.nothing and not arguments.list:
        return _nothing(report)
    if not arguments.list:
        write(arguments, report)
    return report.exit_code


def _measure(
    arguments: argparse.Namespace,
    settings: "Settings",
    report: "Report",
    servers: list[Connection],
    applications: list[Connection],
) -> None:
    """Queries first: the load on the endpoints is none of what the servers remember of their users."""
    for connection in servers:
        if report.stopped_by is None:
            _measure_queries(arguments, settings, connection, report)
    if applications and report.stopped_by is None:
        _measure_endpoints(arguments, applications, report)


def _nothing(report: "Report") -> int:
    for note in report.notes:
        say(f"perftui: {note}")
    say("perftui: Nothing was measured.")
    return report.exit_code or FOUND


def _measure_queries(
    arguments: argparse.Namespace, settings: "Settings", connection: Connection, report: "Report"
) -> None:
    """The worst that the server still knows of."""
    from perftui.analysis.server import ServerSilent
    from perftui.commands.bench.mongo_run import run_bench
    from perftui.query_bench.outcome import Run

    async def bench() -> int:
        done = await run_bench(arguments, settings, connection, (), report.queries.append)
        if isinstance(done, Run):
            report.queries.append(done)
            return 0
        return done

    name = safe_text(connection.target.name)
    try:
        code = asyncio.run(until_stopped(bench()))
    except ServerSilent as silent:
        report.add_unreachable(f"queries of {name}: {silent}")
        return
    except UserError as reason:
        report.notes.append(f"queries of {name}: {reason}")
        return
    if code > UNREACHABLE:
        report.stopped_by = code
    elif code == UNREACHABLE:
        report.add_unreachable(f"queries of {name}: the server was lost")


def _measure_endpoints(arguments: argparse.Namespace, applications: list[Connection], report: "Report") -> None:
    """All of them in turns."""
    from perftui.commands.bench import http, http_checks

    plan = http.plan_of(arguments)
    requests = asyncio.run(_requests(arguments, applications, report))
    if arguments.list:
        sys.stdout.writelines(f"{one.name}\n" for one in requests)
        return
    good = _answering(requests, plan, report)
    if not good:
        return
    http_checks.check_plan(plan, good)
    lasts_s = (plan.duration_s + plan.warmup_s) * len(good)
    endpoints = f"{len(good)} endpoint{'s' if len(good) > 1 else ''}, in turns"
    say(f"{endpoints}: {plan.rate_per_s:g} requests a second for {lasts_s:g} s.")
    report.load = http.measure(good, plan)
    if report.load.stopped:
        report.stopped_by = INTERRUPTED


def _answering(requests: "list[Request]", plan: "Plan", report: "Report") -> "list[Request]":
    """Those that answer as they should; of the others it is noted why they do not."""
    from perftui.commands.bench import http_checks

    good: list[Request] = []
    for one, wrong in http_checks.asked_once(requests, plan):
        if wrong is None:
            good.append(one)
        else:
            report.notes.append(str(wrong))
            report.unreachable |= wrong.exit_code == UNREACHABLE
    return good


async def _requests(arguments: argparse.Namespace, applications: list[Connection], report: "Report") -> "list[Request]":
    from fnmatch import fnmatchcase

    from perftui.commands.bench.http_requests import headers_of
    from perftui.commands.bench.overall_endpoints import endpoints_of
    from perftui.load.request import Request, names_for

    found = [await endpoints_of(one, arguments.endpoints, arguments.path) for one in applications]
    for one in found:
        report.notes += one.notes
        report.unreachable |= one.unreachable
    places = [place for one in found for place in one.places]
    names = names_for([("GET", place.url.reveal()) for place in places])
    requests = [
        Request(
            name=name,
            url=place.url,
            headers=headers_of(arguments.header, place.connection),
            verify_tls=place.connection.verify_tls,
            ca_file=place.connection.ca_file,
        )
        for name, place in zip(names, places, strict=True)
    ]
    return [
        one for one in requests if not arguments.only or any(fnmatchcase(one.name, only) for only in arguments.only)
    ]
