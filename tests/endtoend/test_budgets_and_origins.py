"""Budgets and the way between endpoints and queries, in a real terminal against a real demo that writes comments."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.monitoring import ENTER, ESCAPE, leave, monitor, profile
from helpers.terminal import Terminal

from perftui.demo.session import DemoSession

BUDGETS = """\
[[endpoint]]
match = "GET /api/prompts"
limits = ["max<1us", "error_rate<50%"]
samples = 1

[[query]]
match = "library.prompts find*"
limits = ["p(95)<1us"]
samples = 1

[[redis]]
match = "*"
limits = ["hit_rate>1%"]
samples = 1
"""


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    path = tmp_path / "perftui-budgets.toml"
    path.write_text(BUDGETS, "utf-8")
    return path


@pytest.fixture
def settings_file(tmp_path: Path, demo: DemoSession) -> Path:
    return profile(tmp_path, *demo.connections[:3])


@pytest.fixture
def terminal(settings_file: Path, budgets: Path, tmp_path: Path) -> Iterator[Terminal]:
    arguments = ("--config", settings_file, "--budgets", budgets, "all")
    with monitor(*arguments, columns=200, lines=45, cwd=tmp_path) as started:
        started.wait_for(r"demo mongodb 6\.\S+ PRIMARY \| demo-cache redis 8\.\S+ \| prompt-library app")
        yield started


def test_from_an_endpoint_to_its_queries_and_back_and_from_a_query_to_its_endpoint(terminal: Terminal) -> None:
    terminal.send("3")
    terminal.wait_for(r"FROM")
    terminal.wait_for(r"library\.prompts find .*GET /api/prompts")
    terminal.send("4")
    terminal.wait_for(r"GET +/api/prompts ")
    terminal.send("/route:/api/prompts !route:prompts/\r")
    terminal.wait_for(r"> *GET +/api/prompts ")
    terminal.send(ENTER)
    terminal.wait_for(r"Slow queries by shape of GET /api/prompts ")
    terminal.send(ENTER)
    terminal.wait_for(r"from GET /api/prompts")
    terminal.send("o")
    terminal.wait_for(r"GET /api/prompts of prompt-library")
    terminal.wait_for(r"ITS QUERIES")
    terminal.send(ESCAPE)
    terminal.wait_for(r"from GET /api/prompts")
    terminal.send(ESCAPE)
    terminal.wait_for(r"Slow queries by shape of GET /api/prompts ")
    terminal.send(ESCAPE)
    terminal.wait_for(r"> *GET +/api/prompts ")
    terminal.send("d")
    terminal.wait_for(r"BUDGETS")
    terminal.wait_for(r"over! +max<1us")
    terminal.send(ESCAPE)
    terminal.wait_for(r"> *GET +/api/prompts ")
    leave(terminal)


def test_budgets_of_the_file_go_over_are_filtered_and_told(terminal: Terminal) -> None:
    terminal.send("4")
    terminal.wait_for(r"GET +/api/prompts .* over \+999%")
    terminal.send("/budget:over\r")
    terminal.wait_for(r"\d+ of \d+")
    terminal.send("3")
    terminal.wait_for(r"library\.prompts find .* over \+999%")
    terminal.send("5")
    terminal.wait_for(r"budget +hit_rate>1%: [0-9.]+%, within")
    terminal.send("8")
    terminal.wait_for(r"GET /api/prompts is over its budget: max<1us")
    leave(terminal)


def test_a_snapshot_prints_budgets_and_has_them_as_json(settings_file: Path, budgets: Path) -> None:
    files = ["--config", str(settings_file), "--budgets", str(budgets)]
    command = [sys.executable, "-m", "perftui", "snapshot", "--wait", "60s", *files, "all"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert re.search(r"budget +GET /api/prompts: max<1us: .*, over.* !", printed)
    written = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=120, check=True).stdout
    states = {
        limit["expr"]: limit["state"]
        for target in json.loads(written)["targets"]
        for endpoint in (target.get("application") or {}).get("endpoints", ())
        if endpoint["route"] == "/api/prompts"
        for limit in endpoint["limits"]
    }
    assert states["max<1us"] == "over"
    assert states["error_rate<50%"] == "ok"
