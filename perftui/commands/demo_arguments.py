"""The options of `perftui demo`, and which of them go together."""

import argparse
from collections.abc import Callable

from perftui.commands.demo_incidents import DEFAULT_DELAY_S
from perftui.commands.demo_switching import switch_argument
from perftui.model.errors import UserError

_LARGEST_RATE = 10_000.0
_FEWEST_DOCUMENTS, _MOST_DOCUMENTS = 100, 10_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    _add_ways(parser)
    _add_sizes(parser)
    _add_caches(parser)
    _add_drills(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="with --headless the snapshot, with --prove the proof, with --switch what is on, with --list-incidents "
        "the incidents, as JSON",
    )


def _add_ways(parser: argparse.ArgumentParser) -> None:
    """What is done while everything runs, and at the end."""
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running at the end and say how to stop it"
    )
    parser.add_argument(
        "--headless",
        type=_number(1, 86_400),
        metavar="SECONDS",
        help="no screen: watch this long, then print a snapshot on stdout",
    )
    parser.add_argument(
        "--prove",
        action="store_true",
        help="no screen: run the load, create the advised indexes, run it again, warm the cache; print what changed",
    )


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, metavar="PORT", help="port of the application (default: a free one)")
    parser.add_argument(
        "--rate", type=_number(0.1, _LARGEST_RATE), metavar="N", help="requests a second to the application"
    )
    parser.add_argument("--documents", type=_documents, metavar="N", help="how many documents to insert")
    parser.add_argument("--seed", type=_seed, metavar="N", help="of the documents and the load (default: 1)")


def _add_caches(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("caches")
    group.add_argument(
        "--caches",
        nargs="+",
        type=switch_argument,
        metavar="NAME=on|off",
        help="which caches the application starts with: read-through (on), invalidation (on), warming, query-cache",
    )
    group.add_argument(
        "--switch",
        nargs="*",
        type=switch_argument,
        metavar="NAME=on|off",
        help="start nothing: turn caches of the demo in another terminal on or off, and say what is on",
    )


def _add_drills(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("fire drills")
    group.add_argument(
        "--incident",
        metavar="NAME",
        help="a fire drill: begin with every index that is needed, then really cause this incident",
    )
    group.add_argument(
        "--after",
        type=_number(0, 86_400),
        metavar="SECONDS",
        help=f"how long all is well before the incident begins (default: {DEFAULT_DELAY_S:g})",
    )
    group.add_argument("--list-incidents", action="store_true", help="name the incidents, and start nothing")


def refuse_what_does_not_fit(arguments: argparse.Namespace) -> None:
    if arguments.prove and (arguments.headless is not None or arguments.keep or arguments.caches):
        raise UserError("--prove runs by itself, with the same caches each time: leave the other options out.")
    if arguments.switch is not None and _starts_something(arguments):
        raise UserError("--switch speaks to a demo that runs: of the other options only --port and --json go with it.")
    _refuse_what_does_not_fit_a_drill(arguments)
    if arguments.json and arguments.headless is None and not _prints(arguments):
        raise UserError(
            "--json needs --headless SECONDS, --prove, --switch or --list-incidents: the screen is not JSON."
        )


def _prints(arguments: argparse.Namespace) -> bool:
    return arguments.prove or arguments.switch is not None or arguments.list_incidents


def _refuse_what_does_not_fit_a_drill(arguments: argparse.Namespace) -> None:
    if arguments.incident is None:
        if arguments.after is not None:
            raise UserError("--after says when an incident begins: it needs --incident NAME.")
        return
    if arguments.prove or arguments.keep:
        raise UserError("--incident ends what it causes when the demo ends: it goes with neither --prove nor --keep.")
    after_s = DEFAULT_DELAY_S if arguments.after is None else arguments.after
    if arguments.headless is not None and arguments.headless <= after_s:
        raise UserError(
            f"The incident would begin after {after_s:g} seconds, and --headless {arguments.headless:g} ends before: "
            "watch for longer, or begin earlier with --after."
        )


def _starts_something(arguments: argparse.Namespace) -> bool:
    given = (
        arguments.headless,
        arguments.rate,
        arguments.documents,
        arguments.seed,
        arguments.caches,
        arguments.incident,
    )
    return arguments.prove or arguments.keep or any(one is not None for one in given)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError("must be a port, 1 to 65535")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError("must be a whole number of at most nine digits")
    return int(text)


def _documents(text: str) -> int:
    if not text.isdecimal() or not _FEWEST_DOCUMENTS <= int(text) <= _MOST_DOCUMENTS:
        raise argparse.ArgumentTypeError(f"must be a whole number, {_FEWEST_DOCUMENTS} to {_MOST_DOCUMENTS}")
    return int(text)


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be a number, {least:g} to {most:g}")
        return value

    return read
