"""Files that this process holds open for a lock: a forked child must neither hold them nor let them go."""

import contextlib
import fcntl
import os
from pathlib import Path

_held: set[int] = set()


def hold(path: Path, flags: int) -> int:
    """A descriptor for reading and writing, which a child closes at once. Raises `OSError`."""
    file = os.open(path, flags | os.O_RDWR | os.O_CLOEXEC, 0o600)
    _held.add(file)
    return file


def let_go(file: int) -> None:
    """Unlock and close it. Nothing in a child, where it is the parent's."""
    if file not in _held:
        return
    _held.discard(file)  # before it is closed: its number may then be another file's
    # To close it is not enough: a child that is being forked has it too, and with it the lock.
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_UN)
    os.close(file)


def _in_child() -> None:
    for file in tuple(_held):
        with contextlib.suppress(OSError):
            os.close(file)
    _held.clear()


os.register_at_fork(after_in_child=_in_child)
