"""`perftui index` as a script runs it, on a real mongod: exit codes, what is printed, and what is left alone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.acting import Client, commands_run, indexes, profiling
from helpers.terminal import Terminal
from helpers.waiting import wait_until
from pymongo import MongoClient
from pymongo.database import Database

from perftui.servers import MongodProcess, PrivateServers

DATABASE = "index_command"
NS = f"{DATABASE}.orders"
PERFTUI = [sys.executable, "-m", "perftui", "index"]
NOTHING_THERE = "mongodb://127.0.0.1:1"


def index(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Without a terminal."""
    command = [*PERFTUI, *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False)


def actions_of(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    document = json.loads(result.stdout)
    assert document["schema"] == "perftui.index/1"
    actions: list[dict[str, Any]] = document["actions"]
    return actions


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        connected.drop_database(DATABASE)
        database: Database[dict[str, Any]] = connected[DATABASE]
        database.orders.insert_many([{"a": number, "b": -number} for number in range(100)])
        database.orders.create_index([("b", 1)])
        yield connected
        connected.drop_database(DATABASE)


def test_a_dry_run_shows_everything_and_changes_nothing(mongod: MongodProcess, client: Client, home: Path) -> None:
    before = commands_run(client, "createIndexes", "collMod", "dropIndexes")
    created = index("create", mongod.uri, NS, '{"a": 1}', "--dry-run")
    assert (created.returncode, created.stdout) == (
        0,
        f"Dry run: would create index a_1 on {NS}. Nothing was changed.\n",
    )
    assert '{createIndexes: "orders", indexes: [{key: {a: 1}, name: "a_1"}]}' in created.stderr
    assert "100 documents" in created.stderr
    assert "undo: " in created.stderr
    for name, words in {"hide": "would hide", "drop": "would drop"}.items():
        result = index(name, mongod.uri, NS, "b_1", "--dry-run", "--json")
        (report,) = actions_of(result)
        assert (result.returncode, report["state"], report["dry_run"]) == (0, "would", True)
        assert words in report["message"]
    assert commands_run(client, "createIndexes", "collMod", "dropIndexes") == before
    assert set(indexes(client, NS)) == {"_id_", "b_1"}
    assert not (home / ".state" / "perftui" / "journal.jsonl").exists()


def test_create_hide_drop_and_undo_each(mongod: MongodProcess, client: Client) -> None:
    created = index("create", mongod.uri, NS, "{a: 1, 'b': -1}", "--name", "mine", "--sparse", "--yes", "--json")
    (report,) = actions_of(created)
    assert (created.returncode, report["state"]) == (0, "done")
    definition = indexes(client, NS)["mine"]
    assert (list(definition["key"].items()), definition["sparse"]) == ([("a", 1), ("b", -1)], True)
    assert "starting mine" in created.stderr
    assert index("hide", mongod.uri, NS, "mine", "--yes").returncode == 0
    assert indexes(client, NS)["mine"]["hidden"] is True
    listed = index("list", mongod.uri, NS)
    assert "{a: 1, b: -1}  sparse hidden" in listed.stdout
    dropped = index("drop", mongod.uri, NS, "mine", "--yes")
    assert (dropped.returncode, "undo: perftui index undo TARGET " in dropped.stdout) == (0, True)
    assert "mine" not in indexes(client, NS)
    assert index("undo", mongod.uri, "--yes").returncode == 0
    assert indexes(client, NS)["mine"]["hidden"] is True
    entry = report["entry"]
    assert index("undo", mongod.uri, entry[:8], "--yes").returncode == 0
    assert "mine" not in indexes(client, NS)
    journal = index("journal", mongod.uri)
    assert [line.split("  ")[3] for line in journal.stdout.splitlines()] == [
        "create index", "hide index", "drop index", "undo: create index", "undo create index",
    ]  # fmt: skip
    records = json.loads(index("journal", "--json").stdout)["records"]
    assert {record["outcome"]["state"] for record in records} == {"done"}


def test_an_entry_is_taken_back_once_and_where_it_was_made(
    mongod: MongodProcess, client: Client, private_servers: PrivateServers
) -> None:
    """Its id does not say which server it is of, and the same index may stand on another."""
    prod = private_servers.start_mongod()
    (report,) = actions_of(index("create", mongod.uri, NS, "{a: 1}", "--yes", "--json"))
    entry = report["entry"][:8]
    with prod.client() as other:
        other[DATABASE].orders.create_index([("a", 1)])
        wrong = index("undo", prod.uri, entry, "--yes")
        assert (wrong.returncode, f"Nothing was done: entry {entry} is of " in wrong.stderr) == (1, True)
        assert f", not of {prod.address}: name that target instead." in wrong.stderr
        assert "a_1" in other[DATABASE].orders.index_information()
    assert index("undo", mongod.uri, entry, "--yes").returncode == 0
    client[DATABASE].orders.create_index([("a", 1)])
    again = index("undo", mongod.uri, entry, "--yes")
    assert (again.returncode, "has been taken back already" in again.stderr) == (1, True)
    assert "a_1" in indexes(client, NS)


def test_without_a_terminal_nothing_runs_unless_yes_is_said(mongod: MongodProcess, client: Client) -> None:
    asked = index("create", mongod.uri, NS, "{a: 1}")
    assert (asked.returncode, asked.stdout) == (1, "Nothing was done: not confirmed.\n")
    assert "add --yes" in asked.stderr
    shown = index("drop", mongod.uri, NS, "b_1", "--yes")
    assert (shown.returncode, "add --yes --confirm b_1" in shown.stderr) == (1, True)
    wrong = index("drop", mongod.uri, NS, "b_1", "--yes", "--confirm", "b_2")
    assert (wrong.returncode, "type b_1 to confirm" in wrong.stdout) == (1, True)
    assert set(indexes(client, NS)) == {"_id_", "b_1"}
    assert index("drop", mongod.uri, NS, "b_1", "--yes", "--confirm", "b_1").returncode == 0
    assert set(indexes(client, NS)) == {"_id_"}


def test_read_only_refuses(mongod: MongodProcess, client: Client) -> None:
    for arguments in (["create", mongod.uri, NS, "{a: 1}"], ["hide", mongod.uri, NS, "b_1"]):
        result = index(*arguments, "--yes", "--read-only")
        assert (result.returncode, "this is read-only mode" in result.stdout) == (1, True)
    assert set(indexes(client, NS)) == {"_id_", "b_1"}
    assert "hidden" not in indexes(client, NS)["b_1"]


def test_what_is_refused_is_one(mongod: MongodProcess, client: Client) -> None:
    there = index("create", mongod.uri, NS, "{b: 1}", "--yes", "--json")
    assert there.returncode == 1
    (report,) = actions_of(there)
    assert report["state"] == "refused"
    assert report["problems"][0]["message"] == "the same index is there already: b_1."
    assert index("undo", mongod.uri, "--yes").returncode == 1
    assert index("list", mongod.uri, f"{DATABASE}.nowhere").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["create", "TARGET", NS], "takes TARGET DB.COLLECTION KEYS"),
        (["crate", "TARGET"], "did you mean 'create'?"),
        (["create", "TARGET", NS, "{a 1}"], "The keys cannot be read"),
        (["create", "TARGET", NS, "{}"], "The keys are empty"),
        (["create", "TARGET", NS, "{a: 2}"], "must be 1 or -1"),
        (["create", "TARGET", NS, "{a: 1, a: -1}"], "named twice"),
        (["create", "TARGET", NS, "{a: 'sideways'}"], "must be 1, -1 or one of text"),
        (["create", "TARGET", "orders", "{a: 1}"], "is no namespace"),
        (["create", "TARGET", NS, "{a: 1}", "--partial", "[1]"], "must be a document"),
        (["hide", "redis://127.0.0.1:1", NS, "b_1"], "must name one MongoDB"),
        (["apply", "/nowhere.json", "TARGET"], "cannot be read"),
        (["profile", "TARGET", "index_command", "--sample-rate", "7"], "sample rate"),
        (["profile", "TARGET", "no/name"], "is no database's name"),
    ],
)
def test_wrong_usage_is_two_and_a_sentence(
    mongod: MongodProcess, client: Client, arguments: list[str], words: str
) -> None:
    result = index(*[mongod.uri if argument == "TARGET" else argument for argument in arguments])
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [["create", NS, "{a: 1}"], ["hide", NS, "b_1"], ["list"], ["profile", "shop"]])
def test_what_cannot_be_reached_is_three(arguments: list[str]) -> None:
    result = index(arguments[0], NOTHING_THERE, *arguments[1:], *([] if arguments[0] == "list" else ["--yes"]))
    assert result.returncode == 3
    assert "Nothing listens on 127.0.0.1:1" in result.stdout + result.stderr


def test_on_a_terminal_it_asks_and_no_is_the_default(mongod: MongodProcess, client: Client) -> None:
    command = [*PERFTUI, "create", mongod.uri, NS, "{a: 1}"]
    with Terminal(command, columns=160) as terminal:
        terminal.wait_for(r"Run it\? \[y/N\]")
        assert "createIndexes" in terminal.screen_text()
        terminal.send("\n")
        assert terminal.exit_code() == 1
    assert "a_1" not in indexes(client, NS)
    with Terminal(command, columns=160) as terminal:
        terminal.wait_for(r"Run it\? \[y/N\]")
        terminal.send("y\n")
        assert terminal.exit_code() == 0
        assert "a_1 on index_command.orders is ready" in terminal.screen_text()
    assert "a_1" in indexes(client, NS)
    with Terminal([*PERFTUI, "drop", mongod.uri, NS, "a_1"], columns=160) as terminal:
        terminal.wait_for("Type a_1 to confirm")
        terminal.send("a_1\n")
        assert terminal.exit_code() == 0
    assert "a_1" not in indexes(client, NS)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_profiling_ends_with_its_program(private_servers: PrivateServers, ending: signal.Signals) -> None:
    server = private_servers.start_mongod()
    with server.client() as client:
        client.shop.orders.insert_one({"a": 1})
        before = profiling(client, "shop")
        command = [*PERFTUI, "profile", server.uri, "shop", "--slowms", "7", "--yes"]
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: profiling(client, "shop")["slowms"] == 7)
        program.send_signal(ending)
        out, _ = program.communicate(timeout=60)
        assert profiling(client, "shop") == before
    assert program.returncode == 128 + ending
    assert "back at level 0" in out


def test_under_nohup_profiling_outlives_its_terminal(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod()
    with server.client() as client:
        client.shop.orders.insert_one({"a": 1})
        before = profiling(client, "shop")
        command = ["nohup", *PERFTUI, "profile", server.uri, "shop", "--slowms", "7", "--seconds", "3", "--yes"]
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: profiling(client, "shop")["slowms"] == 7)
        program.send_signal(signal.SIGHUP)
        out, _ = program.communicate(timeout=60)
        assert profiling(client, "shop") == before
    assert program.returncode == 0
    assert "back at level 0" in out


def test_after_a_kill_the_next_command_says_how_to_put_it_back(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod()
    with server.client() as client:
        client.shop.orders.insert_one({"a": 1})
        before = profiling(client, "shop")
        command = [*PERFTUI, "profile", server.uri, "shop", "--slowms", "7", "--yes"]
        program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: "Profiling for 60 s" in (program.stderr.readline() if program.stderr else ""))
        program.kill()
        program.communicate()
        assert profiling(client, "shop")["slowms"] == 7
        told = index("list", server.uri, "shop").stderr
        assert f"without putting the profiling of shop on 127.0.0.1:{server.port} back" in told
        anywhere = subprocess.run(
            [sys.executable, "-m", "perftui", "snapshot", "redis://127.0.0.1:1", "--wait", "1s"],
            env=os.environ, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "perftui index undo TARGET" in anywhere.stderr
        assert index("undo", server.uri, "--yes").returncode == 0
        assert profiling(client, "shop") == before
        assert "profiling" not in index("list", server.uri, "shop").stderr
