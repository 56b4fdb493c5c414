"""`perftui demo --incident NAME` and `--list-incidents`, as a user gives them."""

import json
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from helpers.processes import assert_nothing_left, processes_in
from helpers.terminal import Terminal
from helpers.waiting import wait_until

from perftui.cli import main
from perftui.demo.incidents.catalogue import INCIDENTS

COMMAND = [sys.executable, "-m", "perftui", "demo", "--documents", "2000", "--incident"]
pytestmark = pytest.mark.timeout(240)


def commands(temporary: Path) -> bytes:
    """Of all processes of the demo."""
    found = b""
    for pid in processes_in(temporary):
        with suppress(OSError):
            found += Path(f"/proc/{pid}/cmdline").read_bytes()
    return found


def test_the_list_names_every_incident_and_starts_nothing(temporary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--list-incidents"]) == 0
    said = capsys.readouterr()
    assert [line.split()[0] for line in said.out.splitlines()] == list(INCIDENTS)
    assert "perftui demo --incident" in said.err
    assert not list(temporary.iterdir())


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--list-incidents", "--json"]) == 0
    listed = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(listed) == set(INCIDENTS)
    assert listed["piled-up"]["verdicts"] == ["piled-up-operations"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--incident", "missing-indx"], "There is no incident 'missing-indx'; the nearest is missing-index."),
        (["--incident", "healthy", "--prove"], "goes with neither --prove nor --keep"),
        (["--incident", "healthy", "--keep", "--headless", "60"], "goes with neither --prove nor --keep"),
        (["--incident", "healthy", "--switch"], "--switch speaks to a demo that runs"),
        (["--incident", "healthy", "--headless", "10"], "would begin after 30 seconds, and --headless 10 ends before"),
        (["--after", "5", "--headless", "10"], "it needs --incident NAME"),
        (["--incident", "healthy", "--after", "soon"], "must be a number"),
    ],
)
def test_wrong_usage_is_a_sentence(
    temporary: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    try:
        code: object = main(["demo", *arguments])
    except SystemExit as exit_:
        code = exit_.code
    assert code == 2
    assert message in capsys.readouterr().err
    assert not list(temporary.iterdir())


def test_a_headless_drill_tells_its_times_and_prints_the_snapshot(temporary: Path) -> None:
    command = [*COMMAND, "flushed-cache", "--after", "1", "--headless", "12", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"]["status"]
    assert re.search(
        r"^flushed-cache: a deployment flushes the cache. It begins at \d\d:\d\d:\d\d.$", done.stderr, re.M
    )
    assert re.search(r"^flushed-cache began at (\d\d:\d\d:\d\d) and ended at (\d\d:\d\d:\d\d).$", done.stderr, re.M)
    assert_nothing_left(temporary)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_what_a_drill_started_ends_with_the_demo_however_it_ends(
    temporary: Path, number: signal.Signals, code: int
) -> None:
    command = [*COMMAND, "evicting-cache", "--after", "0", "--headless", "600"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert any(line.startswith("evicting-cache began") for line in iter(process.stderr.readline, ""))
            assert b"incidents.evicting_cache" in commands(temporary)
            process.send_signal(number)
            process.stderr.read()
            assert process.wait(60) == code
        finally:
            process.kill()
    assert_nothing_left(temporary)


def test_a_drill_on_the_screen_ends_with_q(temporary: Path) -> None:
    command = [*COMMAND, "connection-storm", "--after", "1"]
    with Terminal(command, columns=120, lines=30) as terminal:
        wait_until(lambda: b"connection_storm" in commands(temporary), timeout_s=90)
        terminal.wait_for("Help")
        terminal.send("q")
        terminal.wait_for("connection-storm began at", timeout_s=60)
        assert terminal.exit_code() == 0, terminal.screen_text()
    assert_nothing_left(temporary)
