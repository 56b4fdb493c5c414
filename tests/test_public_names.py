"""The library's public names: in one place, imported late, known to type checkers, each with an example that runs."""

import ast
import doctest
import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import perftui
import perftui.cache
import perftui.instrument
from perftui.servers import MongodProcess, RedisProcess

ROOT = Path(perftui.__file__).parent
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_the_package_hands_on_every_public_name() -> None:
    assert {*perftui.instrument.__all__, *perftui.cache.__all__, "analyze_log", "recommend"} <= set(perftui.__all__)
    assert set(perftui.instrument._MODULES) == set(perftui.instrument.__all__)
    for name in perftui.__all__:
        assert getattr(perftui, name) is not None
    for name in perftui.instrument.__all__:
        assert getattr(perftui, name) is getattr(perftui.instrument, name)


@pytest.mark.parametrize("package", [perftui, perftui.instrument], ids=lambda package: package.__name__)
def test_names_are_listed_and_others_are_not_there(package: Any) -> None:
    assert set(package.__all__) <= set(dir(package))
    assert sorted(set(package.__all__)) == sorted(package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = package.nonsense


@pytest.mark.parametrize("package", [perftui, perftui.instrument], ids=lambda package: package.__name__)
def test_no_name_is_hidden_by_a_module_of_its_name(package: Any) -> None:
    """`from package import name` gives the module once that is loaded."""
    modules = {path.stem for path in Path(package.__file__).parent.iterdir()}
    assert modules & set(package.__all__) == set()


@pytest.mark.parametrize("folder", [ROOT, ROOT / "instrument"], ids=["perftui", "perftui.instrument"])
def test_a_type_checker_knows_the_same_names(folder: Path) -> None:
    tree = ast.parse((folder / "__init__.py").read_text("utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    known = {
        alias.asname or alias.name
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert known == set(perftui.__all__ if folder == ROOT else perftui.instrument.__all__)


def test_importing_the_package_imports_nothing() -> None:
    code = "import sys; before = set(sys.modules); import perftui; print(sorted(set(sys.modules) - before))"
    assert run(code) == "['perftui']"


def test_a_name_of_the_library_imports_neither_clients_nor_frameworks() -> None:
    code = (
        "import sys; from perftui import ASGIMiddleware, Budget, CacheMonitor, Registry, metrics_app, report;"
        "Registry('shop'); print([m for m in ('textual', 'rich', 'httpx', 'pymongo', 'redis', 'starlette', 'flask',"
        "'django', 'litestar', 'opentelemetry', 'psutil') if m in sys.modules])"
    )
    assert run(code) == "[]"


def examples_of(name: str) -> Iterator[str]:
    """Sources of the examples in the docstring: prompts with what they print, and blocks of Python."""
    text = inspect.getdoc(getattr(perftui, name)) or ""
    if ">>>" in text:
        yield text
    yield from _BLOCK.findall(text)


@pytest.mark.parametrize("name", perftui.__all__)
def test_every_name_has_an_example_that_runs(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an empty folder; servers on localhost are the tests' own."""
    assert inspect.getdoc(getattr(perftui, name)), f"{name} has no docstring"
    examples = list(examples_of(name))
    assert examples, f"{name} has no example in its docstring"
    monkeypatch.chdir(tmp_path)
    for example in examples:
        if "mongodb://localhost" in example:
            mongod: MongodProcess = request.getfixturevalue("mongod")
            example = example.replace("mongodb://localhost", mongod.uri)
        if "redis://localhost" in example:
            redis: RedisProcess = request.getfixturevalue("redis_server")
            example = example.replace("redis://localhost", redis.uri)
        _run(example, name)


def _run(example: str, name: str) -> None:
    if ">>>" not in example:
        exec(compile(textwrap.dedent(example), f"<example of {name}>", "exec"), {"__name__": "example"})
        return
    test = doctest.DocTestParser().get_doctest(example, {"__name__": "example"}, name, None, 0)
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    assert result.failed == 0, "".join(said)
    assert result.attempted > 0
