"""The guides: their commands run on the demo, their rooms and paths exist, and what they quote is said."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from helpers.waiting import wait_until

from perftui.demo.session import METRICS_PATH, DemoSession

ROOT = Path(__file__).parents[2]
BENCHMARKS = "def bench_sum():\n    sum(range(10))\n"
SHORTER = {"--seconds 28800": "--seconds 10", "--duration 30s": "--duration 2s", "--duration 10s": "--duration 2s"}
"""Hours and minutes of the guides, as long as a test may take."""


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def blocks(name: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", read(name), re.MULTILINE | re.DOTALL)


def run(script: str, demo: DemoSession, folder: Path) -> subprocess.CompletedProcess[str]:
    """In bash, with this Python, on the demo, which is not changed."""
    mongodb, _, metrics = demo.uris
    application = metrics.removesuffix(METRICS_PATH)
    for name, stands_for in {
        "https://shop.example/perftui/v1/metrics": metrics,
        "http://127.0.0.1:8000": application,
        "mongodb://staging": f"{mongodb}library --max-time 100ms",
        "shop-prod": mongodb,
        "$METRICS": metrics,
        "$MONGODB": mongodb,
        "$APP": application,
        **SHORTER,
    }.items():
        script = script.replace(name, stands_for)
    script = script.replace("bench run ", "bench run --iterations 20 --warmup 1 ")
    script = re.sub(r"^perftui ", f"{sys.executable} -m perftui ", script, flags=re.MULTILINE)
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=110, check=False, input=""
    )


def succeeds(line: str, demo: DemoSession, folder: Path) -> bool:
    return run(line, demo, folder).returncode == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "benchmarks.py").write_text(BENCHMARKS, "utf-8")
    (tmp_path / "perftui-budgets.toml").write_text(read("perftui-budgets.toml"), "utf-8")
    first = [
        sys.executable,
        "-m",
        "perftui",
        "bench",
        "run",
        "benchmarks.py",
        "--iterations",
        "20",
        "--json",
        "base.json",
    ]
    subprocess.run(first, cwd=tmp_path, capture_output=True, check=True)
    return tmp_path


def commands_of(name: str) -> list[str]:
    return [line for block in blocks(name) for line in block.splitlines() if line.startswith("perftui ")]


@pytest.mark.parametrize("title", ["Each week", "Each month", "Each quarter", "With each release"])
def test_the_routine_can_be_run(title: str, demo: DemoSession, folder: Path) -> None:
    block = read("routine.md").partition(f"## {title}\n")[2].partition("```sh\n")[2].partition("```")[0]
    assert block
    for line in block.splitlines():
        if "--suggest" in line:  # the demo may have begun a moment ago
            wait_until(partial(succeeds, line, demo, folder), timeout_s=60)
        done = run(line, demo, folder)
        assert done.returncode in (0, 1), (line, done.stdout, done.stderr)
        assert "an error of perftui itself" not in done.stderr
        assert done.returncode == 0 or done.stdout, (line, done.stderr)


@pytest.mark.long
def test_the_worked_example_can_be_followed(demo: DemoSession, folder: Path) -> None:
    """All but what starts a demo and what creates indexes: the demo here is shared."""
    lines = [line for line in commands_of("performance.md") if " demo " not in line and "--yes" not in line]
    assert len(lines) > 6
    for line in lines:
        done = run(line, demo, folder)
        assert done.returncode in (0, 1), (line, done.stdout, done.stderr)
        assert "an error of perftui itself" not in done.stderr
    assert {"before.json", "after.json", "analysis.json"} <= {path.name for path in folder.iterdir()}


def test_the_drawing_has_every_room() -> None:
    drawing = read("architecture.svg")
    rooms = {path.parent.name for path in (ROOT / "perftui").glob("*/__init__.py")}
    assert {room for room in rooms if not re.search(rf"\b{room}\b", drawing)} == set()


def test_every_place_in_the_architecture_exists() -> None:
    page = read("architecture.md")
    places = re.findall(r"`((?:perftui|tests)/[\w./]*)`", page)
    assert len(places) > 8
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert (ROOT / "perftui" / "sources" / "registry.py").exists()


def test_what_the_troubleshooting_quotes_is_said() -> None:
    said = "".join(path.read_text("utf-8") for path in (ROOT / "perftui").rglob("*.py"))
    table = read("troubleshooting.md").partition("| it says |")[2].partition("\n\n")[0]
    quoted = [text for line in table.splitlines()[2:] for text in re.findall(r"`([^`]+)`", line.split("|")[1])]
    assert len(quoted) > 8
    assert [text for text in quoted if text not in said] == []
