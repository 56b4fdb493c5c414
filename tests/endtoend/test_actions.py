"""Killing and clearing from the screen, on servers of their own; and the rights to do so."""

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.monitoring import (
    ENTER,
    ESCAPE,
    answer,
    leave,
    monitor,
    press_until,
    profile,
    shown_time,
    wait_for_the_next_second,
)
from helpers.terminal import Terminal
from helpers.waiting import wait_until
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from perftui.demo.session import METRICS_PATH, DemoOptions, DemoSession
from perftui.model.snapshot import Snapshot
from perftui.monitor.recording import open_recording
from perftui.servers import MongodProcess, PrivateServers

DATABASE = "e2e"
SLEEPS = {"$where": "sleep(300000) || true"}
SURE = r"Kill operation \d+\?"

Client = MongoClient[dict[str, Any]]


def running(client: Client) -> dict[str, int]:
    """The sleeping queries' collections and opids."""
    pipeline: list[dict[str, Any]] = [{"$currentOp": {}}, {"$match": {"ns": {"$regex": f"^{DATABASE}"}, "op": "query"}}]
    return {entry["ns"].partition(".")[2]: entry["opid"] for entry in list(client.admin.aggregate(pipeline))}


def sleep_in(uri: str, collection: str) -> threading.Thread:
    def run() -> None:
        client: Client
        with MongoClient(uri) as client, pytest.raises(PyMongoError):
            list(client[DATABASE][collection].find(SLEEPS))

    thread = threading.Thread(target=run, name=collection)
    thread.start()
    return thread


@pytest.fixture
def sleepers(mongod: MongodProcess) -> Iterator[Client]:
    """Two queries of two clients that sleep in the server."""
    client: Client
    with MongoClient(mongod.uri) as client:
        for collection in ("victim", "neighbour"):
            client[DATABASE].command({"insert": collection, "documents": [{"a": 1}]})
        threads = [sleep_in(mongod.uri, collection) for collection in ("victim", "neighbour")]
        wait_until(lambda: len(running(client)) == 2)
        yield client
        while any(thread.is_alive() for thread in threads):
            for opid in running(client).values():
                client.admin.command("killOp", op=opid)
            time.sleep(0.05)
        client.drop_database(DATABASE)


def journal(home: Path) -> list[dict[str, Any]]:
    found = list((home / ".state").rglob("journal*"))
    return [json.loads(line) for path in found for line in path.read_text("utf-8").splitlines()]


def to_the_victim(terminal: Terminal) -> None:
    terminal.send("2")
    terminal.wait_for(r"^[> ] .*e2e\.")
    terminal.send("/victim" + ENTER)
    terminal.wait_for(r"^> .*e2e\.v")


@pytest.mark.parametrize("keys", ["K", "\x1b[20~"], ids=["K", "F9"])
def test_a_kill_from_key_to_journal(mongod: MongodProcess, sleepers: Client, home: Path, keys: str) -> None:
    before = running(sleepers)
    with monitor(mongod.uri) as terminal:
        to_the_victim(terminal)
        # An Enter and a y typed ahead must not answer the question.
        terminal.send(keys + ENTER + "y")
        terminal.wait_for(SURE)
        terminal.wait_for("▶ Cancel ◀")
        asked = terminal.screen_text()
        assert f"db.adminCommand({{killOp: 1, op: {before['victim']}}})" in asked
        assert "PRIMARY" in asked
        assert running(sleepers) == before
        assert not journal(home)
        press_until(terminal, ENTER, lambda text: not re.search(SURE, text))
        assert running(sleepers) == before
        terminal.send("K")
        terminal.wait_for(SURE)
        answer(terminal, "Kill it")
        terminal.wait_for(rf"Operation {before['victim']} is gone")
        assert running(sleepers) == {"neighbour": before["neighbour"]}
        # The Enter that was typed ahead opened the operation's details.
        press_until(terminal, ESCAPE, lambda text: "1 Overview" in text)
        leave(terminal)
    assert_journal(home, before["victim"])


def assert_journal(home: Path, opid: int) -> None:
    intent, outcome = journal(home)
    assert (intent["phase"], outcome["phase"], outcome["state"]) == ("intent", "outcome", "done")
    assert str(opid) in intent["command"]
    (path,) = (home / ".state").rglob("journal*")
    assert path.stat().st_mode & 0o777 == 0o600


def test_read_only_refuses_to_kill_and_to_clear(mongod: MongodProcess, sleepers: Client, home: Path) -> None:
    before = running(sleepers)
    with monitor("--read-only", mongod.uri) as terminal:
        to_the_victim(terminal)
        assert "Kill" not in terminal.screen_text().split("\n")[-1]
        terminal.send("K")
        terminal.wait_for("runs read-only")
        leave(terminal)
    assert running(sleepers) == before
    assert not journal(home)


@pytest.fixture(scope="module")
def own_demo() -> Iterator[DemoSession]:
    """A demo whose figures may be cleared."""
    with DemoSession(DemoOptions(documents=500, rate_per_s=20.0)) as session:
        yield session


def is_at_rest(demo: DemoSession) -> bool:
    """Whether it has answered all that it was asked."""
    active: int = httpx.get(demo.application_url + METRICS_PATH).json()["api"]["active"]
    return active == 0


def test_the_applications_metrics_are_cleared(own_demo: DemoSession, tmp_path: Path, home: Path) -> None:
    try:
        with monitor("--config", profile(tmp_path, *own_demo.connections[:3]), "all", columns=160) as terminal:
            terminal.send("4")
            terminal.wait_for(r"^[> ] +GET +/api/prompts ")
            own_demo.load.suspend()
            terminal.wait_until(lambda: is_at_rest(own_demo))
            terminal.send("R")
            terminal.wait_for(r"Clear .*\?")
            press_until(terminal, "k", lambda text: "(•) all" in text)
            answer(terminal, "Clear it")
            terminal.wait_for(r"No request yet")
            leave(terminal)
    finally:
        own_demo.load.resume()
    states = [entry["state"] for entry in journal(home) if entry["phase"] == "outcome"]
    assert states == ["done"]
    assert "Bearer" not in json.dumps(journal(home))


def test_the_redis_slow_log_is_cleared(private_servers: PrivateServers) -> None:
    import redis

    server = private_servers.start_redis(arguments=("--slowlog-log-slower-than", "0"))
    with redis.Redis.from_url(server.uri) as client:
        client.set("kept", "1")
        client.config_set("slowlog-log-slower-than", 10_000_000)
        with monitor(server.uri) as terminal:
            terminal.send("5\t")
            terminal.wait_for(r"SET kept")
            terminal.send("R")
            terminal.wait_for(r"SLOWLOG RESET")
            answer(terminal, "Clear it")
            terminal.wait_for(r"entries of the slow log are gone")
            wait_until(lambda: client.slowlog_len() == 0)
            leave(terminal)
        assert client.get("kept") == b"1"


def clock(snapshot: Snapshot) -> str:
    """As the header tells it."""
    return time.strftime("%H:%M:%S", time.localtime(snapshot.taken_at))


def test_a_session_is_recorded_and_replayed(mongod: MongodProcess, tmp_path: Path) -> None:
    file = tmp_path / "session"
    with monitor("record", file, mongod.uri) as terminal:
        terminal.wait_for("PRIMARY")
        for _ in range(4):
            wait_for_the_next_second(terminal)
        terminal.send("q")
        assert terminal.exit_code() == 0
        assert "frames" in terminal.screen_text()
    assert file.stat().st_mode & 0o777 == 0o600
    recording = open_recording(file)
    seconds = list(dict.fromkeys(clock(recording.snapshot(number)) for number in range(len(recording.entries))))
    later = {*seconds[2:]}  # from the third second on there is another one before that of the frame before
    with monitor("replay", file) as terminal:
        terminal.wait_for("REPLAY")
        terminal.wait_for("PRIMARY")
        wait_until(lambda: shown_time(terminal) in later)  # it plays on whether or not somebody looks
        press_until(terminal, "[", lambda text: "PAST, " in text)
        stood = shown_time(terminal)
        press_until(terminal, "[", lambda text: stood not in text.split("\n")[0])
        press_until(terminal, "]", lambda text: stood in text.split("\n")[0])
        terminal.send("2K")
        terminal.wait_for("recording|Kill works on")
        leave(terminal)
