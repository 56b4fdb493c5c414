"""`perftui bench run` and `compare` from outside: exit codes, files, and words."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from perftui import BenchmarkResult, load_benchmarks, save_benchmarks
from perftui.cli import main
from perftui.model.schemas import schema

FILE = """
import asyncio
from perftui import benchmark
def bench_sum():
    return sum(range(100))
@benchmark(setup=lambda: [3, 1, 2])
def bench_sort(numbers):
    numbers.sort()
    assert numbers == [1, 2, 3]
async def bench_wait():
    await asyncio.sleep(0)
"""
FEW = ("--iterations", "20", "--warmup", "2")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "speed.py").write_text(FILE, "utf-8")
    return tmp_path


def saved(name: str, **by: float) -> str:
    def blocks(factor: float) -> tuple[tuple[float, ...], ...]:
        return tuple((0.01 * factor * (1 + number % 7 / 1000),) for number in range(50))

    save_benchmarks([BenchmarkResult(name=key, blocks=blocks(factor)) for key, factor in by.items()], name)
    return name


def test_run_measures_every_function_and_saves_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "run", "speed.py", *FEW, "--json", "run.json", "--histogram"]) == 0
    printed = capsys.readouterr()
    assert re.findall(r"^(\w+) +[\d.]+ [num]s ", printed.out, re.MULTILINE) == ["sum", "sort", "wait"]
    assert printed.err == ""
    assert [(one.name, len(one.samples)) for one in load_benchmarks("run.json")] == [
        ("sum", 20), ("sort", 20), ("wait", 20),
    ]  # fmt: skip


def test_run_chooses_lists_and_appends(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "run", "speed.py", "--list", "--only", "s*"]) == 0
    assert capsys.readouterr().out == "sum\nsort\n"
    for _ in range(2):
        assert main(["bench", "run", "speed.py", *FEW, "--only", "sum", "--json", "run.json", "--append"]) == 0
    (both,) = load_benchmarks("run.json")
    assert (len(both.samples), [one.blocks for one in both.passes]) == (40, [20, 20])


def test_run_in_turns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "run", "speed.py", *FEW, "--in-turns", "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len({one["perftui"]["together"] for one in document["benchmarks"]}) == 1


def test_what_cannot_be_added_to_or_written_is_told_and_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "notes.json").write_text("my notes", "utf-8")
    assert main(["bench", "run", "speed.py", *FEW, "--only", "sum", "--json", "notes.json", "--append"]) == 1
    assert "notes.json cannot be added to: it is no JSON" in capsys.readouterr().err
    assert (folder / "notes.json").read_text("utf-8") == "my notes"
    (folder / "taken.json").mkdir()
    assert main(["bench", "run", "speed.py", *FEW, "--only", "sum", "--json", "taken.json"]) == 1
    assert "taken.json cannot be written: Is a directory." in capsys.readouterr().err


def test_what_a_benchmark_prints_is_no_data_and_its_exit_a_failure(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import sys\nprint('loaded')\ndef bench_talk(): print('called')\ndef bench_leave(): sys.exit(0)\n"
    (folder / "speed.py").write_text(code, "utf-8")
    assert main(["bench", "run", "speed.py", *FEW, "--json", "-"]) == 1
    printed = capsys.readouterr()
    assert [one["name"] for one in json.loads(printed.out)["benchmarks"]] == ["talk"]
    assert {"loaded", "called", "SystemExit: 0"} <= set(printed.err.splitlines())
    (folder / "speed.py").write_text("raise SystemExit(0)", "utf-8")
    assert main(["bench", "run", "speed.py"]) == 1


def test_what_ran_in_turns_is_compared_with_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "run", "speed.py", *FEW, "--in-turns"]) == 0
    compared = capsys.readouterr().out.partition("\ncompared with sum:\n")[2]
    verdict = r" +[\d.]+ [num]s +[\d.]+ [num]s +[\d.]+ \(.*\) +[-+=?] (?:faster|slower|no difference|too noisy): "
    assert re.findall(rf"^(\w+){verdict}", compared, re.MULTILINE) == ["sort", "wait"]


def test_run_within_limits(capsys: pytest.CaptureFixture[str]) -> None:
    limits = ["--max-iterations", "500", "--max-time", "200ms", "--gc"]
    assert main(["bench", "run", "speed.py", "--only", "sum", *limits, "--json", "run.json", "--markdown", "-"]) == 0
    assert capsys.readouterr().out.startswith("| benchmark | median |")
    (read,) = load_benchmarks("run.json")
    assert len(read.samples) * read.loops <= 500


def test_what_fails_is_told_and_does_not_stop_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "speed.py").write_text("def bench_bad():\n    {}['key']\ndef bench_good(): pass\n", "utf-8")
    assert main(["bench", "run", "speed.py", *FEW]) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines()[1].startswith("good ")
    assert "bad failed:" in printed.err
    assert 'speed.py", line 2, in bench_bad' in printed.err
    assert "KeyError: 'key'" in printed.err
    assert "Traceback" not in printed.err
    assert "perftui/bench" not in printed.err


@pytest.mark.parametrize(
    ("code", "arguments", "words"),
    [
        (None, ["nowhere.py"], "nowhere.py cannot be read: No such file"),
        ("x = 1", ["speed.py"], "has no function bench_*."),
        (None, ["speed.py", "--only", "nothing"], "has no function bench_* that matches nothing"),
        (None, [], "takes FILE"),
        (None, ["speed.py", "--append"], "--append needs the FILE"),
        (
            None,
            ["speed.py", "--junit", "x.xml"],
            "--junit goes with perftui bench compare, not with perftui bench",
        ),
        (None, ["speed.py", "--json", "no/where.json"], "--json: there is no folder no"),
        (None, ["speed.py", "--json", "-", "--markdown", "-"], "Only one of"),
    ],
)
def test_wrong_usage_of_run(
    code: str | None, arguments: list[str], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if code:
        (folder / "speed.py").write_text(code, "utf-8")
    assert main(["bench", "run", *arguments]) == 2
    printed = capsys.readouterr()
    assert (printed.out, words in printed.err) == ("", True)


def test_a_file_that_cannot_be_loaded_is_told_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "speed.py").write_text("import nothing_of_this_name\n", "utf-8")
    assert main(["bench", "run", "speed.py"]) == 1
    words = capsys.readouterr().err
    assert 'speed.py", line 1' in words
    assert "speed.py could not be loaded: ModuleNotFoundError." in words


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ("--fail-on", ("x", "-1%", "5 %%", "2", "1e9%")),
        ("--alpha", ("0", "1", "x", "nan")),
        ("--max-time", ("0", "1h", "x", "-1s", "nan")),
        ("--iterations", ("0", "1.5", "x", "9" * 20)),
    ],
)
def test_wrong_values_are_refused(arguments: str, values: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", "a", "b"] if arguments in ("--fail-on", "--alpha") else ["run", "speed.py"]
    for value in values:
        with pytest.raises(SystemExit) as ended:
            main(["bench", *words, f"{arguments}={value}"])
        assert ended.value.code == 2
        assert f"argument {arguments}: must be" in capsys.readouterr().err


@pytest.mark.parametrize("limit", [1, 5, 20])
def test_compare_fails_at_twice_the_limit_and_passes_at_half(limit: int, capsys: pytest.CaptureFixture[str]) -> None:
    base = saved("base.json", it=1.0, other=1.0)
    twice = saved("twice.json", it=1 + 2 * limit / 100, other=1.0)
    half = saved("half.json", it=1 + limit / 200, other=0.5)
    assert main(["bench", "compare", base, twice, "--fail-on", f"{limit}%"]) == 1
    assert f"it: slower by {2 * limit}.0%, more than {limit} %" in capsys.readouterr().err
    assert main(["bench", "compare", base, half, f"--fail-on={limit / 100}"]) == 0
    assert main(["bench", "compare", base, twice]) == 0


def test_compare_writes_each_form(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, new = saved("base.json", it=1.0, other=1.0), saved("new.json", it=1.2, other=0.9)
    files = ["--json", "c.json", "--junit", "c.xml", "--markdown", "c.md"]
    assert main(["bench", "compare", base, "--fail-on", "5%", new, *files]) == 1
    printed = capsys.readouterr()
    assert re.search(r"^it .*- slower: \+20\.0%", printed.out, re.MULTILINE)
    assert re.search(r"^other .*\+ faster: -10\.0%", printed.out, re.MULTILINE)
    document = json.loads((folder / "c.json").read_text("utf-8"))
    jsonschema.validate(document, schema("bench-comparison-1"))
    assert (document["schema"], document["failures"]) == (
        "perftui.bench-comparison/1", ["it: slower by 20.0%, more than 5 %"],
    )  # fmt: skip
    assert [one["verdict"] for one in document["comparisons"]] == ["slower", "faster"]
    assert ElementTree.parse(folder / "c.xml").getroot().get("failures") == "1"
    assert (folder / "c.md").read_text("utf-8").startswith("| benchmark | base | new |")
    assert main(["bench", "compare", base, new, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["fail_on"] is None


def test_compare_may_fail_on_noise(capsys: pytest.CaptureFixture[str]) -> None:
    save_benchmarks([BenchmarkResult(name="it", blocks=((1.0, 1.1),))], "few.json")
    assert main(["bench", "compare", "few.json", "few.json", "--fail-on", "5%"]) == 0
    assert "too noisy" in capsys.readouterr().out
    assert main(["bench", "compare", "few.json", "few.json", "--fail-on", "5%", "--fail-on-noise"]) == 1
    assert "it: too noisy: only 2 and 2 blocks" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["base.json"], "takes BASE NEW"),
        (["base.json", "nowhere.json"], "nowhere.json cannot be read: No such file"),
        (["base.json", "speed.py"], "speed.py cannot be read: it is no JSON"),
        (["base.json", "other.json"], "have no benchmark in common"),
    ],
)
def test_wrong_usage_of_compare(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    saved("base.json", it=1.0)
    saved("other.json", that=1.0)
    assert main(["bench", "compare", *arguments]) == 2
    printed = capsys.readouterr()
    assert (printed.out, words in printed.err) == ("", True)


def test_what_was_saved_without_its_data_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = {"benchmarks": [{"name": "it", "stats": {"mean": 1.0}}], "version": "5.0"}
    (folder / "theirs.json").write_text(json.dumps(document), "utf-8")
    assert main(["bench", "compare", "theirs.json", "theirs.json"]) == 2
    assert "it: it was saved without its data: give pytest-benchmark --benchmark-save-data." in capsys.readouterr().err


def test_an_unknown_action_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "comapre", "a", "b"]) == 2
    assert "did you mean 'compare'?" in capsys.readouterr().err


def test_from_outside_and_without_a_terminal(folder: Path) -> None:
    """Standard output that is not UTF-8 gets a histogram that it can hold."""
    command = [sys.executable, "-m", "perftui", "bench", "run", "speed.py", *FEW, "--only", "sum", "--histogram"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("     ")
    assert done.stdout.isascii()
    assert "#" in done.stdout
