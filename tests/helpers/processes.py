"""Which processes belong to a temporary folder: to prove that none is left."""

from pathlib import Path

from helpers.waiting import wait_until


def processes_in(folder: Path | str) -> list[int]:
    """Pids of those that work in the folder or below, or whose environment or arguments name it."""
    return [int(place.name) for place in Path("/proc").glob("[0-9]*") if _belongs(place, str(folder))]


def _belongs(place: Path, folder: str) -> bool:
    try:
        if f"{(place / 'cwd').readlink()}/".startswith(f"{folder}/"):
            return True
        # Arguments and variables end with NUL: `/tmp/a` must not match `/tmp/ab`.
        text = (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
    except OSError:
        return False
    return any(folder.encode() + end in text for end in (b"\0", b"/"))


def assert_nothing_left(temporary: Path) -> None:
    """No folder of a demo, and no process; the one that removed the folder ends a moment after it."""
    wait_until(lambda: not list(temporary.glob("perftui-*")))
    wait_until(lambda: not processes_in(temporary))
