"""The page on indexes: every figure in it is what its command gives on the demo's data."""

import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perftui.cli import main
from perftui.demo.seeding import seed_documents
from perftui.servers import PrivateServers

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "query-optimisation.md").read_text("utf-8")
DOCUMENTS = re.search(r"--documents (\d+)", PAGE)
_OF_A_STAGE = re.compile(r" \([^)]*\)| backwards|(?<=SCAN) \S+|(?<=TEXT_MATCH) \S+")


def parts() -> list[tuple[list[str], list[list[str]]]]:
    """The commands of each block, and the rows of the table below it."""
    pattern = re.compile(r"^```sh\n((?:perftui bench .*\n)+)```\n\n((?:\|.*\n)+)", re.MULTILINE)
    return [(found[1].splitlines(), rows(found[2])) for found in pattern.finditer(PAGE)]


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    assert DOCUMENTS is not None
    with PrivateServers() as servers:
        mongod = servers.start_mongod(replica_set="demo")
        with mongod.client() as client:
            hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
            seed_documents(client, int(DOCUMENTS[1]), seed=1, now=hour, progress=lambda _done: None)
        yield mongod.uri


def measure(command: str, uri: str, place: Path) -> dict[str, Any]:
    words = shlex.split(command.replace("$MONGODB", uri).replace("docs/", f"{ROOT}/docs/"))
    place.unlink(missing_ok=True)
    assert main([*words[1:], "--iterations", "1", "--warmup", "0", "--json", str(place)]) == 0
    found: dict[str, Any] = json.loads(place.read_text("utf-8"))["mongodb"]
    return found


def cells(counters: dict[str, Any]) -> list[str]:
    plan = _OF_A_STAGE.sub("", counters["stages"])
    return [f"{counters['keys_examined']:,}", f"{counters['docs_examined']:,}", plan]


def rows_of(found: dict[str, Any]) -> list[list[str]]:
    """What a table could say of a run: each query without an index and with it."""
    effects = found.get("effects") or []
    queries = [query for question in found["questions"] for query in question["queries"]]
    before = [cells(query["counters"]) for query in queries if query["counters"]]
    return before + [cells(effect["after"]) for effect in effects if effect["after"]]


def agreements(found: dict[str, Any]) -> set[str]:
    """How the answers of a question's strategies compare."""
    return {one["state"] for question in found["questions"] for one in question["agreements"] or []}


@pytest.mark.parametrize(("commands", "table"), parts())
def test_every_figure_is_what_its_command_gives(
    commands: list[str], table: list[list[str]], uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [measure(command, uri, tmp_path / "run.json") for command in commands]
    capsys.readouterr()
    given = [row for run in runs for row in rows_of(run)]
    assert table
    for _, *figures in table:
        assert figures in given
    indexes = [index for row in table for index in re.findall(r"`([^`]+)`", row[0])]
    assert all(any(index in command for command in commands) for index in indexes)
    assert all(agreements(run) <= {"same", "other order"} for run in runs)
    assert any(agreements(run) for run in runs) == any('*"' in command for command in commands)


def test_the_page_compares_strategies() -> None:
    assert sum('*"' in command for commands, _ in parts() for command in commands) > 4
