"""The limits of a container (cgroup v2, and v1's memory limit), so that its figures are not the whole machine's."""

from pathlib import Path
from typing import NamedTuple

CGROUP = Path("/sys/fs/cgroup")
_NO_LIMIT = 1 << 60


class Limits(NamedTuple):
    """What a control group allows and uses; `None` where it sets no limit."""

    cpus: float | None = None
    memory_bytes: int | None = None

    def words(self) -> str | None:
        """Such as `limited to 1.5 CPUs and 512 MB`, or `None` without a limit."""
        parts = []
        if self.cpus is not None:
            parts.append(f"{self.cpus:g} CPUs")
        if self.memory_bytes is not None:
            parts.append(f"{self.memory_bytes / 2**20:,.0f} MB of memory")
        return f"limited to {' and '.join(parts)}" if parts else None


def own_group(root: Path = CGROUP, membership: Path = Path("/proc/self/cgroup")) -> Path:
    """The folder of our own control group (v2), or the root where it cannot be told."""
    for line in _read(membership).splitlines():
        if line.startswith("0::/"):
            folder = root / line[4:].strip("/")
            if folder.is_dir():
                return folder
    return root


def read_limits(group: Path, cores: int, memory_bytes: int) -> Limits:
    """The tightest limits on the way from our group up to the root."""
    cpus: float | None = None
    memory: int | None = None
    for folder in (group, *group.parents):
        quota = _cpu_quota(_read(folder / "cpu.max"))
        if quota is not None and quota < cores:
            cpus = min(quota, cpus or quota)
        limit = _number(_read(folder / "memory.max") or _read(folder / "memory/memory.limit_in_bytes"))
        if limit is not None and limit < min(memory_bytes, _NO_LIMIT):
            memory = min(limit, memory or limit)
        if folder == CGROUP:
            break
    return Limits(cpus, memory)


def memory_used(group: Path) -> int | None:
    """Bytes in use without the file cache that can be given back at once."""
    used = _number(_read(group / "memory.current"))
    if used is None:
        return None
    for line in _read(group / "memory.stat").splitlines():
        if line.startswith("inactive_file "):
            return max(0, used - int(line.split()[1]))
    return used


def cpu_seconds(group: Path) -> float | None:
    """CPU seconds that the group has used in all."""
    for line in _read(group / "cpu.stat").splitlines():
        if line.startswith("usage_usec "):
            return int(line.split()[1]) / 1e6
    return None


def is_container() -> bool:
    """Whether the usual marks of a container are there."""
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()


def _cpu_quota(text: str) -> float | None:
    words = text.split()
    if len(words) != 2 or not words[0].isdigit() or not words[1].isdigit() or words[1] == "0":
        return None
    return int(words[0]) / int(words[1])


def _number(text: str) -> int | None:
    stripped = text.strip()
    return int(stripped) if stripped.isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
