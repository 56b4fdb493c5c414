"""`perftui watch` as a service manager and a script run it, on real servers."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from helpers.waiting import wait_until

from perftui.commands.watch import _secrets
from perftui.model.schemas import schema
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.servers import PrivateServers
from perftui.servers.redis import RedisProcess
from perftui.targets import connect_to

PERFTUI = [sys.executable, "-m", "perftui", "watch"]
NOTHING_THERE = "redis://127.0.0.1:1"
BUDGET = '[[redis]]\nmatch = "*"\nlimits = "rate<1/s"\nevaluations = 1\nsamples = 1\nwindow = "1m"\n'
Lines = list[dict[str, Any]]


@contextmanager
def watching(*arguments: str, environment: Mapping[str, str] = {}) -> Iterator[tuple[subprocess.Popen[str], Lines]]:
    """The command and its lines so far; each fits the schema."""
    lines: Lines = []
    with subprocess.Popen(
        [*PERFTUI, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdout is not None
        stream = process.stdout
        reader = threading.Thread(target=lambda: lines.extend(json.loads(line) for line in stream))
        reader.start()
        try:
            yield process, lines
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(60)
            reader.join(60)
    for line in lines:
        jsonschema.validate(line, schema("watch-1"))


def kinds(lines: Lines) -> list[str]:
    return [line["kind"] for line in lines]


def problem(line: dict[str, Any]) -> str | None:
    verdict = line["verdict"]
    return None if verdict is None or verdict["problem"] is None else verdict["problem"]["code"]


def test_a_server_that_dies_and_comes_back_is_an_incident(private_servers: PrivateServers, tmp_path: Path) -> None:
    cache = private_servers.start_redis()
    page = tmp_path / "page.py"
    page.write_text("import sys; open(sys.argv[1], 'a').write(sys.stdin.read())", "utf-8")
    command = f"{sys.executable} {page} {tmp_path / 'paged'}"
    with watching(cache.uri, "--exec", command, "--clear-after", "1s") as (process, lines):
        wait_until(lambda: "verdict" in kinds(lines), timeout_s=60)
        cache.stop()
        wait_until(lambda: any(problem(line) == "unreachable" for line in lines), timeout_s=60)
        wait_until(lambda: "unreachable" in (tmp_path / "paged").read_text() if (tmp_path / "paged").exists() else None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert kinds(lines)[0] == "started"
    assert lines[0]["targets"][0].startswith("redis://127.0.0.1:")
    raised = next(line for line in lines if problem(line) == "unreachable")
    assert raised["change"] in ("raised", "changed")
    assert raised["incident"]
    ended = lines[-1]
    assert (ended["kind"], ended["exit_code"]) == ("ended", 0)
    assert ended["told"] >= 1
    paged = [json.loads(line) for line in (tmp_path / "paged").read_text().splitlines()]
    assert raised in paged
    assert not [line for line in paged if line["kind"] in ("started", "ended")]
    assert ended["deliveries"][0]["delivered"] == len(paged)


def test_a_budget_is_told_with_its_figures(redis_server: RedisProcess, tmp_path: Path) -> None:
    file = tmp_path / "perftui-budgets.toml"
    file.write_text(BUDGET, "utf-8")
    stop = threading.Event()

    def load() -> None:
        from redis import Redis

        with Redis.from_url(redis_server.uri) as client:
            while not stop.wait(0.02):
                client.get("a-key-of-the-watch")

    loading = threading.Thread(target=load)
    loading.start()
    try:
        with watching(redis_server.uri, "--budgets", str(file)) as (process, lines):
            wait_until(lambda: "budget" in kinds(lines), timeout_s=60)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
    finally:
        stop.set()
        loading.join(60)
    told = next(line for line in lines if line["kind"] == "budget")
    assert (told["change"], told["severity"]) == ("raised", "critical")
    assert told["budget"]["standing"]["expr"] == "rate<1/s"
    assert told["budget"]["standing"]["value"] > 1
    assert "over its budget: rate<1/s" in told["message"]


def test_what_could_not_be_delivered_is_said_counted_and_told_by_the_exit_code(private_servers: PrivateServers) -> None:
    cache = private_servers.start_redis()
    cache.stop()
    token = "T0000-abcdefghijklmnop"
    environment = {"PERFTUI_WEBHOOK": f"http://user:{token}@127.0.0.1:1/hooks/{token}?key={token}"}
    with watching(cache.uri, "--give-up-after", "1s", environment=environment) as (process, lines):
        wait_until(lambda: "undelivered" in kinds(lines), timeout_s=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 1
        assert process.stderr is not None
        said = process.stderr.read()
    (tally,) = lines[-1]["deliveries"]
    assert tally["delivered"] == 0
    assert tally["failed"] >= 1
    assert lines[-1]["exit_code"] == 1
    assert tally["channel"] == "http://127.0.0.1:1/***"
    assert token not in json.dumps(lines) + said
    assert "Not delivered to http://127.0.0.1:1/***: Nothing listens" in said


def test_for_a_time_the_exit_code_says_what_was_found(redis_server: RedisProcess) -> None:
    with watching(NOTHING_THERE, "--seconds", "3") as (process, lines):
        assert process.wait(60) == 3
    assert lines[-1]["exit_code"] == 3
    with watching(redis_server.uri, "--seconds", "8") as (process, lines):
        code = process.wait(60)
    assert code == (1 if any(problem(line) for line in lines) else 0)  # now all of them have been read


def test_systemd_is_told_and_its_socket_is_not_handed_on(redis_server: RedisProcess, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(tmp_path / "notify"))
        notified.settimeout(60)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
        with watching(redis_server.uri, environment=environment) as (process, _lines):
            heard = [notified.recv(4096).decode()]
            while "WATCHDOG=1" not in heard:
                heard.append(notified.recv(4096).decode())
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
            while "STOPPING=1" not in heard:
                heard.append(notified.recv(4096).decode())
    assert heard[0].startswith("READY=1\nSTATUS=watching redis://")


def test_a_reader_that_goes_away_ends_it(redis_server: RedisProcess) -> None:
    with subprocess.Popen(
        [*PERFTUI, redis_server.uri, "--heartbeat", "200ms"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["kind"] == "started"
        process.stdout.close()
        try:
            assert process.wait(60) == 0
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_a_heartbeat_says_that_it_watches(redis_server: RedisProcess) -> None:
    with watching(redis_server.uri, "--heartbeat", "500ms") as (process, lines):
        wait_until(lambda: kinds(lines).count("alive") >= 2, timeout_s=60)
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) == 0
    alive = next(line for line in lines if line["kind"] == "alive")
    assert alive["message"].startswith("still watching 2 targets: ")


def test_a_command_is_not_told_what_perftui_logs_in_with(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = connect_to("mongodb://ann:hunter%2F22@db1")
    web = connect_to("http://web:8000", headers={"Authorization": Secret("Bearer t0k3n")})
    for name, value in {"SHOP_PASSWORD": "hunter/22", "SHOP_TOKEN": "t0k3n", "USER": "ann", "HOME": "/db1"}.items():
        monkeypatch.setenv(name, value)
    withheld = _secrets(Settings(connections=(shop, web)))
    assert {"SHOP_PASSWORD", "SHOP_TOKEN", "MONGODB_PASSWORD", "PERFTUI_WEBHOOK", "REDIS_URL"} <= withheld
    assert not {"USER", "HOME", "PATH"} & withheld


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--exec", "/nowhere/page"), "--exec must be a program that exists"),
        (("--webhook", "hooks.example/secret-token-abc"), "--webhook must be an address that begins with http"),
        (("--seconds", "soon"), "must be a number of seconds"),
        (("--clear-after", "0s"), "must be a duration"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, str], words: str) -> None:
    done = subprocess.run(
        [*PERFTUI, NOTHING_THERE, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert words in done.stderr
    assert "secret-token" not in done.stderr
    assert done.stdout == ""
