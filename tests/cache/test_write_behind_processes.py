"""Write-behind over real Redis and MongoDB, in real processes that are ended by signals."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.waiting import wait_until
from redis import Redis

from perftui import BsonCodec, WriteBehind, mongodb_writer, redis_writer
from perftui.cache.spill import read_spilled
from perftui.servers import MongodProcess, PrivateServers, RedisProcess

FLUSH_S = 5.0
PROGRAM = """
import itertools, os, sys, time
from perftui import BsonCodec, WriteBehind, mongodb_writer, redis_writer
kind, uri, folder, flush_s, most, pause, go = sys.argv[1:8]
if kind == "redis":
    from redis import Redis
    writer, codec = redis_writer(Redis.from_url(uri, socket_timeout=2)), None
else:
    from pymongo import MongoClient
    client = MongoClient(uri, serverSelectionTimeoutMS=300, socketTimeoutMS=2000)
    writer, codec = mongodb_writer(client.writes.numbers), BsonCodec()
behind = WriteBehind(writer, folder, name="numbers", flush_s=float(flush_s), most=1_000_000, codec=codec)
behind.close_on_sigterm(0.5)
print("ready", flush=True)
for number in itertools.count():
    while number == int(pause) and not os.path.exists(go):
        time.sleep(0.01)
    if number < int(most):
        value = {"n": number} if kind == "mongodb" else number
        behind.put(f"n{number}", value)
        behind.put(f"last{number % 5}", value)
        os.write(1, f"{number} {time.monotonic()}\\n".encode())
    time.sleep(0.002)
"""


class Store:
    """A real server of either kind that keeps what it acknowledged, and what is in it."""

    def __init__(self, kind: str, servers: PrivateServers) -> None:
        self.kind = kind
        self.server: RedisProcess | MongodProcess = (
            servers.start_redis(arguments=["--appendonly", "yes", "--appendfsync", "always"])
            if kind == "redis"
            else servers.start_mongod()
        )

    def numbers(self) -> dict[str, int]:
        if isinstance(self.server, MongodProcess):
            with self.server.client() as client:
                return {found["_id"]: found["n"] for found in client.writes.numbers.find()}
        with Redis(port=self.server.port) as redis:
            keys = list(redis.scan_iter(count=1000))
            return {key.decode(): int(value or 0) for key, value in zip(keys, redis.mget(keys), strict=True)}

    def replay(self, folder: Path) -> Any:
        """What the next start of the process does."""
        if isinstance(self.server, MongodProcess):
            with self.server.client() as client:
                return self._replay(folder, mongodb_writer(client.writes.numbers), BsonCodec())
        with Redis(port=self.server.port) as redis:
            return self._replay(folder, redis_writer(redis), None)

    def _replay(self, folder: Path, writer: Any, codec: Any) -> Any:
        with WriteBehind(writer, folder, name="numbers", flush_s=0.1, codec=codec) as behind:
            assert behind.flush(60)
            return behind.report()


@pytest.fixture(params=["redis", "mongodb"])
def store(request: pytest.FixtureRequest, private_servers: PrivateServers) -> Store:
    return Store(request.param, private_servers)


class Child:
    """The program, and what it says it has accepted. It waits before number `pause` until it may `go_on`."""

    def __init__(self, store: Store, folder: Path, flush_s: float, most: int = 1_000_000, pause: int = -1) -> None:
        self.said, self._go = folder.parent / "said", folder.parent / "go"
        options = [store.kind, store.server.uri, str(folder), str(flush_s), str(most), str(pause), str(self._go)]
        command = [sys.executable, "-c", PROGRAM, *options]
        with self.said.open("w") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

    def accepted(self) -> list[tuple[int, float]]:
        """Numbers and when; the last line may be half a one."""
        lines = self.said.read_text("utf-8").rpartition("\n")[0].splitlines()[1:]
        return [(int(number), float(at)) for number, at in (line.split() for line in lines)]

    def go_on(self) -> None:
        self._go.touch()

    def end(self, number: signal.Signals) -> int:
        os.kill(self.process.pid, number)
        return self.process.wait(60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spilled"


def assert_all_there(store: Store, numbers: list[int]) -> None:
    found = store.numbers()
    assert [number for number in numbers if found.get(f"n{number}") != number] == []
    assert {key: value for key, value in found.items() if key.startswith("last")} == {
        f"last{number % 5}": number for number in numbers
    }


def test_sigterm_with_the_store_down_loses_nothing(store: Store, folder: Path) -> None:
    child = Child(store, folder, flush_s=0.2, most=300, pause=100)
    wait_until(lambda: len(child.accepted()) == 100 and store.numbers())
    store.server.kill()
    child.go_on()
    wait_until(lambda: len(child.accepted()) == 300, 60)
    assert child.end(signal.SIGTERM) == -signal.SIGTERM
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_size > 0
    store.server.restart()
    report = store.replay(folder)
    assert report.replayed > 0
    assert report.lost == 0
    assert_all_there(store, list(range(300)))
    assert list(folder.iterdir()) == []


def test_sigterm_with_the_store_up_writes_all_and_leaves_no_file(store: Store, folder: Path) -> None:
    child = Child(store, folder, flush_s=30, most=100)
    wait_until(lambda: len(child.accepted()) == 100, 60)
    assert child.end(signal.SIGTERM) == -signal.SIGTERM
    assert_all_there(store, list(range(100)))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("down", [False, True], ids=["store up", "store down"])
def test_sigkill_loses_one_flush_interval_at_most(store: Store, folder: Path, down: bool) -> None:
    """By the clock of the process: what it accepted longer than an interval before its last write is there."""
    child = Child(store, folder, FLUSH_S)
    wait_until(lambda: len(child.accepted()) >= 20, 60)
    if down:
        store.server.kill()
    first = child.accepted()[-1][1]
    wait_until(lambda: child.accepted()[-1][1] > first + 1.5 * FLUSH_S, 60)
    assert child.end(signal.SIGKILL) == -signal.SIGKILL
    if down:
        store.server.restart()
    store.replay(folder)
    found, accepted = store.numbers(), child.accepted()
    lost = [at for number, at in accepted if f"n{number}" not in found]
    assert all(at >= accepted[-1][1] - FLUSH_S for at in lost)
    kept = [number for number, _ in accepted if f"n{number}" in found]
    assert kept == list(range(len(kept)))  # what is lost is the end, not something in between
    for number in kept[-5:]:
        assert found[f"last{number % 5}"] in (number, number - 5, number + 5)


def test_redis_restarted_in_the_middle_is_survived(private_servers: PrivateServers, folder: Path) -> None:
    store = Store("redis", private_servers)
    with (
        Redis(port=store.server.port) as client,
        WriteBehind(redis_writer(client), folder, flush_s=0.1, batch=20) as behind,
    ):
        for number in range(600):
            if number == 200:
                wait_until(lambda: behind.report().written >= 100)
                store.server.kill()
            if number == 400:
                wait_until(lambda: behind.report().spilled >= 200 and behind.report().retries, 60)
                store.server.restart()
            behind.put(f"n{number}", number)
            behind.put(f"last{number % 5}", number)
        assert behind.flush(60)
        report = behind.report()
    assert (report.accepted, report.written, report.lost, report.rejected) == (1200, 1200, 0, 0)
    assert report.retries > 0
    assert_all_there(store, list(range(600)))


FORKING = """
import os, sys, time
from perftui import WriteBehind
def write(batch):
    raise OSError("down")
behind = WriteBehind(write, sys.argv[1], name="numbers", flush_s=0.1)
child = os.fork()
if child == 0:
    try:
        behind.put("child", 1)
    except RuntimeError as error:
        os.write(1, f"child: {error}\\n".encode())  # in one piece, whatever else is said at the same time
    behind.close()
    time.sleep(600)
os.write(1, f"{child}\\n".encode())
behind.put("n0", 0)
while not behind.report().spilled:
    time.sleep(0.01)
os.write(1, b"spilled\\n")
time.sleep(600)
"""


def test_a_forked_child_writes_nothing_and_keeps_nothing_of_its_parent_s(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FORKING, str(folder)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode() for _ in range(3)]
        process.kill()
    child = next(int(line) for line in lines if line.strip().isdigit())
    try:
        assert "child: this write-behind was made before the fork: make one in each process\n" in lines
        assert "spilled\n" in lines
        kept: dict[str, Any] = {}
        with WriteBehind(
            lambda batch: kept.update({one.key: one.value for one in batch}), folder, name="numbers"
        ) as next_:
            assert next_.flush(20)
        assert kept == {"n0": 0}
    finally:
        os.kill(child, signal.SIGKILL)


HANGING = """
import sys, threading, time
from perftui import WriteBehind
def write(batch):
    threading.Event().wait()
behind = WriteBehind(write, sys.argv[1], name="numbers", flush_s=0.5)
behind.close_on_sigterm(1.0)
behind.put("n0", 0)
print("ready", flush=True)
while True:
    behind.put("n1", 1)
    time.sleep(0.01)
"""


def test_a_second_sigterm_does_not_cut_the_first_short(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HANGING, str(folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        for _ in range(3):
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
    (file,) = folder.iterdir()
    assert read_spilled(file)[0].key == "n0"
