"""Saved runs: ours read by pyperf and pytest-benchmark themselves, theirs read by us."""

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pyperf  # type: ignore[import-untyped]
import pytest
from pytest_benchmark.stats import Stats

from perftui import BenchmarkResult, BenchmarkRunner, load_benchmarks, save_benchmarks
from perftui.bench.loading import RunUnreadableError, from_json
from perftui.bench.result import joined
from perftui.bench.saving import json_without_samples, to_json
from perftui.model.bench.samples import Pass
from perftui.model.schemas import schema

VALUES = ((0.011, 0.012, 0.010), (0.0125, 0.013, 0.02), (0.011, 0.0101, 0.0115))


def result(name: str = "sort", **changes: Any) -> BenchmarkResult:
    facts = {"hostname": "web-1", "cpu_count": 4, "python_version": "3.11.7 (64-bit)", "load_avg_1min": 0.5}
    given: dict[str, Any] = {
        "blocks": VALUES, "warmups": (0.03, 0.02), "loops": 8, "facts": facts, "started_at": 1_790_000_000.0,
    }  # fmt: skip
    return BenchmarkResult(name=name, **(given | changes))


def tool(folder: Path, *arguments: str) -> str:
    """Away from this pytest, in whose workers pytest-benchmark measures nothing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_what_is_saved_is_read_back_whole(tmp_path: Path) -> None:
    results = [
        result(together="t", warnings=("not steady",), duration_s=1.5),
        result("other", loops=1, warmups=(), passes=(Pass(blocks=1, started_at=5.5), Pass(blocks=2))),
        BenchmarkRunner(iterations=20).run(lambda: None, name="real"),
    ]
    save_benchmarks(results, tmp_path / "run.json")
    assert load_benchmarks(tmp_path / "run.json") == results
    (tmp_path / "run.json.gz").write_bytes(gzip.compress((tmp_path / "run.json").read_bytes()))
    assert load_benchmarks(tmp_path / "run.json.gz") == results
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_saved_fits_its_schema() -> None:
    several = result(warmups=(0.5,), passes=(Pass(blocks=1, started_at=5.0),), facts={"cpu_count": 4})
    document = json.loads(to_json([several, result("other")]))
    jsonschema.validate(document, schema("bench-1"))
    jsonschema.validate(json.loads(json_without_samples({})), schema("bench-1"))
    del document["benchmarks"][1]["runs"][0]["values"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("bench-1"))


def test_pyperf_reads_ours_with_the_same_figures() -> None:
    ours = [result(), result("other")]
    suite = pyperf.BenchmarkSuite.loads(to_json(ours).decode())
    assert suite.get_benchmark_names() == ["sort", "other"]
    theirs = suite.get_benchmark("sort")
    figures = ours[0].statistics
    assert theirs.get_values() == ours[0].samples
    assert theirs.mean() == pytest.approx(figures.mean_s)
    assert theirs.median() == pytest.approx(figures.median_s)
    assert (theirs.get_loops(), theirs.get_unit(), theirs.get_nrun()) == (8, "second", 3)
    assert theirs.get_runs()[0].warmups == ((8, 0.03), (8, 0.02))
    assert theirs.get_metadata()["hostname"] == "web-1"
    assert json.loads(to_json(ours))["metadata"]["cpu_count"] == 4


def test_pyperf_s_own_commands_take_ours(tmp_path: Path) -> None:
    save_benchmarks([result()], tmp_path / "base.json")
    slower = tuple(tuple(value * 2 for value in block) for block in VALUES)
    save_benchmarks([result(blocks=slower)], tmp_path / "new.json")
    assert "2.00x slower" in tool(tmp_path, "pyperf", "compare_to", "base.json", "new.json")
    assert "Loop iterations per value: 8" in tool(tmp_path, "pyperf", "stats", "base.json")


def test_pytest_benchmark_s_own_command_takes_ours(tmp_path: Path) -> None:
    save_benchmarks([result(), result("other")], tmp_path / "base.json")
    save_benchmarks([result()], tmp_path / "new.json")
    shown = tool(tmp_path, "pytest_benchmark", "compare", "base.json", "new.json")
    assert re.search(r"^sort \(base\) .* 9  +8$", shown, re.MULTILINE)
    assert re.search(r"^other \(base\) ", shown, re.MULTILINE)


def test_the_stats_are_those_of_pytest_benchmark() -> None:
    """Quartiles aside: it has a method of its own for them."""
    theirs: Any = Stats()  # type: ignore[no-untyped-call]
    for sample in result().samples:
        theirs.update(sample)
    ours = json.loads(to_json([result()]))["benchmarks"][0]["stats"]
    assert set(Stats.fields) <= set(ours)
    for field in ("min", "max", "mean", "stddev", "rounds", "median", "ops", "total", "stddev_outliers", "hd15iqr"):
        assert ours[field] == pytest.approx(getattr(theirs, field)), field


def test_pyperf_s_files_are_read(tmp_path: Path) -> None:
    runs = [
        pyperf.Run(values, warmups=[(4, 0.5)], metadata={"name": "theirs", "loops": 4}, collect_metadata=False)
        for values in VALUES
    ]
    pyperf.Benchmark(runs).dump(str(tmp_path / "pyperf.json"))
    (read,) = load_benchmarks(tmp_path / "pyperf.json")
    assert (read.name, read.loops, read.blocks, read.warmups) == ("theirs", 4, VALUES, (0.5, 0.5, 0.5))


def test_what_pyperf_measures_is_read(tmp_path: Path) -> None:
    options = ["--processes", "2", "--values", "3", "--warmups", "1", "--loops", "10", "--quiet", "-o", "timed.json"]
    tool(tmp_path, "pyperf", "timeit", *options, "sum(range(100))")
    (read,) = load_benchmarks(tmp_path / "timed.json")
    assert (read.name, read.loops, [len(block) for block in read.blocks]) == ("timeit", 10, [3, 3])
    assert read.facts["python_implementation"] == "cpython"
    assert read.started_at is not None


@pytest.mark.parametrize("data", [True, False], ids=["with data", "without"])
def test_what_pytest_benchmark_measures_is_read(data: bool, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(benchmark):\n    benchmark(sum, range(100))\n", "utf-8")
    options = ["--benchmark-json=it.json", "--benchmark-max-time=0.01", "--benchmark-min-rounds=5", "-p", "no:randomly"]
    tool(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_it.py", *options)
    document = json.loads((tmp_path / "it.json").read_text("utf-8"))
    stats = document["benchmarks"][0]["stats"]
    if not data:
        del stats["data"]
    (read,) = from_json(json.dumps(document).encode())
    assert read.name == "test_it.py::test_it"
    assert read.facts["hostname"] == document["machine_info"]["node"]
    if data:
        assert read.statistics.mean_s == pytest.approx(stats["mean"])
        assert (read.statistics.n, read.loops) == (stats["rounds"], stats["iterations"])
    else:
        assert (read.samples, read.blocks) == ((), ())
        assert "--benchmark-save-data" in read.warnings[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no json", "no JSON"),
        (b"[]", "no list of benchmarks"),
        (b'{"benchmarks": [1]}', "no list of benchmarks"),
        (b'{"benchmarks": [{}]}', "neither runs nor stats"),
        (b'{"benchmarks": [{"runs": []}], "version": "9"}', "version '9'"),
        (b'{"benchmarks": [{"runs": []}], "version": "1.0"}', "damaged"),
        (b'{"benchmarks": [{"runs": [3]}], "version": "1.0"}', "damaged"),
        (b'{"benchmarks": [{"runs": [{"values": ["x"]}], "metadata": {"name": "a"}}], "version": "1.0"}', "no number"),
        (b'{"benchmarks": [{"runs": [{"values": [-1]}], "metadata": {"name": "a"}}], "version": "1.0"}', "below 0"),
        (b'{"benchmarks": [{"runs": [], "metadata": {"name": "a", "unit": "byte"}}], "version": "1.0"}', "in bytes"),
        (b'{"benchmarks": [{"stats": 3}]}', "damaged"),
        (b'{"benchmarks": [{"stats": {}, "name": "a"}], "datetime": "yesterday"}', "damaged"),
    ],
)  # fmt: skip
def test_damaged_files_are_refused_in_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(RunUnreadableError, match=re.escape(words)):
        from_json(data)


def test_a_cut_gzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(to_json([result()]))[:-20])
    with pytest.raises(RunUnreadableError, match="gzip"):
        load_benchmarks(tmp_path / "cut.json.gz")


def test_what_cannot_be_saved_is_refused_and_leaves_the_file(tmp_path: Path) -> None:
    save_benchmarks([result()], tmp_path / "run.json")
    for wrong in ([], [result(blocks=())], [result(), result()]):
        with pytest.raises(ValueError, match=r"no benchmark|same name"):
            save_benchmarks(wrong, tmp_path / "run.json")
    assert load_benchmarks(tmp_path / "run.json") == [result()]


def test_passes_are_joined() -> None:
    first, second, other = result(), result(warnings=("w",), together="t"), result("other")
    both, alone = joined([first, other], [second])
    one = Pass(blocks=3, started_at=1_790_000_000.0)
    assert (both.passes, len(both.blocks), both.together, both.warnings) == ((one, one), 6, None, ("w",))
    assert alone == other
    (thrice,) = joined([both], [first])
    assert thrice.passes == (one, one, one)
