"""`perftui bundle`: a recording to give away, from one that exists or from targets, without values, hosts and users."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from perftui.commands import DONE, FOUND, UNREACHABLE, load_settings, say
from perftui.model.errors import UserError
from perftui.model.snapshot import Snapshot
from perftui.monitor.recording import Recording, open_recording

if TYPE_CHECKING:
    from perftui.handover.bundle import BundleWriter
    from perftui.model.settings import Settings

_SECONDS = 60.0
_MAGIC = b'{"schema":"perftui.recording/'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "perftui bundle RECORDING FILE [--last TIME]\n       perftui bundle FILE [TARGET ...] [--seconds N]"
    parser.add_argument(
        "first", metavar="RECORDING | FILE", type=Path, help="a recording to redact, else what to write"
    )
    parser.add_argument(
        "targets", nargs="*", default=[], metavar="FILE | TARGET", help="what to write, else what to read for a while"
    )
    parser.add_argument("--last", type=_duration, metavar="TIME", help="only the recording's end, such as 10m")
    parser.add_argument(
        "--seconds", type=_duration, default=_SECONDS, metavar="N", help="read the targets this long (default: 60)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite FILE")


def run(arguments: argparse.Namespace) -> int:
    if len(arguments.targets) == 1 and _is_recording(arguments.first):
        return _from_recording(arguments.first, Path(arguments.targets[0]), arguments)
    if arguments.last is not None:
        raise UserError(f"--last is for a recording, and {arguments.first} is none; --seconds says how long to read.")
    return _from_targets(arguments.first, arguments)


def _is_recording(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _from_recording(source: Path, path: Path, arguments: argparse.Namespace) -> int:
    from perftui.handover.bundle import BundleWriter

    if path.exists() and path.samefile(source):
        raise UserError(f"{path} is the recording itself; name another file to write.")
    recording = open_recording(source)
    with BundleWriter(path, overwrite=arguments.force) as writer:
        for index in _wanted(recording, arguments.last):
            writer.add(recording.snapshot(index))
    _tell(writer.frames, writer.written_bytes, writer.hidden, path)
    if recording.torn:
        say(f"{source} was cut off; its whole frames are in the bundle.")
    return DONE


def _wanted(recording: Recording, last_s: float | None) -> range:
    entries = recording.entries
    since = entries[-1].taken_at - last_s if last_s is not None else float("-inf")
    return range(next(index for index, entry in enumerate(entries) if entry.taken_at >= since), len(entries))


def _from_targets(path: Path, arguments: argparse.Namespace) -> int:
    from perftui.handover.bundle import BundleWriter

    settings = load_settings(arguments)
    with BundleWriter(path, overwrite=arguments.force) as writer:
        latest = asyncio.run(_read(settings, writer, arguments.seconds))
    if latest is None:
        raise UserError("Nothing was read; try more --seconds.", FOUND)
    _tell(writer.frames, writer.written_bytes, writer.hidden, path)
    silent = [state.target.name for state in latest.targets if all(source.read_at is None for source in state.sources)]
    if silent:
        say(f"Never reached: {', '.join(silent)}.")
    return UNREACHABLE if silent else DONE


async def _read(settings: "Settings", writer: "BundleWriter", seconds: float) -> Snapshot | None:
    from perftui.monitor.live import Monitor

    latest: list[Snapshot] = []
    kept: list[Snapshot] = []

    def take(snapshot: Snapshot) -> None:
        latest[:] = [snapshot]
        kept.append(snapshot)

    reading = asyncio.create_task(Monitor(settings).run(take))
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until and not reading.done():
            await asyncio.wait({reading}, timeout=min(1.0, max(until - time.monotonic(), 0.01)))
            waiting, kept[:] = list(kept), []
            for snapshot in waiting:
                await asyncio.to_thread(writer.add, snapshot)
        if reading.done():
            reading.result()
    finally:
        reading.cancel()
        await asyncio.wait({reading})
    return latest[0] if latest else None


def _tell(frames: int, size: int, hidden: int, path: Path) -> None:
    print(path)
    sys.stdout.flush()
    say(
        f"{frames:,} frames, {size:,} bytes; values are taken out, {hidden:,} hosts, users and keys have pseudonyms. "
        f"perftui replay {path} shows it."
    )


def _duration(text: str) -> float:
    from perftui.config.values import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a time such as 60, 90s or 10m") from None
    if not 0 < seconds <= 31 * 86400:
        raise argparse.ArgumentTypeError("must be more than nothing and at most 31 days")
    return seconds
