"""`perftui record` and `perftui replay` as a user runs them, on a real Redis."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from helpers.terminal import Terminal
from helpers.waiting import wait_until

from perftui.servers import RedisProcess

PERFTUI = [sys.executable, "-m", "perftui"]
NOTHING_THERE = "redis://127.0.0.1:1"


def perftui(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PERFTUI, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


def test_a_session_is_recorded_and_printed_again(tmp_path: Path, redis_server: RedisProcess) -> None:
    file = tmp_path / "session"
    recorded = perftui("record", file, redis_server.uri, "--seconds", "6", "--interval", "500ms")
    assert recorded.returncode == 0, recorded.stderr
    assert "frames" in recorded.stderr
    assert recorded.stdout == ""
    printed = perftui("replay", file, "--json")
    assert printed.returncode == 0
    snapshots = [json.loads(line) for line in printed.stdout.splitlines()]
    assert len(snapshots) >= 3
    assert {snapshot["schema"] for snapshot in snapshots} == {"perftui.snapshot/1"}
    kinds = {state["target"]["kind"] for state in snapshots[-1]["targets"]}
    assert kinds == {"redis", "host"}
    assert snapshots[-1]["targets"][0]["redis"]["version"]


def test_a_file_is_overwritten_only_with_force(tmp_path: Path) -> None:
    file = tmp_path / "session"
    file.write_text("mine")
    refused = perftui("record", file, NOTHING_THERE, "--seconds", "1")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert file.read_text() == "mine"
    assert perftui("record", file, NOTHING_THERE, "--seconds", "1", "--force").returncode == 3
    assert file.read_bytes().startswith(b'{"schema":"perftui.recording/1"')


def test_a_target_that_was_never_reached_is_named_and_gives_3(tmp_path: Path) -> None:
    done = perftui("record", tmp_path / "session", NOTHING_THERE, "--seconds", "1")
    assert done.returncode == 3
    assert "Never reached: 127.0.0.1:1" in done.stderr


def test_ctrl_c_ends_a_recording_whole(tmp_path: Path) -> None:
    file = tmp_path / "session"
    command = [*PERFTUI, "record", str(file), NOTHING_THERE, "--headless"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        wait_until(lambda: file.exists() and file.stat().st_size > 1500)
        os.kill(process.pid, signal.SIGINT)
        _, words = process.communicate(timeout=60)
    assert "frames" in words
    assert "Traceback" not in words
    assert perftui("replay", file, "--json").stderr == ""


def test_under_nohup_a_recording_outlives_its_terminal(tmp_path: Path) -> None:
    file = tmp_path / "session"
    command = ["nohup", *PERFTUI, "record", str(file), NOTHING_THERE, "--headless"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        wait_until(lambda: file.exists() and file.stat().st_size > 1500)
        os.kill(process.pid, signal.SIGHUP)
        known = file.stat().st_size
        wait_until(lambda: file.stat().st_size > known + 1500)
        os.kill(process.pid, signal.SIGTERM)
        _, words = process.communicate(timeout=60)
    assert "frames" in words
    assert process.returncode == 3  # nothing was there to be reached


FULL = ["prlimit", "--fsize=6000"]
"""Files have room for so many bytes, as on a disk that is nearly full."""


def test_without_a_screen_a_recording_ends_when_the_disk_is_full(tmp_path: Path) -> None:
    file = tmp_path / "session"
    command = [*FULL, *PERFTUI, "record", str(file), NOTHING_THERE, "--headless", "--interval", "200ms"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(f"{file} cannot be written: File too large; free some space.")
    assert "Traceback" not in done.stderr
    assert json.loads(perftui("replay", file, "--json").stdout.splitlines()[0])["sequence"] == 1


def test_a_screen_goes_on_when_the_disk_is_full(tmp_path: Path) -> None:
    file = tmp_path / "session"
    command = [*FULL, *PERFTUI, "record", str(file), NOTHING_THERE, "--interval", "200ms"]
    with Terminal(command, columns=160, lines=40) as terminal:
        terminal.wait_for("Overview")
        terminal.send("8")
        terminal.wait_for("The recording has ended here")
        terminal.send("q")
        assert terminal.process.wait(timeout=60) == 1
        terminal.wait_for(r"cannot be written: File\s+too large")


def test_a_killed_recording_is_read_up_to_its_last_whole_frame(tmp_path: Path) -> None:
    file = tmp_path / "session"
    perftui("record", file, NOTHING_THERE, "--seconds", "5")
    file.write_bytes(file.read_bytes()[:-7])
    done = perftui("replay", file, "--json")
    assert done.returncode == 0
    assert "was cut off" in done.stderr
    assert next(json.loads(line)["sequence"] for line in done.stdout.splitlines()) == 1


def test_what_cannot_be_replayed_is_told_without_a_traceback(tmp_path: Path) -> None:
    text = tmp_path / "notes"
    text.write_text("hello")
    for file, words in ((text, "is not a recording"), (tmp_path / "nothing", "No such file"), (tmp_path, "directory")):
        done = perftui("replay", file, "--json")
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_wrong_numbers_are_told(tmp_path: Path) -> None:
    assert "number of seconds" in perftui("record", tmp_path / "s", "--seconds", "soon").stderr
    assert "megabytes" in perftui("record", tmp_path / "s", "--limit", "0").stderr
    assert "above 0" in perftui("replay", tmp_path / "s", "--speed", "-1").stderr
    assert not (tmp_path / "s").exists()


def test_without_a_terminal_the_screen_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    done = perftui("record", tmp_path / "session", NOTHING_THERE)
    assert done.returncode == 2
    assert "--seconds" in done.stderr
    assert not (tmp_path / "session").exists()
