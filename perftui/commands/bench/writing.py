"""Writes what a command made to files, or to standard output in place of the text."""

import argparse
import platform
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from perftui import __version__
from perftui.model.errors import UserError

_STDOUT = "-"
_NARROWEST, _WIDEST = 40, 100
_FORMS = ("json", "junit", "markdown", "html")


def check(arguments: argparse.Namespace) -> None:
    """Raises `UserError` where two forms would be mixed on standard output, or a folder is not there."""
    names = {form: name for form in _FORMS if (name := getattr(arguments, form, None))}
    if list(names.values()).count(_STDOUT) > 1:
        raise UserError("Only one of --json, --junit, --markdown and --html can go to standard output.")
    for form, name in names.items():
        if name != _STDOUT and not Path(name).absolute().parent.is_dir():
            raise UserError(f"--{form}: there is no folder {Path(name).parent}.")


def wants_text(arguments: argparse.Namespace) -> bool:
    """Nothing else goes to standard output."""
    return all(getattr(arguments, form, None) != _STDOUT for form in _FORMS)


def write(name: str | None, data: bytes) -> None:
    """To the file, or to standard output. Raises `UserError`."""
    if name is None:
        return
    if name == _STDOUT:
        sys.stdout.write(data.decode("utf-8"))
        return
    try:
        Path(name).write_bytes(data)
    except OSError as error:
        raise UserError(f"{name} cannot be written: {error.strerror or error}.", 1) from None


def width() -> int:
    """How long a line of text may be: as the terminal is wide, within reason."""
    return max(min(shutil.get_terminal_size().columns, _WIDEST), _NARROWEST) if sys.stdout.isatty() else _WIDEST


def when_and_where(at: float) -> str:
    """`2026-11-30 14:00 UTC, on web-1, perftui 0.3.0`."""
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{moment}, measured from {platform.node() or 'this machine'}, perftui {__version__}"
