"""`perftui bench mongo` from outside, on a real mongod: words, files, exit codes, and what is left on the server."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from helpers.acting import Client, commands_run, indexes, profiling
from helpers.terminal import Terminal
from helpers.waiting import wait_until
from pymongo import MongoClient
from pymongo.database import Database

from perftui import load_benchmarks
from perftui.model.schemas import schema
from perftui.servers import MongodProcess, PrivateServers

DATABASE = "bench_mongo"
NS = f"{DATABASE}.orders"
PERFTUI = [sys.executable, "-m", "perftui"]
FEW = ("--iterations", "20", "--warmup", "2")
KEYS = "{customer: 1, at: -1}"
NAME = "customer_1_at_-1"
QUERIES = """
// what the pages ask
{
  newest: {find: "orders", filter: {customer: 7}, sort: {at: -1}, limit: 5},
  customers: {strategies: {
    distinct: {distinct: "orders", key: "customer"},
    group: {aggregate: "orders", pipeline: [{$group: {_id: "$customer"}}]},
  }},
}
"""
WRONG = """{all: {strategies: {
  all: {count: "orders"}, some: {aggregate: "orders", pipeline: [{$match: {customer: 7}}, {$count: "n"}]}
}}}"""
WRITES = ("createIndexes", "dropIndexes", "collMod", "insert", "update", "delete", "profile")


def bench(*arguments: str | Path, uri: str) -> subprocess.CompletedProcess[str]:
    """Without a terminal."""
    command = [*PERFTUI, "bench", "mongo", uri, *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110, check=False)


@pytest.fixture(scope="module")
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        connected.drop_database(DATABASE)
        database: Database[dict[str, Any]] = connected[DATABASE]
        database.orders.insert_many([{"customer": number % 50, "at": number} for number in range(3_000)])
        yield connected
        connected.drop_database(DATABASE)


@pytest.fixture
def uri(mongod: MongodProcess, client: Client) -> str:
    return f"{mongod.uri.rstrip('/')}/{DATABASE}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "queries.js").write_text(QUERIES, "utf-8")
    return tmp_path


def test_a_file_is_measured_compared_and_advised(uri: str, client: Client) -> None:
    before = commands_run(client, *WRITES)
    done = bench("queries.js", *FEW, uri=uri)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^1\. newest\n +[\d.]+ [mu]s .* 20\n   0 keys, 3,000 documents for 5, .* when explained\n"
                     r"   SORT \(.*\) < COLLSCAN$", done.stdout, re.MULTILINE)  # fmt: skip
    assert "2. customers: distinct\n" in done.stdout
    assert re.search(r"^customers: strategies compared with the first\n +base", done.stdout, re.MULTILINE)
    assert "  = customers: group: the same result (50 rows, all alike)" in done.stdout
    assert ".createIndex({ customer: 1, at: -1 })" in done.stdout
    assert "This loads the server that it measures." in done.stderr
    sent = re.search(r"^Sent ([\d,]+) operations to ", done.stderr, re.MULTILINE)
    assert sent is not None
    assert sent[1] == str(3 * (1 + 1 + 2 + 20) + 2)  # explained, called once, warmed up, timed; two results compared
    assert commands_run(client, *WRITES) == before


def test_what_is_saved_can_be_compared_and_hides_values(uri: str, folder: Path) -> None:
    for name in ("base.json", "new.json"):
        assert bench("queries.js", *FEW, "--json", name, "--markdown", "run.md", uri=uri).returncode == 0
    names = ["newest", "customers: distinct", "customers: group"]
    assert [one.name for one in load_benchmarks("base.json")] == names
    command = [*PERFTUI, "bench", "compare", "base.json", "new.json", "--json", "-"]
    compared = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert [one["name"] for one in json.loads(compared.stdout)["comparisons"]] == names
    whole = json.loads((folder / "base.json").read_text("utf-8"))
    jsonschema.validate(whole, schema("bench-1"))
    found = whole["mongodb"]
    jsonschema.validate(found, schema("bench-mongo-1"))
    assert found["schema"] == "perftui.bench-mongo/1"
    newest = found["questions"][0]["queries"][0]
    assert (newest["ns"], newest["counters"]["docs_examined"], newest["documents_fetched"]) == (NS, 3_000, 5)
    assert '"customer":"?"' in newest["sample"].replace(" ", "")
    assert found["questions"][1]["agreements"][0]["state"] == "same"
    assert found["analysis"]["recommendations"][0]["name"] == NAME
    assert (folder / "run.md").read_text("utf-8").splitlines()[2].startswith("| query | median |")


def test_another_plan_is_remarked_on(uri: str, client: Client) -> None:
    arguments = ("queries.js", "--only", "newest", *FEW, "--json")
    assert bench(*arguments, "base.json", uri=uri).returncode == 0
    client[DATABASE].orders.create_index([("customer", 1), ("at", -1)], name="made")
    try:
        assert bench(*arguments, "new.json", uri=uri).returncode == 0
    finally:
        client[DATABASE].orders.drop_index("made")
    command = [*PERFTUI, "bench", "compare", "base.json", "new.json"]
    compared = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "! the runs differ in plan: COLLSCAN, sorted and IXSCAN { customer: 1, at: -1 }\n" in compared.stdout


def test_passes_are_appended_and_one_form_goes_to_standard_output(uri: str) -> None:
    for _ in range(2):
        assert bench("queries.js", "--only", "newest", *FEW, "--json", "run.json", "--append", uri=uri).returncode == 0
    (both,) = load_benchmarks("run.json")
    assert [one.blocks for one in both.passes] == [20, 20]
    done = bench("queries.js", "--only", "newest", *FEW, "--json", "-", "--values", uri=uri)
    (query,) = json.loads(done.stdout)["mongodb"]["questions"][0]["queries"]
    assert '"customer":7' in query["sample"].replace(" ", "")


def test_another_result_is_told_and_fails(uri: str, folder: Path) -> None:
    (folder / "wrong.js").write_text(WRONG, "utf-8")
    done = bench("wrong.js", *FEW, uri=uri)
    assert done.returncode == 1
    assert "all: some does not return what all: all does: 1 against 1 row, of which 0 are alike." in done.stderr
    assert "! all: some: another result" in done.stdout


def test_queries_of_the_command_line_and_their_names(uri: str) -> None:
    statement = "db.orders.find({at: 5})"
    queries = ("--query", "{customer: 7}", "--query", '[{$count: "n"}]', "--ns", NS, "--query", statement)
    named = [f"{NS} find {{customer: ?}}", f"{NS} aggregate $count", f"{NS} find {{at: ?}}"]
    assert bench(*queries, "--list", uri=uri).stdout.splitlines() == named
    assert bench(*queries, *FEW, "--histogram", uri=uri).returncode == 0


def test_the_worst_of_the_profile_are_run_with_their_values(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod(replica_set="rs0")
    with server.client() as connected:
        orders: Any = connected[DATABASE].orders
        orders.insert_many([{"customer": number % 50, "at": number} for number in range(3_000)])
        nothing = bench(*FEW, uri=server.uri)
        assert nothing.returncode == 1
        assert "knows of no slow query that could be run again: turn its profiler on" in nothing.stderr
        connected[DATABASE].command({"profile": 1, "slowms": 0})
        for customer in range(5):
            list(orders.find({"customer": customer}).sort("at", -1).limit(3))
        orders.update_many({"at": {"$lt": 5}}, {"$set": {"b": 1}})
        settings = profiling(connected, DATABASE)
        written = bench("--list", "--write-queries", "worst.json", uri=server.uri)
        assert (written.returncode, Path("worst.json").stat().st_mode & 0o777) == (0, 0o600)
        again = bench("worst.json", "--list", uri=server.uri)
        assert again.stdout == written.stdout == f"{NS} find {{customer: ?}} sort {{at: -1}} limit ?\n"
        done = bench(*FEW, "--top", "1", "--json", "run.json", uri=server.uri)
        assert (done.returncode, profiling(connected, DATABASE)) == (0, settings)
    (result,) = load_benchmarks("run.json")
    assert result.name == f"{NS} find {{customer: ?}} sort {{at: -1}} limit ?"
    assert (result.facts["docs_examined"], result.facts["returned"]) == (3_000, 3)
    assert ".createIndex({ customer: 1, at: -1 })" in done.stdout


def test_with_an_index_asks_tells_and_drops_it_again(uri: str, client: Client) -> None:
    asked = bench("queries.js", "--only", "newest", *FEW, "--with-index", KEYS, uri=uri)
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "Without a terminal: add --yes." in asked.stderr
    assert f'{{createIndexes: "orders", indexes: [{{key: {{customer: 1, at: -1}}, name: "{NAME}"}}]}}' in asked.stderr
    assert f'{{dropIndexes: "orders", index: "{NAME}"' in asked.stderr
    assert set(indexes(client, NS)) == {"_id_"}
    done = bench("queries.js", "--only", "newest", *FEW, "--with-index", KEYS, "--yes", "--json", "r.json", uri=uri)
    assert done.returncode == 0, done.stderr
    assert f"with {NAME} on {NS}, compared with before and after it" in done.stdout
    assert "0 keys, 3,000 documents -> 5 keys, 5 documents" in done.stdout
    assert re.search(rf"SORT .* < COLLSCAN -> LIMIT < FETCH < IXSCAN {NAME}", done.stdout)
    assert f"{NAME} on {NS} was dropped again." in done.stderr
    assert set(indexes(client, NS)) == {"_id_"}
    assert [one.name for one in load_benchmarks("r.json")] == ["newest", f"newest, with {NAME}"]


def test_read_only_and_indexes_that_do_more_are_refused(uri: str, client: Client) -> None:
    before = commands_run(client, *WRITES)
    refused = bench("queries.js", "--only", "newest", *FEW, "--with-index", KEYS, "--yes", "--read-only", uri=uri)
    assert (refused.returncode, "this is read-only mode" in refused.stderr, refused.stdout) == (1, True, "")
    for option in ("unique: true", "expireAfterSeconds: 5"):
        refused = bench("queries.js", *FEW, "--with-index", f"{{key: {{at: 1}}, {option}}}", "--yes", uri=uri)
        assert (refused.returncode, "no index with" in refused.stderr) == (2, True)
    assert commands_run(client, *WRITES) == before


def test_a_text_query_runs_with_the_index_only(uri: str, client: Client) -> None:
    query = ("--query", '{find: "orders", filter: {$text: {$search: "x"}}}')
    alone = bench(*query, *FEW, uri=uri)
    assert (alone.returncode, "has no text index, which $text needs" in alone.stderr) == (1, True)
    done = bench(*query, *FEW, "--yes", "--with-index", '{key: {note: "text"}, name: "words"}', uri=uri)
    assert done.returncode == 0, done.stderr
    assert re.search(r"it ran with the index only: median [\d.]+ [mu]s, 0 keys, 0 documents", done.stdout)


class Running:
    """The command in a process of its own that is sent signals."""

    def __init__(self, uri: str, *arguments: str) -> None:
        command = [*PERFTUI, "bench", "mongo", uri, *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def end_with(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        printed, words = self.process.communicate(timeout=60)
        self.printed = printed.decode()
        return self.process.returncode, words.decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_drops_the_index(number: signal.Signals, code: int, uri: str, client: Client) -> None:
    running = Running(uri, "queries.js", "--only", "newest", "--max-time", "30s", "--with-index", "{other: 1}", "--yes",
                      "--iterations", "1500", "--warmup", "0")  # fmt: skip
    wait_until(lambda: "other_1" in indexes(client, NS), timeout_s=60)
    ended, words = running.end_with(number)
    assert (ended, "other_1 on bench_mongo.orders was dropped again." in words) == (code, True), words
    assert "Traceback" not in words
    assert set(indexes(client, NS)) == {"_id_"}


def test_ctrl_c_without_an_index(uri: str, client: Client) -> None:
    running = Running(uri, "queries.js", "--max-time", "60s")
    before = commands_run(client, "find")
    wait_until(lambda: commands_run(client, "find") > before + 5, timeout_s=60)
    ended, words = running.end_with(signal.SIGINT)
    assert (ended, re.search(r"^Sent [\d,]+ operations to ", words, re.MULTILINE) is not None) == (130, True), words


def test_ctrl_c_tells_what_was_measured_until_then(uri: str, client: Client) -> None:
    running = Running(uri, "queries.js", "--max-time", "60s", "--iterations", "2500", "--warmup", "0")
    before = commands_run(client, "distinct")
    wait_until(lambda: commands_run(client, "distinct") > before + 2, timeout_s=60)
    ended, words = running.end_with(signal.SIGINT)
    assert (ended, "Stopped: 1 of 2 measured." in words) == (130, True), words
    assert re.findall(r"^\d\. (.*)$", running.printed, re.MULTILINE) == ["newest"]


def test_one_that_was_killed_is_told_at_the_next_start_and_undone(uri: str, client: Client) -> None:
    running = Running(uri, "queries.js", "--only", "newest", "--iterations", "2500", "--max-time", "30s", "--yes",
                      "--with-index", "{other: 1}")  # fmt: skip
    wait_until(lambda: "other_1" in indexes(client, NS), timeout_s=60)
    running.end_with(signal.SIGKILL)
    told = bench("queries.js", "--list", uri=uri)
    words = r"An earlier perftui bench ended without dropping other_1 on bench_mongo\.orders at \S+\. "
    found = re.search(rf"^{words}Drop it: perftui index undo TARGET (\w{{8}})$", told.stderr, re.MULTILINE)
    assert found is not None, told.stderr
    undo = [*PERFTUI, "index", "undo", uri, found[1], "--yes"]
    assert subprocess.run(undo, capture_output=True, timeout=60, check=False).returncode == 0
    assert set(indexes(client, NS)) == {"_id_"}
    assert bench("queries.js", "--list", uri=uri).stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.js"], 2, "nowhere.js cannot be read: No such file"),
        (["--query", "{find: 'x'"], 2, "--query: It cannot be read"),
        (["--query", "{a: 1}"], 2, "--query: A filter or a pipeline does not name its collection: add --ns"),
        (["--query", "{delete: 'orders', deletes: [{q: {}, limit: 0}]}"], 2, "It writes (delete)"),
        (["--query", "{find: 'orders', filter: {$where: '1'}}"], 2, "It holds JavaScript, which perftui never runs."),
        (["queries.js", "--only", "nothing"], 2, "No query matches nothing."),
        (["queries.js", "--junit", "x.xml"], 2, "--junit goes with perftui bench compare, not with"),
        (["queries.js", "--append"], 2, "--append needs the FILE"),
        (["queries.js", "--append", "--json", "x", "--with-index", "{a: 1}"], 2, "--append goes without --with-index"),
        (["queries.js", "--gc"], 2, "--gc goes with perftui bench run, not with perftui bench mongo."),
        (["queries.js", "--with-index", "{a: 5}"], 2, "The direction of a must be 1 or -1"),
        (["--query", "{find: 'a'}", "--query", "{find: 'b'}", "--with-index", "{a: 1}"], 2, "say by --ns which gets"),
        (["--query", "{find: 'nothing', filter: {a: {$no: 1}}}", *FEW], 1, "was not measured: The server does not"),
    ],
)
def test_wrong_usage(arguments: list[str], code: int, words: str, uri: str) -> None:
    done = bench(*arguments, uri=uri)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_a_file_without_a_server_is_told() -> None:
    command = [*PERFTUI, "bench", "mongo", "queries.js"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "queries.js is a file: name the server before it" in done.stderr) == (2, True)


def test_a_server_that_is_not_there() -> None:
    done = bench("--query", "{find: 'x'}", "--ns", "shop", uri="mongodb://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (3, "")
    assert "127.0.0.1:1" in done.stderr


def test_on_a_terminal_it_asks_and_shows_its_progress(uri: str, client: Client) -> None:
    command = [*PERFTUI, "bench", "mongo", uri, "queries.js", "--max-time", "2s", "--with-index", KEYS]
    with Terminal(command, columns=120, lines=50) as terminal:
        terminal.wait_for(r"Run it\? \[y/N\]")
        terminal.send("y\n")
        terminal.wait_written(r"\[#+\.*\] +\d+% before 1/2 newest")
        terminal.wait_written(r"\[#+\.*\] +\d+% with 2/2 customers")
        terminal.wait_for(r"was dropped again", timeout_s=60)
        terminal.wait_for(r"Index(es)? to create", timeout_s=60)
    assert set(indexes(client, NS)) == {"_id_"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_signals_are_heard_while_it_asks(number: signal.Signals, code: int, uri: str, client: Client) -> None:
    command = [*PERFTUI, "bench", "mongo", uri, "queries.js", "--with-index", KEYS]
    with Terminal(command, columns=120, lines=50) as terminal:
        terminal.wait_for(r"Run it\? \[y/N\]")
        os.kill(terminal.pid, number)
        assert terminal.process.wait(timeout=60) == code
        assert "Traceback" not in terminal.screen_text()
    assert set(indexes(client, NS)) == {"_id_"}


IGNORING_HANGUP = [
    sys.executable,
    "-c",
    "import os,signal,sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
    "os.execv(sys.executable, [sys.executable, '-m', 'perftui', *sys.argv[1:]])",
]


@pytest.mark.parametrize("start", [PERFTUI, IGNORING_HANGUP], ids=["plain", "SIGHUP ignored"])
def test_a_terminal_that_goes_away_leaves_no_index(start: list[str], uri: str, client: Client) -> None:
    command = [*start, "bench", "mongo", uri, "queries.js", "--only", "newest", "--iterations", "200"]
    with Terminal(
        [*command, "--max-time", "20s", "--yes", "--with-index", "{other: 1}"], columns=120, lines=50
    ) as terminal:
        wait_until(lambda: "other_1" in indexes(client, NS), timeout_s=60)
        terminal.hangup()
        terminal.process.wait(timeout=60)
    assert set(indexes(client, NS)) == {"_id_"}


def test_with_few_rights_only_what_is_missing_is_told(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod(arguments=("--auth",))
    server.create_administrator("root", "secret")
    with MongoClient[dict[str, Any]](server.direct_uri, username="root", password="secret") as connected:
        connected[DATABASE].orders.insert_many([{"customer": number % 50, "at": number} for number in range(100)])
        roles = [{"role": "read", "db": DATABASE}]
        connected.admin.command({"createUser": "reader", "pwd": "hidden-word", "roles": roles})
    address = server.direct_uri.removeprefix("mongodb://").partition("/")[0]
    uri = f"mongodb://reader:hidden-word@{address}/{DATABASE}?authSource=admin&directConnection=true"
    done = bench("queries.js", *FEW, uri=uri)
    assert done.returncode == 0, done.stderr
    refused = bench("queries.js", "--only", "newest", *FEW, "--with-index", KEYS, "--yes", uri=uri)
    assert refused.returncode == 1
    assert "hidden-word" not in done.stdout + done.stderr + refused.stderr
