"""On real servers in a pty: a pile is killed, a session ended, what is fast but frequent found and profiled."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from helpers.monitoring import ENTER, answer, leave, monitor, press_until
from helpers.terminal import Terminal
from helpers.waiting import wait_until
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from perftui.servers import MongodProcess, PrivateServers

Client = MongoClient[dict[str, Any]]
PILE, BYSTANDERS = 45, 2


@pytest.fixture
def server(private_servers: PrivateServers) -> MongodProcess:
    lasting = ("--setParameter", "transactionLifetimeLimitSeconds=600")  # a minute is short on a busy machine
    mongod = private_servers.start_mongod(replica_set="rs0", arguments=lasting)
    with mongod.client() as client:
        for name in ("prompts", "users"):
            client["shop"][name].insert_many([{"n": number} for number in range(3_000)])
    return mongod


@pytest.fixture
def client(server: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(server.uri, appname="test") as connected:
        yield connected


def running(client: Client, collection: str) -> list[int]:
    stages: list[dict[str, Any]] = [{"$currentOp": {}}, {"$match": {"ns": f"shop.{collection}", "op": "query"}}]
    return [entry["opid"] for entry in client.admin.aggregate(stages)]


def standing(client: Client, collection: str, number: int) -> list[int]:
    """All of them: an operation of JavaScript is for moments one on system.js, whose functions it loads."""
    found = list[int]()

    def are_all() -> bool:
        found[:] = sorted(running(client, collection))
        return len(found) == number

    wait_until(are_all)
    return found


def sleepers(server: MongodProcess, collection: str, number: int) -> list[threading.Thread]:
    """Clients whose one query sleeps in the server until it is killed."""

    def sleep(place: int) -> None:
        with server.client(appname=f"{collection}-job") as client, suppress(PyMongoError):
            list(client["shop"][collection].find({"$where": f"sleep(100) && {place} < 0"}))

    threads = [threading.Thread(target=sleep, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    return threads


@pytest.fixture
def piled(server: MongodProcess, client: Client) -> Iterator[None]:
    threads = [*sleepers(server, "prompts", PILE), *sleepers(server, "users", BYSTANDERS)]
    standing(client, "prompts", PILE)
    standing(client, "users", BYSTANDERS)
    yield
    while any(thread.is_alive() for thread in threads):
        for opid in (*running(client, "prompts"), *running(client, "users")):
            client.admin.command("killOp", op=opid)
        time.sleep(0.05)


def journal(home: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in (home / ".state").rglob("journal*")
        for line in path.read_text("utf-8").splitlines()
    ]


def unframed(terminal: Terminal) -> str:
    """The dialog's text without its frame and its folds: no blanks at all."""
    inside = [line.partition("│")[2].partition("│")[0] for line in terminal.screen_text().split("\n")]
    return "".join("".join(inside).split())


@pytest.mark.usefixtures("piled")
@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
def test_a_pile_is_killed_and_its_neighbours_live(
    server: MongodProcess, client: Client, home: Path, size: tuple[int, int]
) -> None:
    before = standing(client, "prompts", PILE)
    with monitor(server.uri, columns=size[0], lines=size[1]) as terminal:
        terminal.send("2")
        terminal.wait_for(r"^[> ] .*shop\.prompts")
        terminal.send("b")
        terminal.wait_for(rf"^> +{PILE}[!^ ] .*find.*prompts")
        terminal.send(ENTER)
        terminal.wait_for("Operations of one shape")
        terminal.wait_for(r"^> .*shop\.prompts +COLLSCAN")
        terminal.send("\x1b")
        terminal.wait_for("Operations by shape")
        terminal.send("K")
        terminal.wait_for(rf"Kill {PILE} operations")
        wait_until(lambda: "]" in unframed(terminal).partition("[")[2])  # the dialog's title comes first
        named = unframed(terminal).partition("[")[2].partition("]")[0]
        assert sorted(int(opid) for opid in named.split(",")) == before
        assert "▶ Cancel ◀" in terminal.screen_text()
        assert standing(client, "prompts", PILE) == before
        answer(terminal, "Kill them")
        terminal.wait_for(f"{PILE} of {PILE} operations are killed and gone")
        assert running(client, "prompts") == []
        standing(client, "users", BYSTANDERS)
        press_until(terminal, "q", lambda text: "Operations by shape" not in text)
        leave(terminal)
    intent, outcome = journal(home)
    assert (intent["phase"], outcome["state"], outcome["action"]) == ("intent", "done", "kill operations")
    assert all(str(opid) in intent["command"] for opid in before)


@pytest.mark.usefixtures("piled")
def test_read_only_kills_no_group(server: MongodProcess, client: Client, home: Path) -> None:
    with monitor("--read-only", server.uri) as terminal:
        terminal.send("2b")
        terminal.wait_for(rf"^> +{PILE}[!^ ] ")
        terminal.send("K")
        terminal.wait_for("runs read-only")
        press_until(terminal, "q", lambda text: "Operations by shape" not in text)
        leave(terminal)
    standing(client, "prompts", PILE)
    assert not journal(home)


def test_who_waits_for_whom_leads_to_the_session_that_is_ended(
    server: MongodProcess, client: Client, home: Path
) -> None:
    dropping = threading.Thread(target=client["shop"].prompts.drop)
    with server.client(appname="leaky") as leaky, leaky.start_session() as session:
        session.start_transaction()
        leaky["shop"].prompts.update_one({"n": 1}, {"$set": {"taken": True}}, session=session)
        dropping.start()
        try:
            with monitor(server.uri, columns=160, lines=45) as terminal:
                terminal.send("2\t\t")
                terminal.wait_for(
                    r"^> +1[!^] .*collection shop\.prompts .*alone \(W\).* yes .*idle transaction of leaky"
                )
                terminal.send("d")
                terminal.wait_for("HELD BY")
                terminal.wait_for("holds it .*idle transaction of leaky")
                press_until(terminal, "\x1b", lambda text: "1 Overview" in text)
                terminal.send("\t")
                terminal.wait_for(r"^> .*idle .*leaky")
                terminal.send("K")
                terminal.wait_for("Kill the session of leaky")
                assert session.session_id is not None
                known = str(session.session_id["id"].as_uuid())
                wait_until(lambda: known.replace("-", "") in unframed(terminal).replace("-", ""))
                assert "locksonshop.prompts" in unframed(terminal)
                answer(terminal, "Kill it")
                terminal.wait_for("The session is killed")
                dropping.join(60)
                terminal.wait_for("No transaction is open")
                leave(terminal)
        finally:
            if dropping.is_alive():
                session.abort_transaction()
            dropping.join()
        assert "prompts" not in client["shop"].list_collection_names()
    assert [entry.get("state") for entry in journal(home)] == [None, "done"]


def test_connections_are_counted_while_they_are_shown(server: MongodProcess) -> None:
    with server.client(appname="pool") as pooled, monitor(server.uri, columns=120, lines=30) as terminal:
        pooled.admin.command("ping")
        terminal.send("2")
        press_until(terminal, "\x1b[Z", lambda text: "CONNECTIONS" in text)
        terminal.wait_for(r"^[> ] +\d+ .* pool +127\.0\.0\.1")
        leave(terminal)


def test_what_is_fast_but_frequent_is_profiled_with_one_key(server: MongodProcess, client: Client, home: Path) -> None:
    done = threading.Event()

    def scan() -> None:
        with server.client(appname="shop") as scanning:
            while not done.wait(0.02):
                list(scanning["shop"].prompts.find({"category": "writing"}))

    thread = threading.Thread(target=scan)
    thread.start()
    try:
        with monitor(server.uri, columns=160, lines=45) as terminal:
            terminal.send("3")
            terminal.wait_for(r"most of shop\.prompts: P in Collections profiles it", timeout_s=60)
            terminal.send("\x1b[Z")
            terminal.wait_for(r"^> .*shop\.prompts")
            terminal.send("P")
            terminal.wait_for("Profile shop at level 1")
            assert '{$in:["shop.prompts"]}' in unframed(terminal)
            answer(terminal, "Set it")
            terminal.wait_for("is at level 1")
            assert client["shop"].command({"profile": -1})["was"] == 1
            terminal.send("\t")
            terminal.wait_for(r"^[> ] shop\.prompts find \{category: \?\}.*collection scan", timeout_s=60)
            leave(terminal)
    finally:
        done.set()
        thread.join()
    found = client["shop"].command({"profile": -1})
    assert (found["was"], found.get("filter")) == (0, None), "the old settings are back"
    assert [entry["action"] for entry in journal(home) if entry["phase"] == "outcome"] == [
        "set profiling", "restore profiling",
    ]  # fmt: skip
