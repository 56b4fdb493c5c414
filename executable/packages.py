"""perftui and what it needs, installed into a folder, and which of its files go where."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Files that are opened by path, and modules that look for them beside themselves, cannot stay in an archive; nor can
# compiled ones.
READ_BY_PATH = re.compile(
    r"perftui/(model/schemas/|themes/|tui/themes\.py|config/schema\.py|servers/reaper\.py)|certifi/|plotext/_kernel/tools\.py"
    r"|pymongo/(_psl\.py|public_suffix_list\.dat)|.*\.so(\.|$)"
)
# Code of our libraries that the monitor never runs: colouring of program code, a demonstration.
UNUSED = re.compile(
    r"bin/|textual/(demo|tree-sitter)/|pygments/lexers/(?!__init__\.|_mapping\.)|plotext/_kernel/cpp/(?!kernel\.so)"
    r"|zstandard/(_cffi|backend_cffi)"
)
UNUSED_SUFFIXES = {".pyc", ".pyi", ".typed", ".c", ".h", ".pxd", ".pyx"}
KEPT_METADATA = re.compile(r"[^/]+\.dist-info/(METADATA$|licenses/|LICEN[CS]E|COPYING|NOTICE)")


def install(pip: list[str], target: Path) -> None:
    """Install this checkout and its pinned requirements with this pip. Raises `CalledProcessError`."""
    constraints = ROOT / "constraints.txt"
    subprocess.run(  # noqa: S603
        [*pip, "install", "-q", "--no-compile", "--target", target, "-c", constraints, ROOT],
        check=True,
        env=os.environ | {"PIP_CONSTRAINT": str(constraints)},  # what builds the wheel is pinned, too
    )


def wanted_files(target: Path) -> Iterator[Path]:
    """What the executable needs of the installed files, relative to their folder, in a settled order."""
    for path in sorted(target.rglob("*")):
        name = path.relative_to(target)
        if path.is_file() and is_wanted(name.as_posix()):
            yield name


def is_wanted(name: str) -> bool:
    if ".dist-info/" in name:
        return KEPT_METADATA.match(name) is not None
    return not UNUSED.match(name) and Path(name).suffix not in UNUSED_SUFFIXES
