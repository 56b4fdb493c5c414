"""A program in a real pseudo-terminal whose screen pyte keeps: for end-to-end tests."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pyte

_T = TypeVar("_T")
_TIMEOUT_S = 60.0
# The child must open the terminal as its controlling one, which Popen cannot do without running Python after a fork.
_TAKE_TERMINAL = "import fcntl,os,sys,termios;fcntl.ioctl(0,termios.TIOCSCTTY,0);os.execvp(sys.argv[1],sys.argv[1:])"
_SYNCHRONIZED_OUTPUT_QUERY, _SYNCHRONIZED_OUTPUT_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_FRAME_BEGINS, _FRAME_ENDS = b"\x1b[?2026h", b"\x1b[?2026l"
# pyte prints what it does not know of these: keyboard protocols and other private sequences.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<=>][0-9;:]*[a-zA-Z]|\x1bP.*?\x1b\\|\x1b_.*?\x1b\\", re.DOTALL)
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;:<=>?$ ]*|[P_\]][^\x07\x1b]*)?$")


class Terminal:
    """`with Terminal(["perftui", ...]) as terminal: terminal.wait_for("Overview"); terminal.send("q")`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.output = bytearray()
        """Everything the program wrote, raw."""
        self._stream = pyte.ByteStream(self.screen)
        self._lines = [""] * lines
        self._pending = b""
        self._master, slave = pty.openpty()
        self._set_size(columns, lines)
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})},
            start_new_session=True,
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, keys: str | bytes) -> None:
        """Type; escape sequences for special keys, such as `\\x1b[B` for down."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def screen_text(self) -> str:
        """The screen now, line by line, after reading what is there."""
        self._read(0)
        for number in self.screen.dirty:
            self._lines[number] = self._line(number)
        self.screen.dirty.clear()
        return "\n".join(self._lines)

    def wait_for(self, pattern: str, timeout_s: float = _TIMEOUT_S) -> re.Match[str]:
        """The first match of the regular expression on the screen; fails with the screen's text."""
        return self._wait(lambda text: re.search(pattern, text, re.MULTILINE), f"no {pattern!r}", timeout_s)

    def wait_written(self, pattern: str, timeout_s: float = _TIMEOUT_S) -> None:
        """Return once the program has written it, be it gone from the screen since: for what stands there a moment."""
        found = re.compile(pattern.encode())
        self._wait(lambda _: found.search(self.output), f"never written: {pattern!r}", timeout_s)

    def wait_until(self, condition: Callable[[], _T | None], timeout_s: float = _TIMEOUT_S) -> _T:
        """What `condition` returns once that is true; meanwhile what is written is read, else the program may block."""
        return self._wait(lambda _: condition(), f"not true: {condition}", timeout_s)

    def wait_gone(self, pattern: str, timeout_s: float = _TIMEOUT_S) -> None:
        """Return once the regular expression matches nothing on the screen."""
        self._wait(lambda text: re.search(pattern, text, re.MULTILINE) is None, f"still {pattern!r}", timeout_s)

    def resize(self, columns: int, lines: int) -> None:
        """Another size, told to the program by SIGWINCH."""
        self.screen.resize(lines, columns)
        self._lines = [""] * lines
        self.screen.dirty = set(range(lines))
        self._set_size(columns, lines)

    def hangup(self) -> None:
        """The window is closed: reads and writes fail, SIGHUP is sent."""
        os.close(self._master)
        self._master = -1

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        self.process.send_signal(number)

    def exit_code(self, timeout_s: float = _TIMEOUT_S) -> int:
        """Read on until the program ends; its code as `Popen.returncode`."""
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still runs after {timeout_s} s:\n{self.screen_text()}"
            self._read(0.02)
        self._read(0)
        return self.process.returncode

    def close(self) -> None:
        """End the program if it still runs."""
        self.process.kill()
        self.process.wait()
        if self._master >= 0:
            self.hangup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, found: Callable[[str], _T | None], complaint: str, timeout_s: float) -> _T:
        deadline = time.monotonic() + timeout_s
        while True:
            ended = self.process.poll()  # before what it wrote is read: its last words count too
            text = self.screen_text()
            if answer := found(text):
                return answer
            assert ended is None, f"{complaint}; the program ended with {ended}:\n{text}"
            assert time.monotonic() < deadline, f"{complaint} within {timeout_s} s:\n{text}"
            self._read(0.05)

    def _read(self, wait_s: float) -> None:
        """Take in whatever was written, waiting at most `wait_s` for the first of it."""
        first = True
        while self._master >= 0 and select.select([self._master], [], [], wait_s if first else 0)[0]:
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # the program closed its side
                break
            if not data:
                break
            first = False
            self.output += data
            self._show(data)
        if first and wait_s and not self._listens():
            time.sleep(wait_s)

    def _listens(self) -> bool:
        """Whether waiting for it takes its time: not where it is closed on either side."""
        return self._master >= 0 and not select.select([self._master], [], [], 0)[0]

    def _show(self, data: bytes) -> None:
        data, self._pending = self._pending + data, b""
        if tail := _UNFINISHED.search(data):
            data, self._pending = data[: tail.start()], data[tail.start() :]
        begun = data.rfind(_FRAME_BEGINS)
        if begun >= 0 and _FRAME_ENDS not in data[begun:]:
            data, self._pending = data[:begun], data[begun:] + self._pending
        for _ in range(data.count(_SYNCHRONIZED_OUTPUT_QUERY)):
            with suppress(OSError):
                os.write(self._master, _SYNCHRONIZED_OUTPUT_ANSWER)
        data = data.replace(_SYNCHRONIZED_OUTPUT_QUERY, b"")
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))

    def _line(self, number: int) -> str:
        """As `pyte.Screen.display` has it, which makes all lines anew. A wide character's second cell is empty."""
        cells = self.screen.buffer[number]
        return "".join(cells[column].data for column in range(self.screen.columns)).rstrip()

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
