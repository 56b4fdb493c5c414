"""What the repository's files must not hold, and what its pinned versions must."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Written in parts, so that this file does not hold them.
OF_ONE_MACHINE = ("/wo" + "rk/", "/op" + "t/", "/tmp/no" + "tes", "/ro" + "ot/", "/ho" + "me/")
REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "file:" + "///")
BINARY = {".png"}


def files() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


@pytest.mark.parametrize("forbidden", [*OF_ONE_MACHINE, *REGISTRIES])
def test_no_file_names_one_machine_s_folders_or_a_package_registry(forbidden: str) -> None:
    # A path begins where no other path goes on: `https://shop.example/work/` is no folder of ours.
    pattern = re.compile(rf"(?<![\w./}}-]){re.escape(forbidden)}")
    checked = files()
    assert len(checked) > 100
    assert [str(path) for path in checked if pattern.search(path.read_text("utf-8", "replace"))] == []


def test_the_picture_is_of_no_particular_machine_and_fetches_nothing() -> None:
    picture = (ROOT / "docs" / "screenshot.svg").read_text("utf-8")
    assert "web-1" in picture
    links = set(re.findall(r"https?://[^\s\"'<>)]+", picture))
    assert links <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    names = [line.partition("==") for line in lines if line and not line.startswith("#")]
    assert all(separator and re.fullmatch(r"[0-9][\w.]*", version) for _, separator, version in names)
    return {_normal(name): version for name, _, version in names}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_everything_that_is_asked_for_is_pinned_and_perftui_is_not() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["demo"], *extras["test"], *extras["lint"]]
    names = {_normal(re.split(r"[<>=\[; ]", wanted)[0]) for wanted in asked}
    assert names - {"perftui"} <= set(pinned())
    assert "perftui" not in pinned()
