"""The running interpreter's own files: its program, standard library, extension modules and shared libraries."""

import ctypes
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
ARCHIVE = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
# What a monitor on a terminal has no use for. Tests hold that all of perftui is imported without these.
UNUSED_MODULES = {
    "__phello__", "antigravity", "curses", "dbm", "distutils", "ensurepip", "idlelib", "lib2to3", "msilib",
    "pydoc_data", "site-packages", "sqlite3", "test", "this", "tkinter", "turtle", "turtledemo", "venv", "wsgiref",
}  # fmt: skip
UNUSED_EXTENSIONS = re.compile(
    r"_?xx|_test|_ctypes_test|_tkinter|_sqlite3|_curses|_g?dbm|readline|nis\b|ossaudiodev|_?crypt\b|spwd|audioop|_lsprof"
)
_OLDEST_GLIBC = (2, 34)


class CannotBuildError(Exception):
    """Why no executable can be built here, as a sentence."""


def program() -> Path:
    """The interpreter's real file, also from within a venv."""
    base: str = getattr(sys, "_base_executable", sys.executable)
    return Path(base).resolve()


def require_usable() -> None:
    """Raises `CannotBuildError` where this interpreter or its C library cannot be carried elsewhere."""
    name, _, version = _c_library().partition(" ")
    if name != "glibc" or tuple(map(int, version.split(".")[:2])) < _OLDEST_GLIBC:
        oldest, here = ".".join(map(str, _OLDEST_GLIBC)), _c_library() or "another C library"
        raise CannotBuildError(
            f"The executable is built on Linux with glibc {oldest} or newer, and this machine has {here}. "
            "Build on a newer system: what is built there runs on older ones, too."
        )


def _c_library() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""


def standard_modules() -> list[Path]:
    """Sources of the standard library, relative to its folder."""
    folder = standard_folder()
    names = (path.relative_to(folder) for path in folder.rglob("*.py"))
    return sorted(name for name in names if not _is_unused(name))


def standard_folder() -> Path:
    """Where the standard library stands."""
    return Path(sysconfig.get_path("stdlib"))


def _is_unused(name: Path) -> bool:
    first = name.parts[0].removesuffix(".py")
    ours_only = first.startswith(("_sysconfigdata", "config-", "sitecustomize", "usercustomize"))
    return ours_only or first in UNUSED_MODULES or bool({"tests", "test", "idle_test"} & set(name.parts))


def extension_modules() -> list[Path]:
    """The standard library's compiled modules."""
    folder = Path(sysconfig.get_config_var("DESTSHARED"))
    return sorted(path for path in folder.glob("*.so") if not UNUSED_EXTENSIONS.match(path.name))


def libraries(files: Iterable[Path], loader: Path) -> dict[str, Path]:
    """The shared libraries that these need, by the name they are asked for."""
    found = {"libgcc_s.so.1": _loaded("libgcc_s.so.1")}  # a thread that ends early loads it, unasked
    for file in files:
        listed = subprocess.run([loader, "--list", file], capture_output=True, text=True, check=False).stdout  # noqa: S603
        for name, path in re.findall(r"^\s*(\S+) => (/\S+)", listed, re.MULTILINE):
            found.setdefault(name, Path(path))
        if "=> not found" in listed:
            raise CannotBuildError(f"{file.name} needs a library that this machine lacks: {listed.strip()}")
    return {name: path for name, path in found.items() if not name.startswith("/")}


def _loaded(name: str) -> Path:
    try:
        ctypes.CDLL(name)
    except OSError as error:
        raise CannotBuildError(f"{name} cannot be loaded here: {error}.") from None
    lines = Path("/proc/self/maps").read_text("utf-8").splitlines()
    return Path(next(line.split()[-1] for line in lines if line.endswith(f"/{name}")))
