"""Recordings: a line of JSON that says what the file is, then frames, each with its length and checksum.

A file that was cut off, as by a crash, is read up to its last whole frame.
"""

import os
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import msgspec

from perftui import __version__
from perftui.model.errors import UserError
from perftui.model.snapshot import Snapshot
from perftui.monitor.codec import LARGEST_FRAME_BYTES, FrameDecoder, FrameEncoder

SCHEMA = "perftui.recording/1"

_UNREADABLE = 2
_FRAME = struct.Struct("<IIBqd")
"""Length, checksum of what follows, 1 for a keyframe, sequence, time."""
_LONGEST_HEADER = 4096


class RecordingError(UserError):
    """A recording that cannot be written or read, in one sentence."""


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line of a recording."""

    schema: str
    version: str
    """The perftui that wrote it."""
    started_at: float
    redacted: bool = False
    """Values, hosts and users were taken out: a bundle for others."""


class FrameEntry(NamedTuple):
    """Where one frame stands in the file."""

    offset: int
    length: int
    key: int
    """Index of the keyframe that it needs; its own for a keyframe."""
    sequence: int
    taken_at: float


class Recorder:
    """Writes Snapshots to a new file that only its owner may read. Raises `RecordingError`."""

    def __init__(
        self, path: Path, *, overwrite: bool = False, limit_bytes: int | None = None, redacted: bool = False
    ) -> None:
        self.path = path
        self.frames = 0
        self.written_bytes = 0
        self.full = False
        """It has reached its limit, or cannot be written any more."""
        self.problem: RecordingError | None = None
        self._limit = limit_bytes
        self._encoder = FrameEncoder()
        self._file = _create(path, overwrite=overwrite)
        header = Header(schema=SCHEMA, version=__version__, started_at=round(time.time(), 3), redacted=redacted)
        try:
            self._write(msgspec.json.encode(header) + b"\n")
        except RecordingError:
            self.close()
            raise

    def add(self, snapshot: Snapshot) -> bool:
        """Write a Snapshot; false, from then on, once the file has reached its limit."""
        if self.full:
            return False
        frame = self._encoder.encode(snapshot)
        if self._limit is not None and self.written_bytes + _FRAME.size + len(frame.data) > self._limit:
            self.full = True
            return False
        self._write(_packed(frame.data, frame.key, snapshot))
        self.frames += 1
        return True

    def close(self) -> None:
        """Have the file on the disk; what keeps it from there is the `problem`. Safe to call twice."""
        if self._file.closed:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            self._fail(error)
        finally:
            with suppress(OSError):  # it is closed all the same, though it tries to write the rest once more
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is None and self.problem is not None:
            raise self.problem

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise self._fail(error) from error
        self.written_bytes += len(data)

    def _fail(self, error: OSError) -> RecordingError:
        """The first problem is the one that is told."""
        self.full = True
        words = f"{self.path} cannot be written: {error.strerror}; free some space."
        self.problem = self.problem or RecordingError(words, 1)
        return self.problem


@dataclass(frozen=True, slots=True)
class Recording:
    """A file's frames, read when they are asked for. `torn` says that its end is missing."""

    path: Path
    header: Header
    entries: tuple[FrameEntry, ...]
    torn: bool
    read: Callable[[FrameEntry], bytes]
    decoder: FrameDecoder

    def snapshot(self, index: int) -> Snapshot:
        """The frame at this place. Raises `RecordingError` when the file has changed since it was opened."""
        entry = self.entries[index]
        try:
            key = self.read(self.entries[entry.key])
            return self.decoder.decode(key, None if entry.key == index else self.read(entry))
        except ValueError as error:
            raise RecordingError(f"{self.path}: frame {entry.sequence} cannot be read: {error}.") from error


def open_recording(path: Path) -> Recording:
    """Read where every whole frame stands. Raises `RecordingError` for what is no recording."""
    try:
        with path.open("rb") as file:
            header = _read_header(path, file)
            entries, torn = _read_entries(file)
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}; check its name and its rights.") from error
    if not entries:
        raise RecordingError(f"{path} holds no whole frame; it was cut off before its first tick was written.")
    return Recording(path, header, entries, torn, _reader(path), FrameDecoder())


def _create(path: Path, *, overwrite: bool) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if overwrite else os.O_EXCL)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError:
        raise RecordingError(f"{path} exists; choose another name, or --force to overwrite it.") from None
    except OSError as error:
        raise RecordingError(f"{path} cannot be written: {error.strerror}; choose another place.") from error
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "wb")


def _packed(data: bytes, key: bool, snapshot: Snapshot) -> bytes:
    body = _FRAME.pack(len(data), 0, key, snapshot.sequence, snapshot.taken_at)[8:] + data
    return struct.pack("<II", len(data), zlib.crc32(body)) + body


def _read_header(path: Path, file: BinaryIO) -> Header:
    line = file.readline(_LONGEST_HEADER)
    try:
        header = msgspec.json.decode(line, type=Header)
    except msgspec.DecodeError:
        raise RecordingError(f"{path} is not a recording of perftui; perftui record FILE makes one.") from None
    if header.schema != SCHEMA:
        raise RecordingError(
            f"{path} was recorded as {header.schema[:40]!r} by perftui {header.version[:20]}; "
            f"this perftui {__version__} reads {SCHEMA}."
        )
    return header


def _read_entries(file: BinaryIO) -> tuple[tuple[FrameEntry, ...], bool]:
    entries: list[FrameEntry] = []
    key = -1
    while head := file.read(_FRAME.size):
        if len(head) < _FRAME.size:
            return tuple(entries), True
        length, checksum, is_key, sequence, taken_at = _FRAME.unpack(head)
        offset = file.tell()
        data = file.read(length) if length <= LARGEST_FRAME_BYTES else b""
        if len(data) < length or zlib.crc32(head[8:] + data) != checksum or (not is_key and key < 0):
            return tuple(entries), True
        key = len(entries) if is_key else key
        entries.append(FrameEntry(offset, length, key, sequence, taken_at))
    return tuple(entries), False


def _reader(path: Path) -> Callable[[FrameEntry], bytes]:
    def read(entry: FrameEntry) -> bytes:
        try:
            with path.open("rb") as file:
                file.seek(entry.offset)
                return file.read(entry.length)
        except OSError as error:
            raise RecordingError(f"{path} cannot be read any more: {error.strerror}.") from error

    return read
