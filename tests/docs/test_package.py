"""The wheel and the source archive hold what they must, and the wheel works without the checkout."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from perftui import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's files and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Python with the wheel in front of any other perftui, far from the checkout."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=site.parent,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_wheel_holds_themes_schemas_and_the_mark_of_types(installed: Path) -> None:
    package = installed / "perftui"
    assert (package / "py.typed").is_file()
    assert {path.name for path in (package / "themes").iterdir()} == {path.name for path in (ROOT / "themes").iterdir()}
    assert {path.name for path in (package / "model" / "schemas").glob("*.json")} == {
        "analysis-1.json",
        "bench-1.json",
        "bench-comparison-1.json",
        "bench-http-1.json",
        "bench-mongo-1.json",
        "bench-report-1.json",
        "budgets-1.json",
        "check-1.json",
        "config-1.json",
        "metrics-1.json",
        "snapshot-1.json",
        "verdict-1.json",
        "watch-1.json",
    }
    assert {path.name for path in installed.iterdir()} == {"perftui", f"perftui-{__version__}.dist-info"}


def test_the_wheel_works_without_the_checkout(installed: Path) -> None:
    version = run(installed, ["-m", "perftui", "--version"])
    assert (version.stdout, version.stderr) == (f"perftui {__version__}\n", "")
    themes = run(installed, ["-c", "from perftui.tui.themes import shipped_folder; print(shipped_folder())"])
    assert themes.stdout.strip() == str(installed / "perftui" / "themes"), themes.stderr


def test_a_checkout_uses_its_own_themes() -> None:
    from perftui.tui.themes import shipped_folder

    assert shipped_folder() == ROOT / "themes"


def test_the_source_archive_can_be_built_from_and_tested(tmp_path: Path) -> None:
    (archive,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    wanted = {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "constraints.txt",
        ".ci/run",
        "tests/conftest.py",
    }
    assert wanted | {"themes/perftui-dark.toml", "docs/start.md", "perftui/py.typed"} <= names


def test_the_version_is_told_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__
    assert f"## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
