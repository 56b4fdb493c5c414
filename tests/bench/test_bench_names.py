"""The names of `perftui.bench`: the package hands them on, a type checker knows them, and none costs a client."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import perftui
from perftui import bench
from perftui.bench.noise import warnings_of


def test_the_package_hands_on_every_name() -> None:
    assert set(bench.__all__) <= set(perftui.__all__)
    assert sorted(bench.__all__) == bench.__all__
    assert set(bench.__all__) <= set(dir(bench))
    for name in bench.__all__:
        assert getattr(perftui, name) is getattr(bench, name)
    nonsense = "nonsense"
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        getattr(bench, nonsense)


def test_no_name_is_hidden_by_a_module_of_its_name() -> None:
    assert {path.stem for path in Path(bench.__file__).parent.iterdir()} & set(bench.__all__) == set()


def test_a_type_checker_knows_the_same_names() -> None:
    tree = ast.parse(Path(bench.__file__).read_text("utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    known = {alias.name for node in imports for alias in node.names}
    assert known == set(bench.__all__)


def test_benchmarking_imports_neither_clients_nor_numpy() -> None:
    """Nor does the command line before it is asked to run something."""
    code = (
        "import sys; from perftui.bench import *; from perftui.cli import main;"
        "assert BenchmarkRunner(iterations=3).run(len, setup=list).statistics.n == 3;"
        "print([name for name in ('textual', 'rich', 'httpx', 'pymongo', 'redis', 'psutil', 'plotext', 'numpy',"
        "'scipy', 'tracemalloc') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_samples_that_a_coarse_clock_took_for_nothing_are_told() -> None:
    nothing = bench.BenchmarkResult(name="it", blocks=((0.0, 0.0, 0.001),) * 20)
    assert warnings_of(nothing) == ("samples of 0 s: the clock is too coarse for them",)
    assert nothing.statistics.ops_per_s > 0
