"""The command line from outside: exit codes, and words on stderr."""

import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from perftui import __version__
from perftui.cli import COMMANDS, _split_command
from perftui.servers import PrivateServers


def perftui(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it in a fresh process, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "perftui", *arguments],
        env=os.environ | environment,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_usage(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, result
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def test_version() -> None:
    result = perftui("--version")
    assert (result.returncode, result.stdout) == (0, f"perftui {__version__}\n")


def test_help_lists_every_command_and_examples() -> None:
    result = perftui("--help")
    assert result.returncode == 0
    assert all(f"  {name}" in result.stdout for name in COMMANDS if name != "monitor")
    assert "examples:" in result.stdout
    assert "130 Ctrl-C" in result.stdout


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_takes_help(command: str) -> None:
    result = perftui(command, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "--read-only" in result.stdout


def test_without_a_terminal_snapshot_is_suggested() -> None:
    assert_usage(perftui(), "perftui snapshot")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("localhost:27017", "did you mean mongodb://localhost:27017?"),
        ("--interval=0", "--interval: must be a duration"),
        ("--nonsense", "unrecognized arguments"),
        ("shop", "There is no profile 'shop'"),
        ("snapshto", "did you mean the command 'perftui snapshot'?"),
        ("mongodb://ann@db1", "set MONGODB_PASSWORD"),
        ("--config=/nowhere.toml", "/nowhere.toml: cannot be read"),
    ],
)
def test_wrong_usage_is_two_and_a_sentence(argument: str, words: str) -> None:
    assert_usage(perftui(argument), words)


def test_flags_may_stand_between_targets() -> None:
    nobody = ("redis://127.0.0.1:1", "http://127.0.0.1:1")
    result = perftui("snapshot", nobody[0], "--utc", nobody[1], "--json")
    assert (result.returncode, result.stderr) == (3, "")
    assert all(f'"address":"{address}"' in result.stdout for address in nobody)
    assert_usage(perftui("snapshot", nobody[0], "--utc", nobody[1], "--nonsense"), "unrecognized arguments")
    assert_usage(perftui("replay", "a", "--speed", "2", "b"), "unrecognized arguments: b")
    assert_usage(perftui("record"), "arguments are required: FILE\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("mongodb://ann:hunter-2@db1:x",),
        ("--interval", "mongodb://ann:hunter-2@db1"),
        ("--nonsense=redis://:hunter-2@cache",),
        ("http://ann:hunter-2@/",),
        ("snapshot", "redis://:hunter-2@127.0.0.1:1"),
        ("doctor", "mongodb://ann:hunter-2@127.0.0.1:1", "http://x:hunter-2@127.0.0.1:1?token=hunter-2"),
    ],
)
def test_no_secret_in_any_output(arguments: tuple[str, ...]) -> None:
    result = perftui(*arguments)
    assert result.returncode in (2, 3)
    assert "hunter-2" not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_a_target_from_the_environment_is_named_when_it_is_wrong() -> None:
    assert_usage(perftui(MONGODB_URI="db1"), "The environment variable MONGODB_URI: ")


def test_a_missing_variable_of_the_settings_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(
        '[profiles.shop]\ntargets = [\n  {uri = "redis://a", password_env = "NO_SUCH"},\n]'
    )
    result = perftui("--config", str(tmp_path / "p.toml"), "shop")
    assert_usage(result, "p.toml, line 3: The environment variable NO_SUCH is not set")


def test_a_file_wins_over_a_profile_and_profile_colon_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("")
    (tmp_path / "p.toml").write_text("[profiles.shop]\n")
    result = perftui("--config", "p.toml", "shop", cwd=tmp_path)
    assert_usage(result, "perftui replay shop", "perftui profile:shop")
    result = perftui("--config", "p.toml", "profile:shop", cwd=tmp_path)
    assert_usage(result, "needs a terminal")


def test_a_socket_file_is_a_redis(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "r"))
        assert_usage(perftui("r", cwd=tmp_path), "needs a terminal")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ("monitor", [])),
        (["snapshot", "a"], ("snapshot", ["a"])),
        (["--config", "snapshot", "a"], ("monitor", ["--config", "snapshot", "a"])),
        (["--config", "f", "--read-only", "snapshot", "a"], ("snapshot", ["--config", "f", "--read-only", "a"])),
        (["--config=f", "demo"], ("demo", ["--config=f"])),
        (["a", "snapshot"], ("monitor", ["a", "snapshot"])),
        (["--", "a"], ("monitor", ["--", "a"])),
    ],
)
def test_the_command_is_the_first_positional(arguments: list[str], expected: tuple[str, list[str]]) -> None:
    assert _split_command(arguments) == expected


def test_a_reader_that_leaves_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "perftui", "snapshot", "--json"],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert (process.returncode, process.stderr) == (0, b"")


def test_ctrl_c_is_130() -> None:
    """At a password prompt, which is on a terminal."""
    process, terminal = _on_a_terminal("mongodb://ann@db1")
    _read_until(terminal, b"Password for mongodb://db1: ")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    os.close(terminal)


def test_the_end_of_input_at_the_prompt_is_a_sentence() -> None:
    process, terminal = _on_a_terminal("mongodb://ann@db1")
    _read_until(terminal, b"Password for mongodb://db1: ")
    os.write(terminal, b"\x04")
    _read_until(terminal, b"No password was given for mongodb://db1.")
    assert process.wait(30) == 2
    os.close(terminal)


def test_the_password_typed_at_the_prompt_is_used(private_servers: PrivateServers) -> None:
    server = private_servers.start_redis(arguments=["--requirepass", "typed-pw"])
    process, terminal = _on_a_terminal("doctor", "--ask-password", f"redis://127.0.0.1:{server.port}")
    _read_until(terminal, b"Password for redis://")
    os.write(terminal, b"typed-pw\n")
    shown = _read_until(terminal, b"reached     yes")
    assert b"typed-pw" not in shown
    assert process.wait(30) == 0
    os.close(terminal)


def test_a_broken_installation_is_a_sentence() -> None:
    code = "import sys; sys.modules['msgspec'] = None; from perftui.cli import main; sys.exit(main(['snapshot']))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("perftui: the package msgspec is missing; install it again")


def test_an_output_that_knows_only_ascii_is_no_error() -> None:
    result = perftui("snapshot", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")


def _on_a_terminal(*arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "perftui", *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        close_fds=True,
    )
    os.close(terminal)
    return process, controller


def _read_until(descriptor: int, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        seen += os.read(descriptor, 1024)
    return seen
