"""`perftui replay FILE`: a recorded session on the same screens, or its frames as JSON lines."""

import argparse
import sys
from pathlib import Path

from perftui.commands import DONE, load_settings, say
from perftui.model.errors import UserError
from perftui.model.settings import Settings
from perftui.monitor.recording import open_recording
from perftui.monitor.replay import Frames, Replay

_FASTEST = 1000.0
_LAST_S, _LONGEST_S = 3600.0, 31 * 86_400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a recording made with perftui record or bundle, or a MongoDB's folder diagnostic.data",
    )
    parser.add_argument(
        "--last", type=_last, metavar="TIME", help="of diagnostic data so much, up to the newest (default: 1h)"
    )
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="so many times as fast (default: 1)")
    parser.add_argument("--json", action="store_true", help="no screen: every Snapshot as a line of JSON on stdout")


def run(arguments: argparse.Namespace) -> int:
    from perftui.sources.mongodb.diagnostic.files import is_diagnostic

    if is_diagnostic(arguments.file):
        return _run_diagnostic(arguments)
    if arguments.last is not None:
        raise UserError("--last is for diagnostic data; a recording is shown whole, and perftui bundle takes its end.")
    recording = open_recording(arguments.file)
    if recording.torn:
        say(f"{arguments.file} was cut off; its {len(recording.entries):,} whole frames can be read.")
    settings = load_settings(arguments, with_targets=False)
    frames = _judged(recording, settings)
    return _print(frames) if arguments.json else _show(frames, settings, arguments)


def _run_diagnostic(arguments: argparse.Namespace) -> int:
    """What a server noted of itself: opened at the newest moment, with all before it in the sparklines."""
    from perftui.monitor.diagnostic_replay import DiagnosticFrames

    recording = DiagnosticFrames(arguments.file, arguments.last or _LAST_S)
    for note in recording.notes:
        say(note)
    settings = load_settings(arguments, with_targets=False)
    frames = _judged(recording, settings)
    return _print(frames) if arguments.json else _show(frames, settings, arguments, past=recording)


def _judged(recording: Frames, settings: Settings) -> Frames:
    """By the budgets of the flag, the environment or the settings file, as the live screen is; with verdicts."""
    from perftui.monitor.replay_verdicts import DiagnosedRecording

    frames: Frames = recording
    if settings.budgets:
        from perftui.monitor.replay_budgets import JudgedRecording

        frames = JudgedRecording(recording, settings.budgets)
    return DiagnosedRecording(frames, settings.thresholds)


def _print(frames: Frames) -> int:
    for index in range(len(frames.entries)):
        sys.stdout.buffer.write(frames.snapshot(index).to_json() + b"\n")
    sys.stdout.buffer.flush()
    return DONE


def _show(frames: Frames, settings: Settings, arguments: argparse.Namespace, past: Frames | None = None) -> int:
    """`past`: the same frames without verdicts, where the replay begins at its end."""
    from msgspec.structs import replace

    from perftui.commands.monitor import require_terminal, run_feed

    require_terminal(f"perftui replay {arguments.file} --json prints it.")
    settings = replace(settings, read_only=True)
    first = 0 if past is None else len(past.entries) - 1
    replay = Replay(frames, settings, speed=arguments.speed, first=first)
    if past is not None:
        for index in range(max(first - settings.history_s, 0), first):
            replay.history.add(past.snapshot(index))
    return run_feed(replay, settings)


def _last(text: str) -> float:
    from perftui.config.values import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError("must be a time such as 90s, 10m or 24h, at most 31 days")
    return seconds


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _FASTEST:
        raise argparse.ArgumentTypeError(f"must be a number above 0, at most {_FASTEST:.0f}")
    return value
