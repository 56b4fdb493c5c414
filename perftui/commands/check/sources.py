"""What was named on the command line: files of sessions and benchmarks, and live targets."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perftui.commands import load_settings, say
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.checking.seen import Found, MakeObserver, Seen
    from perftui.model.settings import Settings

_RECORDING = b'{"schema":"perftui.recording/'


class Sources(NamedTuple):
    """Files by their paths; `live`: the settings' connections are to be read too."""

    files: tuple[Path, ...]
    settings: "Settings"
    live: bool


def sort_sources(arguments: argparse.Namespace) -> Sources:
    """An existing file is one; all else is a target. Raises `UserError`."""
    files, targets = list[Path](), list[str]()
    for text in dict.fromkeys(arguments.targets):
        if _is_file(text):
            files.append(Path(text))
        else:
            targets.append(text)
    live = bool(targets) or not files
    arguments.targets = targets
    settings = load_settings(arguments, with_targets=live)
    if live and all(one.target.kind == "host" for one in settings.connections):
        raise UserError("There is nothing to check: name the URL of an application's metrics, or a file.")
    return Sources(tuple(files), settings, live)


def look(arguments: argparse.Namespace, sources: Sources, minutes: set[int], make_observer: "MakeObserver") -> "Found":
    """All of them, each with what `make_observer` makes for it. Raises `UserError`."""
    found = [_found_in_file(file, make_observer) for file in sources.files]
    if sources.live:
        from perftui.checking.live import look_at

        looking = look_at(sources.settings, minutes, make_observer, watch_s=arguments.watch, wait_s=arguments.wait)
        found.append(asyncio.run(looking))
    return [one for seen, _ in found for one in seen], [one for _, missed in found for one in missed]


def window_minutes(settings: "Settings") -> int:
    """The settings' window, as a document can be asked for it."""
    return min(max(round(settings.window_s / 60), 1), 60)


def _found_in_file(path: Path, make_observer: "MakeObserver") -> "Found":
    """A recording's targets, or the one run of benchmarks. Raises `UserError`."""
    try:
        with path.open("rb") as file:
            is_recording = file.read(len(_RECORDING)) == _RECORDING
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    return _of_recording(path, make_observer) if is_recording else ([_of_benchmarks(path, make_observer)], [])


def _is_file(text: str) -> bool:
    """A path that is not there is told as one, not as a profile's name."""
    if "://" in text:
        return False
    path = Path(text)
    if path.is_dir():
        raise UserError(f"{text} is a folder; name a file of perftui record or perftui bench run --json.")
    if path.is_file():
        return True
    if "/" in text or path.suffix in (".json", ".gz", ".perftui"):
        raise UserError(f"There is no file {text}.")
    return False


def _of_recording(path: Path, make_observer: "MakeObserver") -> "Found":
    from perftui.checking.session import Session
    from perftui.monitor.recording import open_recording

    recording = open_recording(path)
    if recording.torn:
        say(f"{path} was cut off; its {len(recording.entries):,} whole frames are judged.")
    session = Session(make_observer, str(path))
    for index in range(len(recording.entries)):
        session.add(recording.snapshot(index))
    return session.found()


def _of_benchmarks(path: Path, make_observer: "MakeObserver") -> "Seen":
    from perftui.bench.loading import load_benchmarks
    from perftui.checking.benchmark_things import kinds_of_benchmarks, remarks_on_benchmarks, things_of_benchmarks
    from perftui.checking.seen import Seen

    try:
        results = load_benchmarks(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValueError as reason:
        raise UserError(f"{path} is neither a recording nor a bench result: {reason}.") from None
    observer = make_observer(())
    observer.observe(things_of_benchmarks(results), results[0].started_at or 0.0 if results else 0.0)
    kinds, remarks = kinds_of_benchmarks(results), tuple(remarks_on_benchmarks(results))
    return Seen(str(path), kinds, (), observer, remarks)
