"""`perftui replay FILE`: a recorded session on the same screens, or its frames as JSON lines."""

import argparse
import sys
from pathlib import Path

from perftui.commands import DONE, load_settings, say
from perftui.monitor.recording import Recording, open_recording

_FASTEST = 1000.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a recording made with perftui record")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="so many times as fast (default: 1)")
    parser.add_argument("--json", action="store_true", help="no screen: every Snapshot as a line of JSON on stdout")


def run(arguments: argparse.Namespace) -> int:
    recording = open_recording(arguments.file)
    if recording.torn:
        say(f"{arguments.file} was cut off; its {len(recording.entries):,} whole frames can be read.")
    if arguments.json:
        return _print(recording)
    return _show(recording, arguments)


def _print(recording: Recording) -> int:
    for index in range(len(recording.entries)):
        sys.stdout.buffer.write(recording.snapshot(index).to_json() + b"\n")
    sys.stdout.buffer.flush()
    return DONE


def _show(recording: Recording, arguments: argparse.Namespace) -> int:
    from msgspec.structs import replace

    from perftui.commands.monitor import require_terminal, run_feed
    from perftui.monitor.replay import Replay

    require_terminal(f"perftui replay {arguments.file} --json prints it.")
    settings = replace(load_settings(arguments, with_targets=False), read_only=True)
    return run_feed(Replay(recording, settings, speed=arguments.speed), settings)


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _FASTEST:
        raise argparse.ArgumentTypeError(f"must be a number above 0, at most {_FASTEST:.0f}")
    return value
