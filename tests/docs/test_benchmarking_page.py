"""The page on benchmarking: its code and commands run, and its tables are the program's."""

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from perftui.bench.comparison import ALPHA, THRESHOLD
from perftui.cli import understand
from perftui.commands.bench.actions import BENCH
from perftui.commands.several_actions import Action
from perftui.model.bench.comparison import Verdict
from perftui.model.bench.statistics import Statistics

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "benchmarking.md").read_text("utf-8")
WORKFLOW = (DOCS / "benchmark-workflow.yml").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def first_cells(heading: str) -> set[str]:
    table = PAGE.partition(heading)[2].partition("\n\n")[0]
    return {
        name
        for line in table.splitlines()
        if line.startswith("|")
        for name in re.findall("`([^`]+)`", line.split("|")[1])
    }


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """In bash, with this Python's perftui, and twenty samples in place of a second."""
    script = re.sub(
        r"\bperftui bench run\b", f"{sys.executable} -m perftui bench run --iterations 20 --warmup 2", script
    )
    script = script.replace("perftui bench compare", f"{sys.executable} -m perftui bench compare")
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, capture_output=True, text=True, timeout=110, check=False
    )


def test_the_first_commands(tmp_path: Path) -> None:
    """On a machine that does other things too, the comparison may find anything: it only has to say so."""
    (tmp_path / "benchmarks.py").write_text(blocks("python")[0], "utf-8")
    *measuring, comparing = blocks("sh")[0].splitlines()
    done = run("\n".join(measuring), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^(\w+) ", done.stdout, re.MULTILINE) == [
        "dumps", "sort", "switch", "dumps", "sort", "dumps", "sort", "switch", "compared", "sort", "switch",
    ]  # fmt: skip
    compared = run(comparing, tmp_path)
    assert compared.returncode in (0, 1), compared.stderr
    assert "fails above 5 %" in compared.stdout


def test_the_passes_of_ci(tmp_path: Path) -> None:
    for side in ("base", "new"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "benchmarks.py").write_text("def bench_sum():\n    sum(range(100))\n", "utf-8")
    script = blocks("sh")[1].replace("1 2 3 4 5 6 7 8 9 10", "1 2").replace("--fail-on 5%", "--fail-on 900%")
    done = run(script, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"bench.xml", "bench.md"} <= {path.name for path in tmp_path.iterdir()}


def test_the_code_of_comparing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(blocks("python")[1], "docs/benchmarking.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].endswith(" us")
    assert printed[-1].split()[0] in ("slower", "too")


def test_the_code_of_timing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(compile(blocks("python")[2], "docs/benchmarking.md", "exec"), names)
    assert capsys.readouterr().out.splitlines() == ["3 True 3", "999 True True", "True", "True"]


def test_every_figure_and_verdict_is_explained() -> None:
    assert first_cells("\n## The figures\n\n") == set(Statistics.__struct_fields__)
    assert first_cells("\n| verdict | when |\n") == set(get_args(Verdict))
    assert f"the threshold ({THRESHOLD:.0%})".replace("%", " %") in PAGE
    assert f"alpha ({ALPHA})" in PAGE


def options_of(action: Action) -> set[str]:
    parser = argparse.ArgumentParser(add_help=False)
    action.add_arguments(parser)
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", parser.format_help())) - {"--help"}


def test_every_option_is_explained() -> None:
    """Each kind of benchmark has a page of its own."""
    pages = [place.read_text("utf-8") for place in DOCS.glob("benchmarking*.md")]
    explained = {option for page in pages for option in re.findall("`(--[a-z-]+)", page)}
    assert set().union(*map(options_of, BENCH.all)) - explained == set()


@pytest.mark.parametrize("name", ["run", "compare"])
def test_the_table_of_an_action_has_its_options_and_no_other(name: str) -> None:
    table = PAGE.partition(f"\n| option of `{name}` | does |\n")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()]
    listed = {option for cell in cells for option in re.findall("`(--[a-z-]+)", cell)}
    assert listed | ({"--append"} if "`--append`" in table else set()) == options_of(BENCH.named[name])


def test_the_commands_of_the_workflow_are_understood() -> None:
    commands = re.findall(r"perftui (bench .*?)(?: > .*)?$", WORKFLOW, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        action, _ = understand("bench", shlex.split(command.replace("$side", "base"))[1:])
        assert action.name in ("run", "compare")
    loop = blocks("sh")[1]
    assert all(part in loop for part in ("--append", "--max-time 1s", "--fail-on 5%", "1 2 3 4 5 6 7 8 9 10"))
