"""The page on checking: its application, its commands and its workflow run; its tables are the program's."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from helpers.waiting import wait_until

from perftui.commands import check
from perftui.model.budgets.toml import budgets_of_text
from perftui.model.check import Check, CheckVerdict
from perftui.servers import PrivateServers
from perftui.servers.ports import free_port

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "checking.md").read_text("utf-8")
WORKFLOW = (DOCS / "check-workflow.yml").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def run(script: str, folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    """In bash, with this Python, and few samples in place of seconds."""
    script = script.replace("localhost:8000", f"localhost:{port}").replace("python -c", f"{sys.executable} -c")
    script = re.sub(r"^perftui ", f"{sys.executable} -m perftui ", script, flags=re.MULTILINE)
    script = script.replace("bench run ", "bench run --iterations 40 --warmup 2 ")
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("checking")
    application, benchmarks = blocks("python")
    (place / "shop.py").write_text(application, "utf-8")
    (place / "benchmarks.py").write_text(benchmarks, "utf-8")
    return place


@pytest.fixture(scope="module")
def port(session_servers: PrivateServers, folder: Path) -> Iterator[int]:
    """The page's application, started as its first line says."""
    number = free_port()
    command = blocks("sh")[0].splitlines()[0].removesuffix(" &").replace("8000", str(number))
    arguments = [sys.executable, "-m", *shlex.split(command), "--app-dir", str(folder), "--log-level", "warning"]
    process = session_servers.start_process(f"shop-{number}", arguments, dict(os.environ))
    answers = blocks("sh")[0].splitlines()[1]
    wait_until(lambda: run(answers, folder, number).returncode == 0, timeout_s=60)
    yield number
    process.stop()


def test_the_commands_of_the_page(folder: Path, port: int) -> None:
    """One after the other, as they stand; what the machine does meanwhile may slow the last of them down."""
    *_, load, suggest, check_it = blocks("sh")[0].splitlines()
    done = run(f"{load}\n{suggest}", folder, port)
    assert (done.returncode, done.stderr) == (0, "1 budget in perftui-budgets.toml.\n"), done.stdout
    checked = run(check_it, folder, port)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "2 limits: 2 passed." in checked.stdout
    session = run(blocks("sh")[1], folder, port)
    assert session.returncode == 0, session.stderr
    assert json.loads((folder / "check.json").read_text("utf-8"))["ok"] is True
    benchmarks = run(blocks("sh")[2], folder, port)
    assert benchmarks.returncode == 0, benchmarks.stderr
    assert "1 limit: 1 passed." in benchmarks.stdout


def test_the_suggestion_shown_is_one() -> None:
    (shown,) = blocks("toml")
    assert [budget.pattern for budget in budgets_of_text(shown, "docs/checking.md")] == ["GET /items/{id}"]
    assert "[[endpoint]]" in shown
    assert list(tomllib.loads(shown)) == ["endpoint"]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(exit_on_error=False)
    check.add_arguments(made)
    made.add_argument("--budgets")
    return made


def test_every_option_field_and_verdict_is_explained() -> None:
    explained = set(re.findall("`(--[a-z-]+)", PAGE)) | {"--output"}
    assert "--suggest --output" in PAGE
    existing = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", parser().format_help())) - {"--help"}
    assert existing - explained == set()
    named = set(re.findall("`([a-z_ ]+)`", PAGE))
    assert set(Check.__struct_fields__) | set(get_args(CheckVerdict)) <= named


def test_the_commands_of_the_workflow_are_understood() -> None:
    commands = re.findall(r"perftui (check .*?)$", WORKFLOW, re.MULTILINE)
    assert len(commands) == 1
    parsed = parser().parse_args(shlex.split(commands[0])[1:])
    assert (parsed.junit, parsed.markdown, parsed.budgets) == ("check.xml", "check.md", "perftui-budgets.toml")
