"""The page on benchmarking queries: its commands run on a real server, and its tables are the program's."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from helpers.acting import Client, indexes
from pymongo import MongoClient
from pymongo.database import Database

from perftui.commands.bench.mongo_lines import result_words
from perftui.model.bench.mongo import Agreement, MongoBenchDocument
from perftui.query_bench.limits import Limits
from perftui.query_bench.query_file import questions_in
from perftui.servers import MongodProcess

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarking-mongodb.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def first_cells(heading: str) -> list[str]:
    table = PAGE.partition(heading)[2].partition("\n\n")[0]
    return [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|")][1:]


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        connected.drop_database("shop")
        database: Database[dict[str, Any]] = connected["shop"]
        states = ("new", "paid", "sent")
        database.orders.insert_many(
            [
                {
                    "customer": number % 40,
                    "open": number % 3 == 0,
                    "at": number,
                    "state": states[number % 3],
                    "note": "late",
                }
                for number in range(2_000)
            ]
        )
        database.orders.create_index([("state", "text")])
        yield connected
        connected.drop_database("shop")


def test_its_file_and_commands_run(mongod: MongodProcess, client: Client, tmp_path: Path) -> None:
    (tmp_path / "queries.js").write_text(block("js"), "utf-8")
    few = f"{sys.executable} -m perftui bench mongo --iterations 20 --warmup 2"
    script = block("sh").replace("perftui bench mongo", few).replace("mongodb://localhost/", mongod.uri)
    before = set(indexes(client, "shop.orders"))
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(indexes(client, "shop.orders")) == before
    names = re.findall(r"^\d\. (.*)$", done.stdout, re.MULTILINE)
    assert names == [
        "newest of a customer", "by state", "open ones", "words", "which customers: distinct", "which customers: group",
        "newest of a customer", "shop.orders find {customer: ?} limit ?",
    ]  # fmt: skip
    assert "= which customers: group: the same result (40 rows, all alike)" in done.stdout
    assert "with customer_1_at_-1 on shop.orders, compared with before and after it" in done.stdout
    assert (tmp_path / "run.json").exists()


def test_its_names_are_the_program_s() -> None:
    questions = questions_in(block("js"), database="shop")
    assert [len(question.queries) for question in questions] == [1, 1, 1, 1, 2]
    states = get_args(Agreement.__annotations__["state"])
    assert len(states) == 4
    words = [result_words(state) for state in states]
    assert all(any(cell in each for each in words) for cell in first_cells("\n| result | when |\n"))
    fields = {name for cell in first_cells("\n| field | holds |\n") for name in re.findall("`([a-z_]+)`", cell)}
    assert fields == set(MongoBenchDocument.__struct_fields__) - {"schema"}


def test_its_limits_are_the_program_s() -> None:
    limits = Limits()
    for words in (
        f"of each query, {limits.max_seconds:g} s unless told otherwise",
        f"of each query, {limits.max_iterations:,} unless told otherwise",
        f"(`maxTimeMS`), {limits.operation_s:g} s unless told otherwise",
        f"of a result, {limits.most_documents:,} unless told otherwise",
    ):
        assert words in PAGE
