"""`perftui snapshot`: one reading of everything, as JSON or for people."""

import argparse
import asyncio
import shutil
import sys

from perftui.commands import DONE, UNREACHABLE, add_target_arguments, load_settings
from perftui.model.snapshot import Snapshot, TargetState

_DEFAULT_WAIT_S = 10.0
_ANSWERED = ("rights", "unsupported")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser)
    parser.add_argument("--json", action="store_true", help="the whole Snapshot as JSON (perftui.snapshot/1)")
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=_DEFAULT_WAIT_S,
        metavar="TIME",
        help="how long targets may take to answer, such as 5s (default: 10s)",
    )


def run(arguments: argparse.Namespace) -> int:
    from perftui.monitor.once import take_snapshot

    settings = load_settings(arguments)
    snapshot = asyncio.run(take_snapshot(settings, wait_s=arguments.wait))
    return print_snapshot(snapshot, as_json=arguments.json, utc=settings.utc)


def print_snapshot(snapshot: Snapshot, as_json: bool, *, utc: bool = False) -> int:
    """Print it on stdout; returns 3 when a target other than the machine was not reached, else 0."""
    if as_json:
        sys.stdout.write(snapshot.to_json().decode("utf-8") + "\n")
    else:
        from perftui.commands.summary import summarize

        width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 1000
        sys.stdout.write(summarize(snapshot, width, utc) + "\n")
    return DONE if all(was_reached(state) for state in snapshot.targets) else UNREACHABLE


def was_reached(state: TargetState) -> bool:
    """Some source got an answer, be it a refusal for want of rights."""
    return state.target.kind == "host" or any(
        source.read_at is not None or (source.failure is not None and source.failure.kind in _ANSWERED)
        for source in state.sources
    )


def _seconds(text: str) -> float:
    from perftui.config import values

    try:
        return values.timeout(text)
    except ValueError as expected:
        raise argparse.ArgumentTypeError(f"must be {expected}") from None
