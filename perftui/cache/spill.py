"""Writes that wait, in a file: what the store could not take is there when the process is gone."""

import fcntl
import os
import time
import weakref
from collections.abc import Iterable
from pathlib import Path

from perftui.cache.spill_records import Waiting, as_record, records_of

_SUFFIX, _NEW = ".spill", ".spill-new"
_LEFT_S = 3600.0
"""A file that is not in its place after so long was left by a process that ended."""


class SpillFile:
    """One process's own file, readable by its user only, and locked while the process lives.

    Raises `OSError` where the folder cannot be written.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._name = folder, name
        self.path = folder / f"{name}.{os.getpid()}.{os.urandom(4).hex()}{_SUFFIX}"
        self._file = self._placed(b"")
        self.used, self.size = False, 0
        # A child of a fork must not keep the lock when we are gone.
        alive = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _let_go(alive()))

    def append(self, writes: Iterable[Waiting]) -> None:
        """On the disk when it returns. What was written in part is taken back."""
        data = b"".join(map(as_record, writes))
        self.used = True
        try:
            _write_all(self._file, data)
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self.size)
            self.used = self.size > 0
            raise
        self.size += len(data)

    def replace(self, writes: Iterable[Waiting]) -> None:
        """Hold these and no others. At any moment either the old file is in its place or the new one, whole."""
        data = b"".join(map(as_record, writes))
        new = self._placed(data)
        os.close(self._file)
        self._file, self.size, self.used = new, len(data), bool(data)

    def _placed(self, data: bytes) -> int:
        """A file of ours with this in it, locked before anybody can find it."""
        path = self.path.with_suffix(_NEW)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_all(file, data)
            os.fsync(file)
            path.replace(self.path)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        return file

    def clear(self) -> None:
        """All of it was written to the store."""
        os.ftruncate(self._file, 0)
        self.used, self.size = False, 0

    def close(self) -> None:
        """Leave the file for the next start, or remove it where nothing is in it."""
        if not self.used:
            self.path.unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        """Close it as it is."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def adopt(self) -> tuple[list[Waiting], int]:
        """What processes of this name left that are gone, oldest first, and how many of their records are damaged.

        It is taken over into our own file before theirs are removed.
        """
        found: list[Waiting] = []
        damaged = 0
        self._sweep()
        for path in sorted(self._folder.glob(f"{self._name}.*{_SUFFIX}"), key=_age):
            if path == self.path:
                continue
            try:
                file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                writes, broken = self._take(path, file)
            finally:
                os.close(file)
            found += writes
            damaged += broken
        return found, damaged

    def _sweep(self) -> None:
        """What a process left that was killed before a file of its own was in its place."""
        for path in self._folder.glob(f"{self._name}.*{_NEW}"):
            if _age(path) < time.time() - _LEFT_S:
                path.unlink(missing_ok=True)

    def _take(self, path: Path, file: int) -> tuple[list[Waiting], int]:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return [], 0  # its process lives
        if not _is_at(path, file):
            return [], 0  # another one adopted it before we had the lock, or its process put a new one in its place
        records = list(records_of(path.read_bytes()))
        writes = [write for write in records if write is not None]
        if writes:
            self.append(writes)
        path.unlink()
        return writes, len(records) - len(writes)


def keep_aside(folder: Path, name: str, writes: Iterable[Waiting]) -> None:
    """Add writes that the store refused to `<name>.rejected`, for somebody to look at."""
    file = os.open(folder / f"{name}.rejected", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        _write_all(file, b"".join(map(as_record, writes)))
        os.fsync(file)
    finally:
        os.close(file)


def read_spilled(path: Path) -> list[Waiting]:
    """The whole records of such a file."""
    return [write for write in records_of(path.read_bytes()) if write is not None]


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _let_go(file: SpillFile | None) -> None:
    if file is not None:
        file.let_go()


def _is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
