"""`perftui analyze` on real servers and their own logs, from outside."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from helpers.terminal import Terminal

from perftui.model.schemas import schema
from perftui.servers import MongodProcess, PrivateServers

NOBODY = "mongodb://127.0.0.1:1/"
VALUE = "a very private value"


def perftui(*arguments: str, stdin: bytes | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "perftui", *arguments],
        env=os.environ | environment,
        input=b"" if stdin is None else stdin,
        capture_output=True,
        timeout=100,
        check=False,
    )
    return subprocess.CompletedProcess(
        result.args, result.returncode, result.stdout.decode("utf-8"), result.stderr.decode("utf-8")
    )


def analysis(*arguments: str, stdin: bytes | None = None) -> dict[str, Any]:
    result = perftui("analyze", *arguments, "--json", stdin=stdin)
    assert (result.returncode, result.stderr) == (0, "")
    document: dict[str, Any] = json.loads(result.stdout)
    jsonschema.validate(document, schema("analysis-1"))
    return document


def run_workload(mongod: MongodProcess, name: str = "shop") -> None:
    """Queries that want three indexes, a failed text search, and writes."""
    from pymongo.errors import OperationFailure

    with mongod.client(appname="shop") as client:
        items = client[name]["items"]
        items.insert_many(
            [
                {"category": number % 50, "active": number % 2 == 0, "at": number, "slug": f"s{number}", "title": VALUE}
                for number in range(6000)
            ]
        )
        client[name].command({"profile": 2})
        for number in range(20):
            list(items.find({"category": number, "active": True}).sort("at", -1).limit(10))
            list(items.find({"slug": f"s{number}", "title": VALUE}))
            items.count_documents({"category": number})
        list(items.find({"active": True}).batch_size(500))
        items.update_many({"category": 3}, {"$set": {"seen": 1}})
        with pytest.raises(OperationFailure):
            list(items.find({"$text": {"$search": "word"}}))
        client[name].command({"profile": 0})


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[MongodProcess, bytes]]:
    """A server with a profile, and the log that it wrote of the same queries."""
    with PrivateServers() as servers:
        process = servers.start_mongod()
        with process.client() as client:
            client.admin.command({"profile": 0, "slowms": -1})
        run_workload(process)
        yield process, process.log_since_start()


@pytest.fixture
def log(served: tuple[MongodProcess, bytes], tmp_path: Path) -> Path:
    path = tmp_path / "mongod.log"
    path.write_bytes(served[1])
    return path


def by_op(document: dict[str, Any], ns: str = "shop.items") -> dict[tuple[str, str], dict[str, Any]]:
    return {(shape["op"], shape["id"]): shape for shape in document["shapes"] if shape["ns"] == ns}


def keys_of(document: dict[str, Any]) -> set[tuple[str, ...]]:
    return {tuple(name for name, _ in one["keys"]) for one in document["recommendations"]}


def test_a_profile_becomes_shapes_scores_and_indexes(served: tuple[MongodProcess, bytes]) -> None:
    document = analysis(served[0].uri)
    assert (document["source"], document["lost_entries"]) == ("profiler", 0)
    sorted_find = next(shape for shape in document["shapes"] if "sort {at: -1}" in shape["shape"])
    assert (sorted_find["count"], sorted_find["docs_examined"], sorted_find["returned"]) == (20, 120_000, 100)
    assert sorted_find["score"] < 40
    assert {"collection-scan", "blocking-sort"} <= {finding["code"] for finding in sorted_find["findings"]}
    serving = [one for one in document["recommendations"] if sorted_find["id"] in one["serves"]]
    assert [{name for name, _ in one["keys"]} for one in serving] == [{"category", "active", "at"}]
    assert serving[0]["keys"][-1] == ["at", -1]
    assert serving[0]["command"].startswith('db.getSiblingDB("shop")')
    assert serving[0]["expected"]["docs_examined"] <= 10
    assert any(way == "text" for one in document["recommendations"] for _, way in one["keys"])
    assert document["since"] <= document["until"]


def test_the_log_of_the_same_queries_has_the_same_shapes(served: tuple[MongodProcess, bytes], log: Path) -> None:
    profiled, logged = by_op(analysis(served[0].uri)), by_op(analysis(str(log)))
    read = {key for key, shape in profiled.items() if shape["op"] in ("find", "count", "aggregate", "update")}
    assert len(read) >= 5
    for key in read:
        for name in ("shape", "count", "docs_examined", "keys_examined", "returned", "plan_summary"):
            assert logged[key][name] == profiled[key][name], key


def test_packed_and_piped_logs_say_the_same(log: Path, tmp_path: Path) -> None:
    plain = analysis(str(log))
    packed = tmp_path / "mongod.log.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    for other in (
        analysis(str(packed)),
        analysis("-", stdin=log.read_bytes()),
        analysis("-", stdin=packed.read_bytes()),
    ):
        assert {**other, "target": ""} == {**plain, "target": ""}


def test_a_log_alone_is_advised_by_guesses_and_with_a_server_by_facts(
    served: tuple[MongodProcess, bytes], log: Path
) -> None:
    alone = analysis(str(log))
    assert any({"category", "active", "at"} <= set(keys) for keys in keys_of(alone))
    assert all("guessed" in " ".join(one["warnings"]) for one in alone["recommendations"])
    informed = analysis(str(log), "--facts", served[0].uri)
    assert informed["source"] == "logfile"
    assert keys_of(informed) == keys_of(analysis(served[0].uri))
    assert not any("guessed" in " ".join(one["warnings"]) for one in informed["recommendations"])
    assert keys_of(analysis(served[0].uri, str(log))) == keys_of(informed)


def test_values_are_hidden_unless_asked_for(served: tuple[MongodProcess, bytes], log: Path) -> None:
    for place in (served[0].uri, str(log)):
        assert VALUE not in json.dumps(analysis(place)["shapes"])
        assert VALUE in json.dumps(analysis(place, "--values")["shapes"])
        assert VALUE not in perftui("analyze", place).stdout


def test_top_ns_and_times_choose(served: tuple[MongodProcess, bytes], log: Path) -> None:
    whole = analysis(str(log))
    assert [shape["id"] for shape in analysis(str(log), "--top", "2")["shapes"]] == [
        shape["id"] for shape in whole["shapes"][:2]
    ]
    totals = [shape["latency_ms"]["total"] for shape in whole["shapes"]]
    assert totals == sorted(totals, reverse=True)
    assert {shape["ns"] for shape in analysis(str(log), "--ns", "shop.items")["shapes"]} == {"shop.items"}
    assert analysis(str(log), "--until", "2001-01-01")["shapes"] == []
    assert analysis(str(log), "--since", "1h")["entries"] == whole["entries"]
    assert analysis(served[0].uri, "--since", "1h", "--ns", "shop")["entries"] > 60
    slow = analysis(str(log), "--min-ms", "100000")
    assert (slow["entries"], slow["recommendations"]) == (0, [])


def test_people_get_a_report_with_the_exact_commands(served: tuple[MongodProcess, bytes]) -> None:
    document = analysis(served[0].uri)
    result = perftui("analyze", served[0].uri)
    assert (result.returncode, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    lines = [line.strip() for line in result.stdout.splitlines()]
    for one in document["recommendations"]:
        assert one["command"] in lines
    for words in ("Queries, most costly first", "Indexes to create", "collection-scan", "score 10", "estimated"):
        assert words in result.stdout
    assert "None" not in result.stdout


def test_on_a_terminal_it_is_coloured_and_as_wide_as_it(log: Path) -> None:
    command = [sys.executable, "-m", "perftui", "analyze", str(log)]
    with Terminal(command, columns=60, lines=200) as terminal:
        terminal.wait_for("Indexes to create")
        assert terminal.exit_code() == 0
        assert b"\x1b[1m" in terminal.output
    with Terminal(command, columns=60, lines=200, environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("Indexes to create")
        assert terminal.exit_code() == 0
        assert b"\x1b[31m" not in terminal.output
        assert b"\x1b[1;31m" not in terminal.output


@pytest.mark.parametrize(
    ("query", "arguments", "fields"),
    [
        ("{category: 5, active: true}", ["--ns", "shop.items"], {"category", "active"}),
        ('{"find": "items", "filter": {"slug": "s5"}, "limit": 1}', ["--ns", "shop"], {"slug"}),
        ("{find: 'items', filter: {category: 5}, sort: {at: -1}, limit: 5, $db: 'shop'}", [], {"category", "at"}),
        ("[{$match: {slug: /^s59/}}]", ["--ns", "shop.items"], {"slug"}),
    ],
)
def test_a_query_is_judged_without_running_it(
    served: tuple[MongodProcess, bytes], query: str, arguments: list[str], fields: set[str]
) -> None:
    document = analysis(served[0].uri, "--query", query, *arguments)
    assert (document["source"], document["entries"]) == ("query", 0)
    (shape,) = document["shapes"]
    assert (shape["ns"], shape["count"], shape["plan_summary"]) == ("shop.items", 0, "COLLSCAN")
    assert shape["score"] < 100
    (one,) = document["recommendations"]
    assert {name for name, _ in one["keys"]} >= fields - {"active"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing-here.log"], "There is no file nothing-here.log"),
        (["/nowhere/mongod.log"], "There is no file"),
        (["redis://127.0.0.1:1"], "No MongoDB is named"),
        ([NOBODY, "mongodb://127.0.0.1:2/"], "One MongoDB at a time"),
        ([NOBODY, "--since", "yesterday"], "--since takes"),
        ([NOBODY, "--since", "1h", "--until", "2h"], "--since is later than --until"),
        ([NOBODY, "--top", "0"], "whole number"),
        ([NOBODY, "--min-ms", "fast"], "milliseconds"),
        ([NOBODY, "--query", "{a: "], "--query: it cannot be read"),
        ([NOBODY, "--query", "{a: 1}"], "add --ns"),
        ([NOBODY, "--query", "{insert: 'a', documents: []}"], "--query"),
        ([NOBODY, "--facts", NOBODY], "--facts goes with a log file"),
    ],
)
def test_what_is_used_wrongly_is_said(arguments: list[str], words: str) -> None:
    result = perftui("analyze", *arguments)
    assert (result.returncode, result.stdout) == (2, ""), result
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_server_out_of_reach_is_three(log: Path) -> None:
    for arguments in ([NOBODY], [NOBODY, "--query", "{a: 1}", "--ns", "shop.items"], [str(log), "--facts", NOBODY]):
        result = perftui("analyze", *arguments)
        assert (result.returncode, result.stdout) == (3, ""), result
        assert "Nothing listens on 127.0.0.1:1" in result.stderr


def test_a_folder_and_two_files_are_refused(log: Path) -> None:
    for arguments, words in (([str(log.parent)], "it is a folder"), ([str(log), "-"], "One log at a time")):
        result = perftui("analyze", *arguments)
        assert result.returncode == 2
        assert words in result.stderr


def test_interrupting_is_130(tmp_path: Path) -> None:
    pipe = tmp_path / "endless.log"
    os.mkfifo(pipe)
    process = subprocess.Popen([sys.executable, "-m", "perftui", "analyze", str(pipe)], stderr=subprocess.PIPE)
    with pipe.open("wb"):
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in words
