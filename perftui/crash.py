"""What is kept of an error of our own: where it happened, without locals and without secrets."""

import os
import platform
import time
import traceback
from pathlib import Path

from perftui import __version__
from perftui.config.folders import state_folder
from perftui.model.redaction import redact


def report_crash(error: BaseException) -> str:
    """Save a report to the state folder and return the sentence that says where; never raises."""
    cause = redact(f"{type(error).__name__}: {error}").splitlines()[0][:200]
    sentence = f"perftui: an error of perftui itself: {cause}"
    try:
        return (
            f"{sentence}\nA report without secrets is in {_save(report_text(error))}; please send it with a bug report."
        )
    except OSError as problem:
        return f"{sentence}\nNo report could be saved: {problem.strerror}."


def report_text(error: BaseException) -> str:
    """The traceback's places and messages, redacted; lines of code, but no values."""
    where = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    head = f"perftui {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    return head + redact(where)


def _save(text: str) -> Path:
    folder = state_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"crash-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.txt"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path
