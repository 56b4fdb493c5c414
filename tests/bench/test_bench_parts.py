"""Smaller parts: what a file holds, drawings, progress, facts of the machine, reports."""

import io
import re
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from perftui import BenchmarkResult, ProgressBar, benchmark, draw_histogram
from perftui.bench import gate, gate_report, machine, report
from perftui.bench.collecting import collect, load_module
from perftui.bench.noise import warnings_of
from perftui.bench.progress import line


def module_of(code: str) -> ModuleType:
    module = ModuleType("some_benchmarks")
    exec(code, vars(module))
    return module


CODE = """
from os.path import join as bench_joined
from perftui import benchmark
def bench_b(): pass
async def bench_a(): pass
@benchmark(name="by name", setup=list, teardown=len)
def bench_c(items): pass
bench_number = 3
def helper(): pass
"""


def test_a_file_s_own_functions_are_its_benchmarks_in_their_order() -> None:
    found = collect(module_of(CODE))
    assert [one.name for one in found] == ["b", "a", "by name"]
    assert (found[2].around.setup, found[2].around.teardown) == (list, len)
    subjects = [one.subject() for one in found]
    assert [subject.awaits for subject in subjects] == [False, True, False]
    assert [one.name for one in collect(module_of(CODE), ["by*", "a"])] == ["a", "by name"]
    assert collect(module_of(CODE), ["nothing"]) == []


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two benchmarks are named a"):
        collect(module_of(CODE + "@benchmark(name='a')\ndef bench_d(): pass\n"))


def test_a_marked_function_stays_what_it_is() -> None:
    def bench_sum(numbers: list[int]) -> int:
        return sum(numbers)

    assert benchmark(setup=lambda: [1])(bench_sum) is bench_sum


def test_a_file_imports_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("neighbour_of_it", "it_benchmarks"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "neighbour_of_it.py").write_text("number = 7", "utf-8")
    (tmp_path / "it_benchmarks.py").write_text("from neighbour_of_it import number\ndef bench_x(): pass", "utf-8")
    module = load_module(tmp_path / "it_benchmarks.py")
    assert (module.number, [one.name for one in collect(module)]) == (7, ["x"])
    monkeypatch.delitem(sys.modules, "neighbour_of_it")
    monkeypatch.delitem(sys.modules, "it_benchmarks")
    (tmp_path / "text.txt").write_text("", "utf-8")
    for name in ("nowhere.py", "text.txt"):
        with pytest.raises(OSError, match=r"No such file|no Python file"):
            load_module(tmp_path / name)


def test_a_histogram_counts_each_sample_once() -> None:
    samples = [0.010] * 50 + [0.011] * 100 + [0.013] * 40 + [5.0] * 2
    drawn = draw_histogram(samples, width=20, rows=5)
    assert sum(int(line.rpartition(" ")[2]) for line in drawn.splitlines()) == len(samples)
    assert drawn.splitlines()[-1].split()[0] == ">"
    assert len(drawn.splitlines()) == 5
    assert max(len(line) for line in drawn.splitlines()) < 40
    assert draw_histogram([0.5] * 3, width=4, ascii_only=True) == "500 ms #### 3"
    assert draw_histogram(samples, ascii_only=True).isascii()
    for samples, width, rows in (([], 40, 12), ([1.0], 0, 12), ([1.0], 40, 1)):
        with pytest.raises(ValueError, match="a histogram needs"):
            draw_histogram(samples, width=width, rows=rows)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("perftui.bench.progress.time.monotonic", lambda: now[0])
    terminal = Terminal()
    bar = ProgressBar(terminal)
    bar("sort", 1, 4)
    assert terminal.getvalue() == ""  # what is done in a moment is not worth a bar
    now[0] = 1.0
    bar("sort", 2, 4)
    bar("sort", 3, 4)
    assert terminal.getvalue() == "\r\x1b[K[############............]  50% sort"
    bar.close()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert line("x" * 60, 0, 0).endswith(" 100% " + "x" * 39 + "…")


def test_the_commit_is_read_from_git_s_files(tmp_path: Path) -> None:
    assert machine.commit(tmp_path) == {}
    git, commit_id = tmp_path / ".git", "0123456789" * 4
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/topic/one\n", "utf-8")
    assert machine.commit(tmp_path) == {}
    (git / "packed-refs").write_text(f"# packed\n{commit_id} refs/heads/topic/one\n", "utf-8")
    (tmp_path / "deeper").mkdir()
    assert machine.commit(tmp_path / "deeper") == {"commit_id": commit_id, "commit_branch": "topic/one"}
    (git / "HEAD").write_text(commit_id, "utf-8")
    assert machine.commit(tmp_path) == {"commit_id": commit_id}


def result(name: str = "sort", by: float = 1.0, **given: object) -> BenchmarkResult:
    blocks = tuple((0.01 * by * (1 + number % 7 / 1000),) for number in range(50))
    return BenchmarkResult(**({"name": name, "blocks": blocks} | given))  # type: ignore[arg-type]


def test_a_quiet_run_has_no_warnings_and_a_noisy_one_has_each() -> None:
    assert warnings_of(result(facts={"load_avg_1min": 0.1, "cpu_count": 2})) == ()
    samples = [1.0, 1.2, 1.4] * 20 + [1.5, 1.7, 1.9] * 20 + [30.0] * 10
    noisy = BenchmarkResult(
        name="it",
        blocks=tuple((one * 1e-6,) for one in samples),
        warnings=("it was not steady",),
        facts={"load_avg_1min": 9.5, "cpu_count": 2},
    )
    found = " ".join(warnings_of(noisy))
    for words in ("not steady", "reading the clock", "scatter", "outliers", "the mean lies", "became", "load of 9.5"):
        assert words in found
    assert "only 2 samples" in warnings_of(BenchmarkResult(name="it", blocks=((1.0, 1.0),)))[0]


HOSTILE = 'a|b`c<d>&"\x1b[31m\n'


def test_reports_of_a_run_hold_each_benchmark_and_its_doubts() -> None:
    results = [result(), result(HOSTILE, warnings=("it was not steady",))]
    text = report.text_of(results, histogram=True, ascii_only=True)
    assert re.search(r"^sort +10\.0 ms +10\.0 ms .* 50 x 1$", text, re.MULTILINE)
    assert "  ! it was not steady" in text
    assert "#" in text
    assert "\x1b" not in text
    markdown = report.markdown_of(results)
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert {line.count("|") for line in rows} == {9}


def test_reports_of_a_comparison_are_whole_in_every_form() -> None:
    base = [result(), result(HOSTILE), result("gone"), result("few", blocks=((1.0,),))]
    new = [result(by=1.2), result(HOSTILE, 0.8), result("few", blocks=((1.0,),))]
    judged = gate.judge(base, new, 0.02, 0.01, 0.05)
    text = gate_report.text_of(judged)
    assert re.search(r"^sort +10\.0 ms +12\.0 ms +1\.200 \(.*\) +- slower: \+20\.0%, p < 0\.0001$", text, re.MULTILINE)
    assert "gone: not compared, it is only in the base" in text
    assert text.endswith("threshold 2 %, alpha 0.01, fails above 5 %")
    suite = ElementTree.fromstring(gate_report.junit_of(judged))
    assert {key: suite.get(key) for key in ("tests", "failures", "skipped")} == {
        "tests": "4", "failures": "1", "skipped": "2",
    }  # fmt: skip
    failure = suite.find("testcase[@name='sort']/failure")
    assert failure is not None
    assert failure.get("message") == "slower by 20.0%, more than 5 %"
    rows = [line for line in gate_report.markdown_of(judged).decode().splitlines() if line.startswith("|")]
    assert rows[2].startswith("| `sort` |")
    assert "**- slower" in rows[2]
    assert {line.count("|") for line in rows} == {6}
    noisy = gate.judge([*base, result(HOSTILE + "2")], new, 0.02, 0.01, 0.05, noise=True)
    words = gate_report.markdown_of(noisy) + gate_report.junit_of(noisy) + gate_report.json_of(noisy)
    assert b"\x1b" not in words
    assert "\x1b" not in gate_report.text_of(noisy) + "".join(noisy.failures)


def test_a_file_hides_no_module_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "json.py").write_text("def bench_x(): pass", "utf-8")
    assert [one.name for one in collect(load_module(tmp_path / "json.py"))] == ["x"]
    assert sys.modules["json"] is json
    del sys.modules["perftui_benchmarks_json"]
