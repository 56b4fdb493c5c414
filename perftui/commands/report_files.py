"""The files that `--json`, `--junit`, `--markdown` and `--html` name; `-` is standard output, in place of the text."""

import argparse
import sys
from pathlib import Path

from perftui.model.errors import UserError

_STDOUT = "-"
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
