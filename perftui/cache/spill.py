"""Writes that wait, in a file: what the store could not take is there when the process is gone."""

import fcntl
import os
import struct
import weakref
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_HEAD = struct.Struct("<II?I")
"""Length of what follows, its checksum, whether it is a deletion, length of the key."""
_SUFFIX = ".spill"


class Waiting(NamedTuple):
    """One write, its value encoded."""

    key: str
    data: bytes
    deleted: bool = False


class SpillFile:
    """One process's own file, readable by its user only, and locked while the process lives.

    Raises `OSError` where the folder cannot be written.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._name = folder, name
        self.path = folder / f"{name}.{os.getpid()}.{os.urandom(4).hex()}{_SUFFIX}"
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.used = False
        # A child of a fork must not keep the lock when we are gone.
        alive = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _let_go(alive()))

    def append(self, writes: Iterable[Waiting]) -> None:
        """On the disk when it returns. What was written in part is taken back."""
        before = os.fstat(self._file).st_size
        self.used = True
        try:
            _write_all(self._file, b"".join(map(_record, writes)))
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, before)
            self.used = before > 0
            raise

    def clear(self) -> None:
        """All of it was written to the store."""
        os.ftruncate(self._file, 0)
        self.used = False

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

    def _take(self, path: Path, file: int) -> tuple[list[Waiting], int]:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return [], 0  # its process lives
        # Another one may have adopted it before we had the lock.
        if not path.exists():
            return [], 0
        records = list(_records(path.read_bytes()))
        writes = [write for write in records if write is not None]
        if writes:
            self.append(writes)
        path.unlink()
        return writes, len(records) - len(writes)


def keep_aside(folder: Path, name: str, writes: Iterable[Waiting]) -> None:
    """Add writes that the store refused to `<name>.rejected`, for somebody to look at."""
    file = os.open(folder / f"{name}.rejected", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        _write_all(file, b"".join(map(_record, writes)))
        os.fsync(file)
    finally:
        os.close(file)


def read_spilled(path: Path) -> list[Waiting]:
    """The whole records of such a file."""
    return [write for write in _records(path.read_bytes()) if write is not None]


def _record(write: Waiting) -> bytes:
    key = write.key.encode("utf-8", "surrogatepass")
    body = key + write.data
    return _HEAD.pack(len(body), zlib.crc32(body), write.deleted, len(key)) + body


def _records(data: bytes) -> Iterator[Waiting | None]:
    """`None` for the rest of the file where it is damaged or cut."""
    at = 0
    while at < len(data):
        body_at = at + _HEAD.size
        if body_at > len(data):
            yield None
            return
        length, checksum, deleted, key_length = _HEAD.unpack_from(data, at)
        body = data[body_at : body_at + length]
        if len(body) != length or zlib.crc32(body) != checksum or key_length > length:
            yield None
            return
        yield Waiting(body[:key_length].decode("utf-8", "surrogatepass"), body[key_length:], deleted)
        at = body_at + length


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _let_go(file: SpillFile | None) -> None:
    if file is not None:
        file.let_go()


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
