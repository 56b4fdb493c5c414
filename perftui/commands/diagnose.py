"""`perftui diagnose [TARGET ...]`: what is wrong, in one sentence; with `--watch` each time that changes."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from perftui.commands import DONE, FOUND, UNREACHABLE, add_target_arguments, load_settings
from perftui.commands.snapshot import was_reached

if TYPE_CHECKING:
    from perftui.model.settings import Settings
    from perftui.model.snapshot import Snapshot
    from perftui.model.verdict import Verdict

_LOOKS_S = 8.0
"""How long it looks before it says that nothing is wrong: rates need two readings, a rule some seconds."""
_LOOKS_ON_S = 16.0
"""The same while something is suspected: what a server does itself has to last longer before it counts."""
_SURE_S = 2.0
"""How long it looks on once something is wrong: the cause may show after its effect."""
_LONGEST_WAIT_S = 10.0
_LONGEST_WATCH_S = 10 * 365 * 86_400.0

Show = Callable[["Verdict"], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser)
    parser.add_argument("--json", action="store_true", help="the verdict as JSON (perftui.verdict/1), one a line")
    parser.add_argument(
        "--watch",
        type=_seconds,
        metavar="SECONDS",
        help="look for so long and print a line whenever the verdict changes; 0: until Ctrl-C",
    )


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments)
    show = _json if arguments.json else _words(settings.utc)
    if arguments.watch is not None:
        seconds = arguments.watch or _LONGEST_WATCH_S
        return _code(asyncio.run(_watch(settings, seconds, show)))
    snapshot = asyncio.run(_look(settings))
    if snapshot is not None and snapshot.verdict is not None:
        show(snapshot.verdict)
    return _code(snapshot)


async def _look(settings: "Settings") -> "Snapshot | None":
    """Until something is wrong and a moment more, or until long enough nothing was; who gave nothing gets more time."""
    from perftui.diagnosis.answering import gave_nothing

    started, found_at = time.monotonic(), 0.0
    waits_s = _LOOKS_ON_S + _LONGEST_WAIT_S

    def enough(snapshot: "Snapshot", suspects: bool) -> bool:
        nonlocal found_at
        now, verdict = time.monotonic(), snapshot.verdict
        if verdict is None or verdict.status != "problem":
            found_at = 0.0
            unsure = suspects or any(gave_nothing(state) for state in snapshot.targets) or _came_or_went(snapshot)
            looks_s = _LOOKS_ON_S if unsure else _LOOKS_S
            return verdict is not None and verdict.status != "looking" and now - started >= looks_s
        found_at = found_at or now
        return now - found_at >= _SURE_S

    return await _monitor(settings, waits_s, enough)


def _came_or_went(snapshot: "Snapshot") -> bool:
    """What was lost for a moment, or started anew, may do so again."""
    return any(event.kind in ("source.lost", "server.restarted") for event in snapshot.events)


async def _watch(settings: "Settings", seconds: float, show: Show) -> "Snapshot | None":
    """Show each new verdict, flushed at once, and go on."""
    before: tuple[object, ...] | None = None

    def take(snapshot: "Snapshot", _suspects: bool) -> bool:
        nonlocal before
        verdict = snapshot.verdict
        if verdict is not None and verdict.status != "looking" and (key := _key(verdict)) != before:
            before = key
            show(verdict)
        return False

    return await _monitor(settings, seconds, take)


async def _monitor(
    settings: "Settings", seconds: float, enough: Callable[["Snapshot", bool], bool]
) -> "Snapshot | None":
    """Read for at most so long, or until it is enough; returns the last Snapshot.

    `enough` is told, beside each Snapshot, whether something is suspected that does not count yet.
    """
    from perftui.monitor.live import Monitor

    last: list[Snapshot] = []
    done = asyncio.Event()

    def take(snapshot: "Snapshot") -> None:
        last[:] = [snapshot]
        if enough(snapshot, monitor.suspects):
            done.set()

    monitor = Monitor(settings)
    running = asyncio.create_task(monitor.run(take))
    ending = asyncio.create_task(done.wait())
    try:
        await asyncio.wait({running, ending}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        running.cancel()
        ending.cancel()
        await asyncio.gather(running, ending, return_exceptions=True)
    return last[0] if last else None


def _key(verdict: "Verdict") -> tuple[object, ...]:
    """What makes it another verdict: not its figures, which change from second to second."""
    problem = verdict.problem
    if problem is None:
        return (verdict.status, tuple(one.what for one in verdict.unseen))
    return problem.code, problem.target_id, problem.subject, problem.severity


def _words(utc: bool) -> Show:
    from perftui.diagnosis.sentence import sentence
    from perftui.tui.formatting import clock, day_clock

    def show(verdict: "Verdict") -> None:
        print(f"{clock(verdict.at, utc)}  {sentence(verdict, lambda at: day_clock(at, verdict.at, utc))}", flush=True)

    return show


def _json(verdict: "Verdict") -> None:
    sys.stdout.write(verdict.to_json().decode() + "\n")
    sys.stdout.flush()


def _code(snapshot: "Snapshot | None") -> int:
    """3 where a target was never reached, 1 where something is wrong or cannot be told, 0 where all is well."""
    if snapshot is None or not all(was_reached(state) for state in snapshot.targets):
        return UNREACHABLE
    return DONE if snapshot.verdict is not None and snapshot.verdict.status == "healthy" else FOUND


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _LONGEST_WATCH_S:
        raise argparse.ArgumentTypeError("must be a number of seconds; 0 watches until Ctrl-C")
    return value
