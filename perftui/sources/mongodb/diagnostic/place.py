"""Where a mongod of this machine keeps its diagnostic data, from its process alone: no command is sent for it."""

import re
import socket
from collections.abc import Sequence
from pathlib import Path

_FOLDER = "diagnostic.data"
_DEFAULT = "/data/db"
_LARGEST_CONFIG_BYTES = 256 * 1024
_IN_CONFIG = re.compile(r"^\s*(?:dbPath\s*:|dbpath\s*=)\s*[\"']?([^\"'#\n]+)", re.MULTILINE)


def folder_of(pid: int, host: str | None) -> Path | None:
    """`None` where this is no mongod of this machine. Raises `OSError` where it may not be looked at."""
    import psutil

    if host is not None and host.partition(":")[0] != socket.gethostname():
        return None
    try:
        process = psutil.Process(pid)
        arguments = process.cmdline()
    except psutil.Error:
        return None
    if not arguments or not Path(arguments[0]).name.startswith("mongod"):
        return None
    try:
        here = Path(process.cwd())
    except psutil.Error:
        here = Path("/")
    data = here / (_option(arguments, "--dbpath") or _in_config(arguments, here) or _DEFAULT)
    return _seen_by(pid, data) / _FOLDER


def _seen_by(pid: int, path: Path) -> Path:
    """In a container, the path begins at the container's own root."""
    root = Path(f"/proc/{pid}/root")
    inside = root / path.relative_to(path.anchor)
    try:
        return inside if inside.is_dir() else path
    except PermissionError:
        return path


def _option(arguments: Sequence[str], *names: str) -> str | None:
    for index, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in names:
            return value if equals else next(iter(arguments[index + 1 : index + 2]), None)
    return None


def _in_config(arguments: Sequence[str], here: Path) -> str | None:
    path = _option(arguments, "--config", "-f")
    if path is None:
        return None
    try:
        with (here / path).open(encoding="utf-8", errors="replace") as file:
            found = _IN_CONFIG.search(file.read(_LARGEST_CONFIG_BYTES))
    except OSError:
        return None
    return found[1].strip() if found else None
