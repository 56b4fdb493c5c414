"""`perftui bundle` as a user runs it, on real servers whose queries, users and clients hold secrets."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers.snapshots import busy_snapshot
from redis import Redis

from perftui.monitor.recording import Recorder, open_recording
from perftui.servers import MongodProcess, PrivateServers, RedisProcess

PERFTUI = [sys.executable, "-m", "perftui"]
SECRETS = ("hunter2-of-ada", "watcher-zoe", "ledger-batch-7", "session:s3cr3t")
pytestmark = pytest.mark.timeout(180)


def perftui(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PERFTUI, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def guarded(private_servers: PrivateServers) -> MongodProcess:
    """With logins, and a profiler that keeps everything."""
    mongod = private_servers.start_mongod(arguments=("--auth",))
    mongod.create_administrator("watcher-zoe", "hunter2-of-ada")
    with mongod.client(username="watcher-zoe", password="hunter2-of-ada") as client:
        client.shop.command("profile", 2)
        client.shop.orders.insert_many([{"email": f"hunter2-of-ada-{number}"} for number in range(50)])
    return mongod


@contextmanager
def busy(mongod: MongodProcess, redis: RedisProcess) -> Iterator[None]:
    """Queries and commands with secrets in them, until the end."""
    ended = threading.Event()

    def work() -> None:
        login: dict[str, Any] = {"username": "watcher-zoe", "password": "hunter2-of-ada", "appname": "ledger-batch-7"}
        with mongod.client(**login) as client, Redis.from_url(redis.uri) as cache:
            while not ended.wait(0.02):
                list(client.shop.orders.find({"email": "hunter2-of-ada-3", "$where": "sleep(5) || true"}).limit(3))
                cache.get("session:s3cr3t")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_recording_becomes_a_bundle_that_can_be_replayed(
    tmp_path: Path, guarded: MongodProcess, redis_server: RedisProcess
) -> None:
    uri = f"mongodb://watcher-zoe:hunter2-of-ada@{guarded.address}/?authSource=admin"
    with Redis.from_url(redis_server.uri) as cache:
        cache.config_set("slowlog-log-slower-than", 0)
    try:
        with busy(guarded, redis_server):
            recorded = perftui("record", tmp_path / "session", uri, redis_server.uri, "--seconds", "10")
    finally:
        with Redis.from_url(redis_server.uri) as cache:
            cache.config_set("slowlog-log-slower-than", 10_000)
    assert recorded.returncode == 0, recorded.stderr
    before = perftui("replay", tmp_path / "session", "--json").stdout
    assert [secret for secret in SECRETS if secret not in before] == []
    done = perftui("bundle", tmp_path / "session", tmp_path / "bundle")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'bundle'}\n"
    after = perftui("replay", tmp_path / "bundle", "--json").stdout
    assert [secret for secret in SECRETS if secret in after] == []
    assert len(after.splitlines()) == len(before.splitlines())
    last, original = json.loads(after.splitlines()[-1]), json.loads(before.splitlines()[-1])
    rows = {row["shape_id"]: row for state in last["targets"] if state["queries"] for row in state["queries"]["rows"]}
    old = {
        row["shape_id"]: row for state in original["targets"] if state["queries"] for row in state["queries"]["rows"]
    }
    assert {key: (row["ns"], row["shape"], row["count"]) for key, row in rows.items()} == {
        key: (row["ns"], row["shape"], row["count"]) for key, row in old.items()
    }
    assert any(row["slowest"]["user"].startswith("user-") for row in rows.values() if row["slowest"]["user"])
    assert open_recording(tmp_path / "bundle").header.redacted
    assert (tmp_path / "bundle").stat().st_mode & 0o777 == 0o600


def test_targets_are_read_for_a_while(tmp_path: Path, redis_server: RedisProcess) -> None:
    done = perftui("bundle", tmp_path / "now", redis_server.uri, "--seconds", "8")
    assert done.returncode == 0, done.stderr
    assert "pseudonyms" in done.stderr
    frames = [json.loads(line) for line in perftui("replay", tmp_path / "now", "--json").stdout.splitlines()]
    assert frames
    assert any(state["redis"] for state in frames[-1]["targets"])


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Twenty frames, one a second."""
    with Recorder(tmp_path / "session") as recorder:
        for sequence in range(1, 21):
            recorder.add(busy_snapshot(sequence, 3))
    return tmp_path / "session"


def test_only_the_last_minutes(tmp_path: Path, recording: Path) -> None:
    assert perftui("bundle", recording, tmp_path / "end", "--last", "4500ms").returncode == 0
    end = open_recording(tmp_path / "end")
    assert [entry.sequence for entry in end.entries] == [16, 17, 18, 19, 20]
    assert "10.0.0." not in end.snapshot(0).to_json().decode()


def test_a_recording_that_was_cut_off_is_bundled_as_far_as_it_goes(tmp_path: Path, recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-5])
    done = perftui("bundle", recording, tmp_path / "part")
    assert done.returncode == 0
    assert "was cut off" in done.stderr
    assert len(open_recording(tmp_path / "part").entries) == 19


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("session", "session"), "the recording itself"),
        (("session", "taken"), "--force"),
        (("absent", "--last", "1m"), "is none"),
        (("session", "other", "--last", "never"), "must be a time"),
    ],
)
def test_wrong_use_is_said_in_a_sentence(
    tmp_path: Path, recording: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert recording.exists()
    (tmp_path / "taken").write_text("mine")
    named = [tmp_path / one if one in ("session", "taken", "absent", "other") else one for one in arguments]
    done = perftui("bundle", *named)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "taken").read_text() == "mine"
