"""What strangers put into queries, names and routes is shown, and never obeyed by the terminal."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from bson import Binary, encode
from bson.raw_bson import RawBSONDocument
from helpers.monitoring import ENTER, ESCAPE, leave, monitor
from helpers.terminal import Terminal
from helpers.waiting import wait_until
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from perftui.instrument import Registry, metrics_app
from perftui.servers import MongodProcess, PrivateServers, RedisProcess

MARK = "pwned"
TITLE = f"\x1b]0;{MARK}\x07"
HOSTILE = f"{TITLE}\x1b[2J\x9b31m[bold]markup[/bold][/] \U0001f4a5\u202eevil\x7f\r\n"
LONG = "x" * 50_000

Client = MongoClient[dict[str, Any]]


def nested(depth: int) -> Any:
    value: Any = HOSTILE
    for level in range(depth):
        value = {f"k{level}": value} if level % 2 else [value]
    return value


def commands() -> list[dict[str, Any]]:
    """Finds whose names, values and comments are hostile, each its own way."""
    return [
        {"find": "p", "filter": {"a": HOSTILE}, "comment": HOSTILE},
        {"find": "p", "filter": {f"field{HOSTILE}".replace("\0", ""): 1}},
        {"find": "p", "filter": {"a": "nul\0inside"}, "comment": "nul\0inside"},
        {"find": "p", "filter": {"a": LONG + HOSTILE}},
        {"find": "p", "filter": {"a": nested(60)}},
        {"find": "p", "filter": {"a": Binary(bytes(range(256)) * 8)}},
        {"find": "p", "filter": {"a": {"$regex": "\\[/re/", "$options": "i"}}} | {"comment": "[/re/]"},
        {"find": "p", "filter": broken_text()},
    ]


def broken_text() -> RawBSONDocument:
    return RawBSONDocument(encode({"a": "PLACE"}).replace(b"PLACE", b"\xff\xfe\x1b]0"))


@pytest.fixture(scope="module")
def hostile_mongod() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        server = servers.start_mongod(replica_set="rs0")
        client: Client
        with MongoClient(server.uri, appname=f"app{TITLE}") as client:
            for number in (1, 2):
                client["hostile"].command({"insert": "p", "documents": [{"a": number}]})
            client["hostile"].command("profile", 2)
            for command in commands():
                client["hostile"].command(command)
        yield server


@pytest.fixture
def operation(hostile_mongod: MongodProcess) -> Iterator[None]:
    """One that runs while the test looks."""
    waiting = {"find": "p", "filter": {"$where": f"/* {HOSTILE} */ sleep(100000) || true"}, "comment": HOSTILE}

    def run() -> None:
        client: Client
        with MongoClient(hostile_mongod.uri, appname=f"app{TITLE}") as client, pytest.raises(PyMongoError):
            client["hostile"].command(waiting)

    thread = threading.Thread(target=run)
    thread.start()
    client: Client
    with MongoClient(hostile_mongod.uri) as client:
        mine: list[dict[str, Any]] = [{"$currentOp": {}}, {"$match": {"ns": "hostile.p"}}]
        wait_until(lambda: list(client.admin.aggregate(mine)))
        yield
        entries: list[dict[str, Any]] = list(client.admin.aggregate(mine))
        for entry in entries:
            client.admin.command("killOp", op=entry["opid"])
        thread.join()


@pytest.fixture(scope="module")
def hostile_redis() -> Iterator[RedisProcess]:
    import redis

    with PrivateServers() as servers:
        server = servers.start_redis(arguments=("--slowlog-log-slower-than", "0"))
        with redis.Redis.from_url(server.uri) as client:
            for key in (HOSTILE, b"\xff\xfe\x1b]0;pwned\x07", "nul\0", "[/re/]", LONG):
                client.set(key, HOSTILE)
                client.get(key)
        yield server


@pytest.fixture(scope="module")
def hostile_application() -> Iterator[str]:
    registry = Registry(f"shop{TITLE}")
    for route in (f"/a{HOSTILE}", "/[bold]b[/bold]", f"/{LONG}"):
        registry.endpoints.record("GET", route, 200, time.time(), 0.01)
    server = uvicorn.Server(
        uvicorn.Config(metrics_app(registry), host="127.0.0.1", port=0, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/perftui/v1/metrics"
    server.should_exit = True
    thread.join()


def look_at_everything(terminal: Terminal, keys: str, shows: str) -> None:
    """Every row of a table, its full text and what is behind it."""
    for key in keys:
        terminal.send(key)
    terminal.wait_for(shows)
    for _ in range(10):
        terminal.send("w")
        terminal.wait_for("Help")
        terminal.send("w" + ENTER)
        terminal.wait_for(r"q Back|nothing more")
        terminal.send("GwG" + ESCAPE)
        terminal.wait_for("1 Overview")
        terminal.send("j")


def assert_nothing_was_obeyed(terminal: Terminal) -> None:
    raw = bytes(terminal.output)
    for sequence in (f"\x1b]0;{MARK}".encode(), b"\x1b]0;", "\x9b".encode(), "\u202e".encode()):
        assert sequence not in raw
    assert b"\x00" not in raw
    assert "Traceback" not in terminal.screen_text()


@pytest.mark.usefixtures("operation")
def test_hostile_operations_and_queries(hostile_mongod: MongodProcess) -> None:
    with monitor(hostile_mongod.uri, columns=140) as terminal:
        terminal.wait_for("PRIMARY")
        look_at_everything(terminal, "2", r"hostile\.p")
        look_at_everything(terminal, "3", r"hostile\.p find")
        terminal.wait_for("markup|pwned|hostile")
        for key in ("1", "6", "8", "T"):
            terminal.send(key)
        terminal.wait_for("All sources")
        terminal.send("q2y")
        terminal.wait_for("Copied")
        leave(terminal)
        assert_nothing_was_obeyed(terminal)


def test_a_hostile_redis(hostile_redis: RedisProcess) -> None:
    with monitor(hostile_redis.uri, columns=140) as terminal:
        terminal.wait_for("redis 8")
        look_at_everything(terminal, "5\t", r"SET .*markup")
        leave(terminal)
        assert_nothing_was_obeyed(terminal)


def test_a_hostile_application(hostile_application: str) -> None:
    with monitor(hostile_application, columns=140) as terminal:
        look_at_everything(terminal, "4", r"\[bold\]b\[/bold\]")
        leave(terminal)
        assert_nothing_was_obeyed(terminal)
