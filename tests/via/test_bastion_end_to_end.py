"""What a user sees who starts perftui with --via: in a terminal, and in a script."""

import re
import subprocess
import threading
import time
from pathlib import Path

import pytest
from helpers.bastions import TestBastion, ssh_processes
from helpers.monitoring import PERFTUI, leave, monitor, press_until, shown_time
from helpers.terminal import Terminal
from helpers.waiting import process_exists, wait_until
from pymongo.errors import OperationFailure

from perftui.servers import MongodProcess, RedisProcess

_ONE_FRAME = 8_000
DOWN = r"The ssh connection through bastion is down"


@pytest.fixture
def through(bastion: TestBastion) -> list[str]:
    """The options that lead through it."""
    return ["--via", "bastion", "--ssh-config", str(bastion.ssh_config)]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Without a terminal."""
    return subprocess.run(
        [*PERFTUI, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False
    )


def test_a_profile_reaches_everything_through_one_connection(
    bastion: TestBastion, mongod: MongodProcess, redis_server: RedisProcess, tmp_path: Path
) -> None:
    settings = tmp_path / "perftui.toml"
    settings.write_text(
        f'[profiles.far]\nvia = "bastion"\nssh_config = "bastion/ssh_config"\n'
        f'targets = ["{mongod.uri}", "{redis_server.uri}"]\n'
    )
    ended = run("snapshot", "--config", str(settings), "far")
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^mongodb far +6\S+ PRIMARY", ended.stdout, re.MULTILINE)
    assert re.search(r"^redis far +redis 8", ended.stdout, re.MULTILINE)
    assert re.search(r"^host bastion +\d+ cores", ended.stdout, re.MULTILINE)
    assert bastion.connections() == 1
    assert ssh_processes(tmp_path) == []


def test_a_way_that_cannot_be_made_is_one_sentence_and_exit_code_3(bastion: TestBastion, through: list[str]) -> None:
    (bastion.folder / "authorized_keys").write_text("")
    ended = run("snapshot", *through, "redis://localhost")
    assert ended.returncode == 3
    assert ended.stderr.startswith("perftui: No way through bastion: bastion refuses this login.")
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_what_the_bastion_cannot_reach_is_exit_code_3_too(through: list[str]) -> None:
    ended = run("doctor", *through, "redis://127.0.0.1:1")
    assert ended.returncode == 3
    assert "Nothing listens on 127.0.0.1:1, as bastion sees it" in ended.stdout


def test_an_index_is_created_by_the_command_line(through: list[str], mongod: MongodProcess) -> None:
    with mongod.client() as client:
        client.through_command.orders.insert_many([{"n": number} for number in range(10)])
        ended = run("index", "create", *through, mongod.uri, "through_command.orders", '{"n": 1}', "--yes")
        assert ended.returncode == 0, ended.stderr
        assert "n_1" in client.through_command.orders.index_information()


def test_the_screen_says_that_the_way_is_down_and_goes_on_when_it_is_back(
    bastion: TestBastion, through: list[str], mongod: MongodProcess, redis_server: RedisProcess, tmp_path: Path
) -> None:
    with monitor(*through, mongod.uri, redis_server.uri, columns=150, lines=40, cwd=tmp_path) as terminal:
        terminal.wait_for(r"mongodb \S+ PRIMARY \| \S+ redis \S+ \| bastion")
        terminal.wait_for(r"every 1s")
        (pid,) = [pid for pid in ssh_processes(tmp_path) if _is_master(pid)]
        bastion.stop()
        assert wait_until(lambda: not process_exists(pid))
        terminal.wait_for(DOWN)
        bastion.start()
        terminal.send("8")
        terminal.wait_for(r"answers again after", 60)
        terminal.send("6\t")
        for source in ("mongodb.server", "redis.server", "host.machine"):
            terminal.wait_for(rf"{source} +ok", 60)
        leave(terminal)
    assert wait_until(lambda: not ssh_processes(tmp_path))


def test_an_operation_is_killed_with_a_key_through_the_bastion(
    bastion: TestBastion, through: list[str], mongod: MongodProcess, tmp_path: Path
) -> None:
    with mongod.client() as client:
        client.through_keys.slow.insert_many([{"n": number} for number in range(20_000)])
    ended: list[str] = []

    def sleep() -> None:
        with mongod.client() as other:
            try:
                list(other.through_keys.slow.find({"$where": "sleep(20) && false"}))
            except OperationFailure as error:
                ended.append(str(error))

    victim = threading.Thread(target=sleep, daemon=True)
    victim.start()
    with monitor(*through, mongod.uri, cwd=tmp_path) as terminal:
        terminal.send("2")
        terminal.wait_for(r"^[> ] .*through_keys\.slow")
        terminal.send("/through_keys\r")
        terminal.wait_for(r"^> .*through_keys\.slow")
        terminal.send("K")
        terminal.wait_for(r"killOp: 1")
        press_until(terminal, "\t", lambda text: "▶ Cancel ◀" not in text)
        terminal.send("\r")
        terminal.wait_for(r"Operation \S+ is gone")
        leave(terminal)
    victim.join(60)
    assert "interrupted" in ended[0]
    assert bastion.connections() == 1


def test_a_passphrase_is_asked_for_before_the_screen_starts(
    bastion: TestBastion, through: list[str], redis_server: RedisProcess, tmp_path: Path
) -> None:
    command = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", str(bastion.identity)]
    subprocess.run(command, check=True, timeout=30, stdin=subprocess.DEVNULL)
    with Terminal([*PERFTUI, *through, redis_server.uri], columns=120, lines=40, cwd=tmp_path) as terminal:
        terminal.wait_for(r"Enter passphrase for key")
        assert b"\x1b[?1049h" not in terminal.output
        terminal.send("open sesame\r")
        terminal.wait_for(r"redis 8\.\S+ \| bastion")
        assert b"sesame" not in terminal.output
        leave(terminal)


def test_an_unknown_host_key_is_asked_about_before_the_screen_starts(
    bastion: TestBastion, through: list[str], redis_server: RedisProcess, tmp_path: Path
) -> None:
    bastion.known_hosts.write_text("")
    with Terminal([*PERFTUI, *through, redis_server.uri], columns=120, lines=40, cwd=tmp_path) as terminal:
        terminal.wait_for(r"Are you sure you want to continue connecting")
        terminal.send("no\r")
        terminal.wait_for("could not be confirmed")
        assert terminal.exit_code() == 3
    with Terminal([*PERFTUI, *through, redis_server.uri], columns=120, lines=40, cwd=tmp_path) as terminal:
        terminal.wait_for(r"Are you sure you want to continue connecting")
        terminal.send("yes\r")
        terminal.wait_for(r"redis 8\.\S+ \| bastion")
        leave(terminal)
    assert bastion.known_hosts.read_text().count("ssh-ed25519") == 1


def test_ctrl_c_at_the_prompt_ends_it(bastion: TestBastion, through: list[str], tmp_path: Path) -> None:
    bastion.known_hosts.write_text("")
    with Terminal([*PERFTUI, *through, "redis://localhost"], columns=120, lines=40, cwd=tmp_path) as terminal:
        terminal.wait_for(r"Are you sure you want to continue connecting")
        terminal.send("\x03")
        assert terminal.exit_code() in (3, 130)
    assert wait_until(lambda: not ssh_processes(tmp_path))


def test_a_slow_link_gets_fewer_frames(
    through: list[str], mongod: MongodProcess, redis_server: RedisProcess, tmp_path: Path
) -> None:
    with monitor(*through, "--slow-link", "1k", mongod.uri, redis_server.uri, columns=160, lines=45) as slow:
        slow.wait_for(r"mongodb \S+ PRIMARY", 60)
        started, before = time.monotonic(), len(slow.output)
        moments: set[str] = set()
        while len(moments) < 5:
            wait_until(lambda: shown_time(slow) not in moments, 60)
            moments.add(shown_time(slow))
        # A slower machine writes less: only too many frames can fail this.
        assert len(slow.output) - before <= 1000 * (time.monotonic() - started) + _ONE_FRAME
        leave(slow)


def _is_master(pid: int) -> bool:
    return b"\0-M\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
