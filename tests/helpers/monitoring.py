"""The monitor in a pseudo-terminal on real targets, as a user starts it."""

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from helpers.terminal import Terminal
from helpers.waiting import wait_until
from perftui.model.target import Connection
from perftui.tui.dialogs.confirm import DEAF_S

PERFTUI = [sys.executable, "-m", "perftui"]
ENTER, ESCAPE, UP, DOWN = "\r", "\x1b", "\x1b[A", "\x1b[B"
F1, F2, F3, F6, F9, F10 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1b[17~", "\x1b[20~", "\x1b[21~"


def profile(folder: Path, *connections: Connection, extra: str = "") -> Path:
    """A settings file with a profile `all` of these connections; it is readable by the user only, for its headers."""
    lines = [extra, "[profiles.all]", "targets = ["]
    for connection in connections:
        entry = f"uri = {json.dumps(connection.uri.reveal())}, name = {json.dumps(connection.target.name)}"
        headers = "".join(
            f", headers = {{ {name} = {json.dumps(value.reveal())} }}" for name, value in connection.headers.items()
        )
        lines.append(f"    {{ {entry}{headers} }},")
    path = folder / "perftui.toml"
    path.touch(mode=0o600)
    path.write_text("\n".join([*lines, "]", ""]), "utf-8")
    return path


@contextmanager
def monitor(
    *arguments: str | Path,
    columns: int = 120,
    lines: int = 40,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Terminal]:
    """`perftui` with these arguments, once its first figures are there."""
    command = [*PERFTUI, *map(str, arguments)]
    # Left by a test run that was started from a terminal, these would tell the program a wrong size.
    assert not {"COLUMNS", "LINES"} & set(os.environ)
    with Terminal(command, columns=columns, lines=lines, environment=environment, cwd=cwd) as terminal:
        terminal.wait_for(r"\d\d:\d\d:\d\d")
        yield terminal


def leave(terminal: Terminal) -> None:
    """Quit, and see that it ended in order and left the terminal as it was."""
    terminal.send("q")
    assert terminal.exit_code() == 0
    assert b"\x1b[?1049l" in terminal.output


def shown_time(terminal: Terminal) -> str:
    """The header's clock."""
    found = re.search(r"\d\d:\d\d:\d\d", terminal.screen_text().split("\n")[0])
    assert found is not None
    return found[0]


def wait_for_the_next_second(terminal: Terminal) -> None:
    moment = shown_time(terminal)
    wait_until(lambda: shown_time(terminal) != moment)


def press_until(terminal: Terminal, key: str, condition: Callable[[str], bool], patience_s: float = 3.0) -> None:
    """One press after the other, each once the one before has been drawn or has had its time: a press too many, on
    its way while the screen was late, would act on what comes next."""
    for _ in range(20):
        terminal.send(key)
        with contextlib.suppress(AssertionError):
            wait_until(lambda: condition(terminal.screen_text()), timeout_s=patience_s)
            return
    raise AssertionError(f"{key!r} has no effect:\n{terminal.screen_text()}")


def answer(terminal: Terminal, verb: str) -> None:
    """Move to the question's button and press it; the question is deaf at first, so that a Tab may be lost."""
    terminal.wait_for(rf"\[ {re.escape(verb)} \]|▶ {re.escape(verb)} ◀")
    time.sleep(DEAF_S)
    press_until(terminal, "\t", lambda text: f"▶ {verb} ◀" in text)
    terminal.send(ENTER)
