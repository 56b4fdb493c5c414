"""Options that several actions of `perftui bench` take, each meaning the same in all of them."""

import argparse

from perftui.commands.option_values import seconds, whole

_FORMS = {
    "junit": "JUnit's XML, a test for each benchmark",
    "markdown": "a table for a pull request or a ticket",
    "html": "a page for a browser",
}


def add_writing(parser: argparse.ArgumentParser, json: str, *forms: str) -> "argparse._ArgumentGroup":
    """`--json` for what it says, and these forms."""
    group = parser.add_argument_group("writing; - is standard output, in place of the text")
    group.add_argument("--json", metavar="FILE", help=json)
    for form in forms:
        group.add_argument(f"--{form}", metavar="FILE", help=_FORMS[form])
    return group


def add_run_writing(parser: argparse.ArgumentParser, *forms: str) -> "argparse._ArgumentGroup":
    """Of a run with samples, which another one can be compared with."""
    group = add_writing(parser, "what was measured, for compare", *forms)
    group.add_argument("--histogram", action="store_true", help="draw how the samples are spread, in the text")
    return group


def add_appending(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--append", action="store_true", help="add to what the --json FILE holds already")


def add_choosing(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("choosing")
    group.add_argument("--only", action="append", default=[], metavar="NAME", help="this one only; * and ? match")
    group.add_argument("--list", action="store_true", help="name what would be measured, and measure nothing")


def add_sampling(parser: argparse.ArgumentParser, most: str) -> None:
    """How often each is measured; `most` says how often where it is not told."""
    group = parser.add_argument_group("measuring, of each benchmark or query")
    group.add_argument("--max-time", type=seconds, default=5.0, metavar="TIME", help="for this time (default: 5s)")
    group.add_argument("--max-iterations", type=whole(1), metavar="N", help=f"N calls, at most{most}")
    group.add_argument("--iterations", type=whole(1), metavar="N", help="exactly N calls, each a sample")
    group.add_argument("--warmup", type=whole(0), metavar="N", help="exactly N samples before, instead of until steady")


def add_reading(parser: argparse.ArgumentParser) -> None:
    """What of a MongoDB is read, and how much of it."""
    group = parser.add_argument_group("queries of a server")
    group.add_argument("--ns", metavar="NS", help="database.collection of queries that name none, or of the worst")
    group.add_argument("--top", type=whole(1), default=5, metavar="N", help="so many of the worst (default: 5)")
    group.add_argument("--op-time", type=seconds, default=10.0, metavar="TIME", help="of each execution (default: 10s)")
    group.add_argument(
        "--max-documents", type=whole(1), default=10_000, metavar="N", help="fetched of a result (default: 10,000)"
    )
    group.add_argument("--values", action="store_true", help="write the queries' values to --json too")


def add_load(parser: argparse.ArgumentParser, rate_per_s: float, duration_s: float) -> None:
    """The load on each endpoint, with how much of it where it is not told."""
    group = parser.add_argument_group("a steady load, whatever the answers take; this machine's servers only")
    group.add_argument(
        "--rate", type=_rate, default=rate_per_s, metavar="N", help=f"requests a second (default: {rate_per_s:g})"
    )
    group.add_argument(
        "--duration", type=seconds, default=duration_s, metavar="TIME", help=f"of it (default: {duration_s:g}s)"
    )
    group.add_argument("--warm-for", type=_some_seconds, default=1.0, metavar="TIME", help="before it (default: 1s)")
    group.add_argument("--concurrency", type=whole(1), default=50, metavar="N", help="at once, at most (default: 50)")
    group.add_argument("--timeout", type=seconds, default=10.0, metavar="TIME", help="of a request (default: 10s)")
    group.add_argument("--header", "-H", action="append", default=[], metavar="'NAME: VALUE'", help="sent too; repeats")
    group.add_argument("--any-status", action="store_true", help="take answers of 400 and above for good ones")
    group.add_argument("--i-own-this-host", action="store_true", help="put load on a host that is not this machine")


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
