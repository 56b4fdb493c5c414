"""What the user sees of an action before, while and after it runs."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from perftui.actions.base import ActionProgress, Description, Problem
from perftui.commands import say
from perftui.model.base import Model
from perftui.model.text import safe_text


class Report(Model, frozen=True, kw_only=True):
    """What `--json` prints of one action."""

    action: str
    host: str
    commands: tuple[str, ...] = ()
    dry_run: bool = False
    state: str
    """done, refused, failed, unverified; `would` for a dry run that nothing stands against."""
    message: str
    entry: str | None = None
    """Id of the journal's entry, for `perftui index undo`."""
    problems: tuple[Problem, ...] = ()


class ProgressLine:
    """One line on a terminal that is drawn over; elsewhere a line for each phase."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write or _to_stderr
        self._phase, self._drawn = "", False

    def tell(self, progress: ActionProgress) -> None:
        share = ""
        if progress.done is not None and progress.total:
            share = f" {progress.done:,} of {progress.total:,} ({progress.done / progress.total:.0%})"
        if sys.stderr.isatty():
            self._write(f"\r\x1b[K{safe_text(progress.message + share, 160)}")
            self._drawn = True
        elif progress.phase != self._phase:
            self._write(f"{safe_text(progress.message + share)}\n")
        self._phase = progress.phase

    def end(self) -> None:
        if self._drawn:
            self._write("\r\x1b[K")
            self._drawn = False


def show(shown: Description, problems: Sequence[Problem]) -> None:
    """What the monitor's dialog shows, on stderr."""
    say(f"{shown.title}  on {shown.host}{f' ({shown.role})' if shown.role else ''}")
    for command in shown.command.splitlines():
        say(f"  {safe_text(command)}")
    for problem in problems:
        say(f"  {'!' if problem.blocking else '-'} {safe_text(f'{problem.message} {problem.help}'.rstrip())}")
    for sentence in shown.consequences:
        say(f"  . {safe_text(sentence)}")
    say(f"  undo: {shown.undo or 'none'}")


def can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def prompt(question: str) -> str:
    """An answer from the terminal; the end of input is an empty one. Ctrl-C raises `KeyboardInterrupt` at once."""
    sys.stderr.write(question)
    sys.stderr.flush()
    with _hearing_signals():
        return sys.stdin.readline().strip()


@contextmanager
def _hearing_signals() -> Iterator[None]:
    """An event loop that waits for an answer would hear of signals only after it."""
    own: dict[signal.Signals, Any] = dict.fromkeys((signal.SIGTERM, signal.SIGHUP), signal.SIG_DFL)
    own[signal.SIGINT] = signal.default_int_handler
    before = {number: signal.getsignal(number) for number in own}
    heard = [number for number in own if before[number] is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, own[number])
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def _to_stderr(text: str) -> None:
    """A terminal that went away fails no action: SIGHUP says what is to be done."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()
