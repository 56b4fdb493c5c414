"""`perftui index apply`: a reviewed analysis, as far as it still fits."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.acting import Client, commands_run, indexes
from msgspec.structs import replace
from pymongo import MongoClient
from pymongo.database import Database

from perftui.actions.journal import default_journal
from perftui.actions.proof_starts import proof_starts
from perftui.model.analysis import AnalysedShape, Analysis, Recommendation, ServedShape
from perftui.servers import MongodProcess

DATABASE = "index_apply"
NS = f"{DATABASE}.orders"


def apply(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "perftui", "index", "apply", *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False)


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        connected.drop_database(DATABASE)
        database: Database[dict[str, Any]] = connected[DATABASE]
        database.orders.insert_many([{"a": number, "b": -number} for number in range(100)])
        database.users.insert_one({"email": "ann@example.org"})
        database.orders.create_index([("a", 1)])
        yield connected
        connected.drop_database(DATABASE)


def recommend(ns: str, keys: dict[str, Any], name: str, *supersedes: str, **options: Any) -> Recommendation:
    return Recommendation(
        ns=ns, keys=tuple(keys.items()), name=name, serves=("s1",), supersedes=supersedes, reason="", command="",
        options=options, size_bytes=4096,
    )  # fmt: skip


def written(folder: Path, *recommendations: Recommendation, target: str | None = None) -> Path:
    file = folder / "analysis.json"
    file.write_bytes(Analysis(source="profiler", recommendations=recommendations, target=target).to_json())
    return file


LONGER = recommend(NS, {"a": 1, "b": -1}, "a_1_b_-1", "a_1")
EMAIL = recommend(f"{DATABASE}.users", {"email": 1}, "email_1", partialFilterExpression={"email": {"$gt": ""}})


def test_all_is_shown_together_and_created(mongod: MongodProcess, client: Client, tmp_path: Path) -> None:
    file = written(tmp_path, LONGER, EMAIL, target="mongodb://elsewhere")
    before = commands_run(client, "createIndexes", "collMod", "dropIndexes")
    dry = apply(file, mongod.uri, "--dry-run")
    assert (dry.returncode, "would create indexes" in dry.stdout) == (0, True)
    assert "The file was made for mongodb://elsewhere" in dry.stderr
    assert dry.stderr.count("createIndexes: ") == 2
    assert commands_run(client, "createIndexes", "collMod", "dropIndexes") == before
    done = apply(file, mongod.uri, "--yes")
    assert done.returncode == 0, done
    assert set(indexes(client, NS)) == {"_id_", "a_1", "a_1_b_-1"}
    assert indexes(client, f"{DATABASE}.users")["email_1"]["partialFilterExpression"] == {"email": {"$gt": ""}}
    assert "hidden" not in indexes(client, NS)["a_1"]
    assert "a_1 on index_apply.orders is not needed any more" in done.stderr


@pytest.mark.parametrize(("how", "left"), [("hide", True), ("drop", False), ("leave", None)])
def test_what_is_superseded_goes_only_where_that_was_asked(
    mongod: MongodProcess, client: Client, tmp_path: Path, how: str, left: bool | None
) -> None:
    done = apply(written(tmp_path, LONGER), mongod.uri, "--yes", "--superseded", how, "--json")
    assert done.returncode == 0, done
    found = indexes(client, NS)
    assert "a_1_b_-1" in found
    assert ("a_1" in found) is (left is not False)
    if left is not False:
        assert found["a_1"].get("hidden") is left
    names = [one["action"] for one in json.loads(done.stdout)["actions"]]
    assert names == ["create index", *{"hide": ["hide index"], "drop": ["drop index"]}.get(how, [])]


def test_only_those_named(mongod: MongodProcess, client: Client, tmp_path: Path) -> None:
    file = written(tmp_path, LONGER, EMAIL)
    assert apply(file, mongod.uri, "--only", "email_1", "--yes").returncode == 0
    assert set(indexes(client, NS)) == {"_id_", "a_1"}
    assert "email_1" in indexes(client, f"{DATABASE}.users")
    wrong = apply(file, mongod.uri, "--only", "emial_1", "--yes")
    assert (wrong.returncode, "did you mean 'email_1'?" in wrong.stderr) == (2, True)


def test_what_does_not_fit_any_more_is_refused_and_the_rest_done(
    mongod: MongodProcess, client: Client, tmp_path: Path
) -> None:
    gone = recommend(NS, {"b": 1, "a": 1}, "b_1_a_1", "b_1")
    there = recommend(NS, {"a": 1}, "again")
    nowhere = recommend(f"{DATABASE}.nowhere", {"a": 1}, "a_1")
    done = apply(written(tmp_path, gone, there, nowhere, EMAIL), mongod.uri, "--yes")
    assert done.returncode == 1
    assert "b_1 on index_apply.orders, which b_1_a_1 was to replace, is not there any more" in done.stdout
    assert "the same index is there already: a_1" in done.stdout
    assert "index_apply.nowhere does not exist" in done.stdout
    assert "email_1 on index_apply.users is ready" in done.stdout
    assert set(indexes(client, NS)) == {"_id_", "a_1"}
    assert "nowhere" not in client[DATABASE].list_collection_names()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": "perftui.snapshot/1"}', '{"source": 5}'])
def test_another_file_is_a_sentence(mongod: MongodProcess, tmp_path: Path, text: str) -> None:
    file = tmp_path / "file.json"
    file.write_text(text)
    result = apply(file, mongod.uri, "--yes")
    assert (result.returncode, result.stdout) == (2, "")
    assert "is no perftui.analysis/1 file" in result.stderr


def test_a_file_without_recommendations_or_a_dead_server(mongod: MongodProcess, tmp_path: Path) -> None:
    assert apply(written(tmp_path), mongod.uri, "--yes").returncode == 1
    dead = apply(written(tmp_path, EMAIL), "mongodb://127.0.0.1:1", "--yes")
    assert dead.returncode == 3
    assert "Nothing listens" in dead.stdout


def test_an_applied_analysis_keeps_what_its_shapes_did_for_the_proof(
    mongod: MongodProcess, client: Client, tmp_path: Path
) -> None:
    served = ServedShape(id="s1", shape="find {a: ?}")
    shape = AnalysedShape(id="s1", ns=NS, op="find", shape="find {a: ?}", count=10, docs_examined=1000)
    analysis = Analysis(source="profiler", recommendations=(replace(LONGER, shapes=(served,)),), shapes=(shape,))
    file = tmp_path / "analysis.json"
    file.write_bytes(analysis.to_json())
    assert apply(file, mongod.uri, "--yes", "--superseded", "leave").returncode == 0
    (start,) = proof_starts(default_journal())
    assert start.index == "a_1_b_-1"
    (kept,) = start.shapes
    assert kept.before is not None
    assert (kept.before.executions, kept.before.documents_examined) == (10, 100.0)
