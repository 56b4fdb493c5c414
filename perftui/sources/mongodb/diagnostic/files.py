"""Where the chunks stand in a folder of diagnostic data: read from the newest back, at most so many bytes."""

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from perftui.sources.mongodb.diagnostic.errors import DiagnosticDataError

LARGEST_DOCUMENT_BYTES = 16 * 1024 * 1024 + 16 * 1024
_HEAD = struct.Struct("<i")
_DATE, _INT32, _BINARY = b"\x09_id\x00", b"\x10type\x00", b"\x05data\x00"
_METRICS = 1
_FOLDER, _PREFIX, _INTERIM = "diagnostic.data", "metrics.", "metrics.interim"
_READ = 64
_MOST_FILES = 2000


class ChunkPlace(NamedTuple):
    """A compressed chunk in a file, and when it was begun (seconds)."""

    path: Path
    offset: int
    length: int
    began_at: float
    data: bytes | None = None
    """Of the interim file, which the server replaces every few seconds: what it held when it was found."""


class Places(NamedTuple):
    chunks: tuple[ChunkPlace, ...]
    """Oldest first."""
    notes: tuple[str, ...]
    """A sentence on each file that cannot be read, or not to its end."""


def is_diagnostic(path: Path) -> bool:
    """Whether this looks like a folder `diagnostic.data` or a file of one."""
    try:
        if path.is_dir():
            return path.name == _FOLDER or bool(_files(path))
    except PermissionError:
        return path.name == _FOLDER or path.name.startswith(_PREFIX)
    return path.name.startswith(_PREFIX)


def find_chunks(path: Path, *, since: float = 0.0, limit_bytes: int = 1 << 40) -> Places:
    """Chunks that reach beyond `since`, from the newest back until so many bytes.

    Raises `DiagnosticDataError`, and `PermissionError` for a folder that is closed to this user.
    """
    try:
        files = _files(path) if path.is_dir() else [path]
    except PermissionError:
        raise
    except OSError as error:
        raise DiagnosticDataError(f"{path} may not be read: {error.strerror}.") from None
    if not files:
        raise DiagnosticDataError(f"{path} holds no metrics file.")
    chunks: list[ChunkPlace] = []
    notes: list[str] = []
    for file in reversed(files[-_MOST_FILES:]):
        found = _chunks_of(file, notes)
        for chunk in reversed(found):
            limit_bytes -= chunk.length
            if limit_bytes < 0:
                notes.append(f"Older data than in {chunk.path.name} is left out: it is too much.")
                return Places(tuple(sorted(chunks, key=_age)), tuple(notes))
            chunks.append(chunk)
            if chunk.began_at < since:
                return Places(tuple(sorted(chunks, key=_age)), tuple(notes))
    return Places(tuple(sorted(chunks, key=_age)), tuple(notes))


def read_place(place: ChunkPlace) -> bytes:
    """The compressed chunk. Raises `DiagnosticDataError`: the server removes old files."""
    if place.data is not None:
        return place.data
    try:
        with place.path.open("rb") as file:
            file.seek(place.offset)
            data = file.read(place.length)
    except OSError as error:
        raise DiagnosticDataError(f"{place.path.name} cannot be read: {error.strerror}") from None
    if len(data) < place.length:
        raise DiagnosticDataError(f"{place.path.name} was cut off")
    return data


def _files(folder: Path) -> list[Path]:
    """In the order in which they were written; the interim one, which the server replaces every few seconds, last."""
    found = [file for file in folder.iterdir() if file.name.startswith(_PREFIX) and file.suffix != ".temp"]
    return sorted(found, key=lambda file: (file.name == _INTERIM, file.name))


def _age(chunk: ChunkPlace) -> tuple[float, bool]:
    return chunk.began_at, chunk.path.name == _INTERIM


def _chunks_of(path: Path, notes: list[str]) -> Sequence[ChunkPlace]:
    found: list[ChunkPlace] = []
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            for offset, head in _documents(path, file.fileno(), size, notes):
                place = _metrics(path, offset, head)
                if place is not None and path.name == _INTERIM:
                    place = place._replace(data=os.pread(file.fileno(), place.length, place.offset))
                if place is not None:
                    found.append(place)
    except OSError as error:
        notes.append(f"{path.name} may not be read: {error.strerror}.")
    return found


def _documents(path: Path, file: int, size: int, notes: list[str]) -> Iterator[tuple[int, bytes]]:
    """Each document's place and first bytes."""
    offset = 0
    while offset < size:
        head = os.pread(file, _READ, offset)
        length = _HEAD.unpack_from(head)[0] if len(head) >= _HEAD.size else -1
        if not 5 <= length <= LARGEST_DOCUMENT_BYTES:
            notes.append(f"{path.name} holds something else from byte {offset:,} on; what is before it is read.")
            return
        if offset + length > size:
            notes.append(f"{path.name} was cut off at byte {size:,}; its whole parts are read.")
            return
        yield offset, head[:length]
        offset += length


def _metrics(path: Path, offset: int, head: bytes) -> ChunkPlace | None:
    """`{_id: date, type: 1, data: binary}`; `None` for the other documents, which describe the server."""
    place = 4
    if head[place : place + 5] != _DATE or head[place + 13 : place + 19] != _INT32:
        return None
    (milliseconds,) = struct.unpack_from("<q", head, place + 5)
    (kind,) = struct.unpack_from("<i", head, place + 19)
    place += 23
    if kind != _METRICS or head[place : place + 6] != _BINARY:
        return None
    (length,) = struct.unpack_from("<i", head, place + 6)
    began = offset + place + 11
    whole = _HEAD.unpack_from(head)[0]
    if not 8 < length <= whole - place - 11:
        return None
    return ChunkPlace(path, began, length, milliseconds / 1000)
