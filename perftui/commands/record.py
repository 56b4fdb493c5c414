"""`perftui record FILE [TARGET ...]`: a session in a file, shown while it is recorded or without a screen."""

import argparse
import asyncio
import contextlib
import sys
import time
from pathlib import Path

from perftui.commands import DONE, UNREACHABLE, add_target_arguments, load_settings, say
from perftui.commands.signals import heard_by
from perftui.model.errors import UserError
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.monitor.recording import Recorder

_SMALLEST_LIMIT_MB = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the recording to write; only you may read it")
    add_target_arguments(parser)
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="no screen: record this long, then stop")
    parser.add_argument("--headless", action="store_true", help="no screen: record until Ctrl-C")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    parser.add_argument("--limit", type=_megabytes, metavar="MB", help="stop recording when FILE has this size")


def run(arguments: argparse.Namespace) -> int:
    from perftui.commands.monitor import require_terminal, run_feed
    from perftui.monitor.live import Monitor
    from perftui.monitor.tee import RecordedFeed

    settings = load_settings(arguments)
    headless = arguments.headless or arguments.seconds is not None
    if not headless:
        require_terminal("perftui record FILE --seconds 60 records without one.")
    with Recorder(arguments.file, overwrite=arguments.force, limit_bytes=arguments.limit) as recorder:
        if headless:
            code = _record_headless(settings, recorder, arguments.seconds)
        else:
            code = run_feed(RecordedFeed(Monitor(settings, look_back=True), recorder), settings)
    full = "; it reached its limit" if recorder.full else ""
    say(f"{recorder.frames:,} frames, {recorder.written_bytes:,} bytes in {arguments.file}{full}.")
    return code


def _record_headless(settings: Settings, recorder: Recorder, seconds: float | None) -> int:
    last = asyncio.run(_record(settings, recorder, seconds))
    if last is None:
        raise UserError("Nothing was recorded; try more --seconds.", 1)
    reached = [state for state in last.targets if any(source.read_at is not None for source in state.sources)]
    unreached = [state.target.name for state in last.targets if state not in reached]
    if unreached:
        say(f"Never reached: {', '.join(unreached)}.")
    return UNREACHABLE if unreached else DONE


async def _record(settings: Settings, recorder: Recorder, seconds: float | None) -> Snapshot | None:
    from perftui.monitor.live import Monitor

    stopped = asyncio.Event()
    latest: list[Snapshot] = []
    told_at = 0.0

    def take(snapshot: Snapshot) -> None:
        nonlocal told_at
        latest[:] = [snapshot]
        if not recorder.add(snapshot):
            stopped.set()
        if sys.stderr.isatty() and time.monotonic() - told_at >= 1:
            told_at = time.monotonic()
            print(f"\r{recorder.frames:,} frames, {recorder.written_bytes:,} bytes", end="", file=sys.stderr)

    recording = asyncio.create_task(Monitor(settings).run(take))
    stopping = asyncio.create_task(stopped.wait())
    try:
        with heard_by(lambda _number: stopped.set()):
            await asyncio.wait({recording, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if recording.done():
            recording.result()
    finally:
        for task in (recording, stopping):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if sys.stderr.isatty():
            print(file=sys.stderr)
    return latest[0] if latest else None


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 31 * 86400:
        raise argparse.ArgumentTypeError("must be a number of seconds, such as 60")
    return value


def _megabytes(text: str) -> int:
    if not text.isdecimal() or int(text) < _SMALLEST_LIMIT_MB:
        raise argparse.ArgumentTypeError("must be a whole number of megabytes, such as 100")
    return int(text) * 1024 * 1024
