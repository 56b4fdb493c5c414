"""The whole program in a real pseudo-terminal that is taken away, takes nothing any more, or told to end."""

import signal
import sys
import time
from pathlib import Path

import pytest
from helpers.terminal import Terminal

BEATING_APP = Path(__file__).parent / "beating_app.py"
BEATS_OF_A_FULL_QUEUE = 400
"""What the kernel and the queue of frames take at most before nothing more fits."""
COMMAND = [sys.executable, "-m", "perftui"]
IGNORING_HANGUP = [
    sys.executable,
    "-c",
    "import os,signal,sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.executable, sys.orig_argv[:1] + "
    "['-m', 'perftui'])",
]


@pytest.mark.parametrize("command", [COMMAND, IGNORING_HANGUP], ids=["plain", "SIGHUP ignored"])
def test_a_closed_terminal_ends_the_program(command: list[str]) -> None:
    with Terminal(command) as terminal:
        terminal.wait_for(r"Mem +\[")
        terminal.hangup()
        assert terminal.process.wait(timeout=60) == 129


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)], ids=["TERM", "HUP", "INT"]
)
def test_a_signal_restores_the_terminal(number: signal.Signals, code: int) -> None:
    with Terminal(COMMAND) as terminal:
        terminal.wait_for(r"Mem +\[")
        terminal.signal(number)
        assert terminal.exit_code() == code
        assert b"\x1b[?1049l" in terminal.output


def test_a_process_that_goes_on_after_the_screen_may_be_stopped_and_continued() -> None:
    """As with Ctrl-Z and fg while a demo ends its servers."""
    then = "os.kill(os.getpid(), signal.SIGCONT); print('went on with', code)"
    program = f"import os, signal; from perftui.cli import main; code = main([]); {then}"
    with Terminal([sys.executable, "-c", program]) as terminal:
        terminal.wait_for(r"Mem +\[")
        terminal.send("q")
        terminal.wait_for("went on with 0")
        assert terminal.exit_code() == 0


def test_no_color_writes_no_colour() -> None:
    with Terminal(COMMAND, environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for(r"Mem +\[")
        terminal.send("q")
        assert terminal.exit_code() == 0
        assert b"38;" not in terminal.output
        assert b"48;" not in terminal.output


def test_a_terminal_that_takes_nothing_does_not_stop_the_program(tmp_path: Path) -> None:
    """As when ssh hangs: sources are still read, the program can be ended, and its exit code is the signal's."""
    with Terminal([sys.executable, str(BEATING_APP), str(tmp_path / "beats")], columns=180, lines=50) as terminal:
        terminal.wait_for(r"Mem +\[")
        _wait_for_beats(tmp_path / "beats", BEATS_OF_A_FULL_QUEUE)
        terminal.signal(signal.SIGTERM)
        assert terminal.process.wait(timeout=60) == 143
        terminal.exit_code()
        assert b"\x1b[?1049l" in terminal.output, "what restores the terminal waits for it to go on"


def test_a_terminal_that_goes_on_shows_a_whole_screen(tmp_path: Path) -> None:
    with Terminal([sys.executable, str(BEATING_APP), str(tmp_path / "beats")], columns=180, lines=50) as terminal:
        terminal.wait_for(r"Mem +\[")
        _wait_for_beats(tmp_path / "beats", BEATS_OF_A_FULL_QUEUE)
        terminal.screen.reset()
        terminal.wait_for(r"Mem +\[(.|\n)*1 Overview(.|\n)*SHAPE(.|\n)*q Quit")
        terminal.signal(signal.SIGTERM)
        assert terminal.exit_code() == 143


def _wait_for_beats(beats: Path, more: int) -> None:
    """Until the program has gone on for so many frames, while nobody reads what it writes."""
    wanted = int(beats.read_text() or 0) + more
    deadline = time.monotonic() + 60
    while int(beats.read_text() or 0) < wanted:
        assert time.monotonic() < deadline, "the program stands still"
        time.sleep(0.05)
