"""Facts of the machine, the Python and the code, under the names that pyperf and pytest-benchmark use."""

import gc
import os
import platform
import re
import sys
import time
from pathlib import Path
from typing import Any

from perftui import __version__
from perftui.model.bench.samples import Fact

_MACHINE = ("hostname", "platform", "cpu_model_name", "cpu_count", "python_version", "python_implementation")
"""Facts that two runs should share: else they are of different machines or Pythons."""
_SERVER = ("mongodb_server", "mongodb_version", "plan")
"""And of queries the server, and how it answers."""


def facts() -> dict[str, Fact]:
    """What is known of this machine and process now. Nothing of the environment's variables is in it."""
    found: dict[str, Fact | None] = {
        "perftui_version": __version__,
        "hostname": platform.node(),
        "platform": platform.platform(True),
        "cpu_model_name": _cpu_model(),
        "cpu_count": os.cpu_count(),
        "cpu_affinity": _affinity(),
        "cpu_config": _governor(),
        "python_version": f"{platform.python_version()} ({platform.architecture()[0].replace('bit', '-bit')})",
        "python_implementation": sys.implementation.name,
        "python_compiler": " ".join(platform.python_compiler().split()),
        "python_gc": None if gc.isenabled() else "disabled",
        "timer": _timer(),
        "load_avg_1min": load_average(),
        **commit(Path.cwd()),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def differences(one: dict[str, Fact], other: dict[str, Fact]) -> list[str]:
    """Sentences on what makes two runs hard to compare: another machine, another Python, another plan."""
    return [
        f"{name.replace('_', ' ')}: {one[name]} and {other[name]}"
        for name in (*_MACHINE, *_SERVER)
        if name in one and name in other and one[name] != other[name]
    ]


def load_average() -> float | None:
    """Processes that ran or waited over the last minute; `None` where the system does not tell."""
    try:
        return round(os.getloadavg()[0], 2)
    except (OSError, AttributeError):
        return None


def machine_info(found: dict[str, Fact]) -> dict[str, Any]:
    """The same facts as pytest-benchmark writes them."""
    return {
        "node": found.get("hostname", ""),
        "processor": platform.processor(),
        "machine": platform.machine(),
        "python_compiler": found.get("python_compiler", ""),
        "python_implementation": platform.python_implementation(),
        "python_implementation_version": platform.python_version(),
        "python_version": platform.python_version(),
        "python_build": list(platform.python_build()),
        "release": platform.release(),
        "system": platform.system(),
        "cpu": {"brand_raw": found.get("cpu_model_name", ""), "count": found.get("cpu_count")},
    }


def commit(folder: Path) -> dict[str, Fact]:
    """The commit and branch that are checked out in the folder or above it, read from the files of git."""
    git = next((place / ".git" for place in (folder, *folder.parents) if (place / ".git").is_dir()), None)
    if git is None:
        return {}
    head = _line(git / "HEAD")
    if not head.startswith("ref: "):
        return _commit_facts(head, "")
    name = head[len("ref: ") :]
    return _commit_facts(_line(git / name) or _packed(git, name), name.removeprefix("refs/heads/"))


def _commit_facts(commit_id: str, branch: str) -> dict[str, Fact]:
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit_id):
        return {}
    return {"commit_id": commit_id, **({"commit_branch": branch} if branch else {})}


def _packed(git: Path, name: str) -> str:
    try:
        lines = (git / "packed-refs").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def _line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").partition("\n")[0].strip()
    except OSError:
        return ""


def _cpu_model() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor()


def _affinity() -> str:
    """The processors that this process may use, where they are not all."""
    try:
        allowed = sorted(os.sched_getaffinity(0))
    except (OSError, AttributeError):
        return ""
    return "" if len(allowed) == os.cpu_count() else ",".join(map(str, allowed))


def _governor() -> str:
    name = _line(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))
    return f"governor:{name}" if name else ""


def _timer() -> str:
    clock = time.get_clock_info("perf_counter")
    return f"{clock.implementation}, resolution: {clock.resolution * 1e9:.0f} ns"
