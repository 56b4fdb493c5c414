"""The page on benchmarking endpoints: its commands run, and its tables are the program's."""

import argparse
import json
import re
import shlex
from pathlib import Path

import pytest
from helpers.loaded_site import Site
from helpers.serving import asgi_server

from perftui.cli import main
from perftui.commands.bench import http
from perftui.load import plan
from perftui.load.comparing import THRESHOLD

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarking-http.md").read_text("utf-8")


def first_cells(heading: str) -> set[str]:
    table = re.search(r"^\|.*?(?=\n\n|\Z)", PAGE.partition(f"\n## {heading}\n")[2], re.MULTILINE | re.DOTALL)
    assert table is not None
    firsts = [line.split("|")[1] for line in table[0].splitlines()]
    return {name for cell in firsts for name in re.findall("`([^`]+)`", cell)}


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    commands = [shlex.split(line)[1:] for line in PAGE.partition("```sh\n")[2].partition("```")[0].splitlines()]
    short = ["--duration", "500ms", "--warm-for", "0", "--rate", "40"]
    with asgi_server(Site().app) as url, asgi_server(Site().app) as other:
        places = {
            "http://localhost:8000/api/orders": f"{url}/plain",
            "http://localhost:8001/api/orders": f"{other}/plain",
        }
        for command in commands[:-1]:
            assert main([*(places.get(word, word) for word in command), *short]) == 0, capsys.readouterr().err
    Path("base.json").write_bytes(Path("new.json").read_bytes())
    assert main(commands[-1]) == 0


def test_every_option_of_the_action_is_in_the_table_and_no_other() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    http.add_arguments(parser)
    existing = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", parser.format_help()))
    listed = {name.split()[0] for name in first_cells("Options")}
    assert listed | {"--append"} == existing
    assert "`--append`" in PAGE


def test_limits_and_the_threshold_are_the_program_s() -> None:
    words = PAGE[PAGE.index("## Options") :]
    for number in (plan.MOST_PER_S, plan.MOST_SECONDS, plan.MOST_CONCURRENCY, plan.MOST_REQUESTS, plan.MOST_ENDPOINTS):
        assert re.search(rf"\b{number:,.0f}\b", words), number
    assert f"more than {THRESHOLD * 100:g} %" in words
    default = plan.Plan()
    assert (default.rate_per_s, default.duration_s, default.warmup_s, default.concurrency, default.timeout_s) == (
        50, 10, 1, 50, 10,
    )  # fmt: skip


def test_every_field_of_the_file_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with asgi_server(Site().app) as url:
        short = ["--duration", "1s", "--warm-for", "0", "--rate", "40", "--json", "-"]
        assert main(["bench", "http", f"{url}/plain", f"{url}/parts", *short]) == 0
    document = json.loads(capsys.readouterr().out)["http"]
    table = PAGE.partition("\n## The file\n")[2]
    named = set(re.findall(r"`([a-z0-9_]+)`", table))
    endpoint = document["endpoints"][0]
    fields = {*document, *document["generator"], *endpoint, *endpoint["timeline"][0], *document["comparisons"][0]}
    assert fields - named == {"schema"}
