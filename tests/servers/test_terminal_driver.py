import signal
import sys
from pathlib import Path

import pytest
from helpers.terminal import Terminal
from helpers.waiting import process_exists, wait_until

ECHO_APP = """
from textual.app import App
from textual.widgets import Static
class Echo(App):
    def compose(self):
        yield Static("ready \\u2588 %dx%d" % self.size, id="text")
    def on_key(self, event):
        if event.key == "q":
            self.exit(return_code=3)
        self.query_one(Static).update("key " + event.key)
    def on_resize(self, event):
        self.query_one(Static).update("size %dx%d" % event.size)
Echo().run()
import sys; sys.exit(3)
"""


@pytest.fixture
def echo(tmp_path: Path) -> list[str]:
    script = tmp_path / "echo.py"
    script.write_text(ECHO_APP)
    return [sys.executable, str(script)]


def test_a_textual_program_is_driven_through_the_terminal(echo: list[str]) -> None:
    with Terminal(echo, columns=60, lines=10) as terminal:
        terminal.wait_for("size 60x10")
        terminal.send("\x1b[B")
        terminal.wait_for("^key down$")
        terminal.resize(100, 30)
        terminal.wait_for("size 100x30")
        terminal.wait_gone("key down")
        assert terminal.output.count(b"\x1b[?2026h") > 0, "synchronized output was not taken as offered"
        terminal.send("q")
        assert terminal.exit_code() == 3


def test_hanging_up_ends_a_program_that_does_not_defend_itself() -> None:
    with Terminal([sys.executable, "-c", "print('up', flush=True); import time; time.sleep(600)"]) as terminal:
        terminal.wait_for("up")
        terminal.hangup()
        assert terminal.exit_code() == -signal.SIGHUP
        assert not process_exists(terminal.pid)


def test_a_frame_is_shown_whole_or_not_at_all() -> None:
    frame = "print('\\x1b[?2026hhalf', flush=True); input(); print('whole\\x1b[?2026l', flush=True); input()"
    with Terminal([sys.executable, "-c", frame]) as terminal:
        terminal.wait_written("half")
        assert "half" not in terminal.screen_text()
        terminal.send("\n")
        terminal.wait_for("(?s)half.*whole")


def test_what_stood_there_for_a_moment_and_the_last_words_are_seen() -> None:
    program = "print('a moment', flush=True); print('\\x1b[2J', flush=True); print('last words')"
    with Terminal([sys.executable, "-c", program]) as terminal:
        terminal.process.wait()
        terminal.wait_for("last words")
        terminal.wait_written("a moment")
        assert "a moment" not in terminal.screen_text()


def test_waiting_in_vain_shows_the_screen() -> None:
    with Terminal([sys.executable, "-c", "print('hello'); input()"]) as terminal:
        terminal.wait_for("hello")
        with pytest.raises(AssertionError, match="hello"):
            terminal.wait_for("goodbye", timeout_s=0.1)


def test_waiting_returns_the_value() -> None:
    values = iter([0, 0, 7])
    assert wait_until(lambda: next(values)) == 7
