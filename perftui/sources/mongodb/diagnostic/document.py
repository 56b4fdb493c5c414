"""The fields of a BSON document one after the other, as they stand: some occur twice, which a mapping would lose."""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from perftui.sources.mongodb.diagnostic.errors import DiagnosticDataError

Path = tuple[str, ...]

_DOUBLE, _TEXT, _DOCUMENT, _ARRAY, _BOOL, _DATE, _INT32, _TIMESTAMP, _INT64 = 1, 2, 3, 4, 8, 9, 16, 17, 18
_SIZES = {6: 0, 7: 12, 10: 0, 19: 16, 127: 0, 255: 0}
"""Of the kinds that hold nothing to read here, beside binary (5) and regular expressions (11)."""
_DEPTH, _SHORTEST, _BINARY = 60, 5, 5
MOST_FIELDS = 50_000
"""Real ones have some thousand."""


class Field(NamedTuple):
    """A leaf. `figure` is what the differences are counted from: `None` for a text."""

    path: Path
    figure: int | None
    shown: str | bool | int | float | None = None


def read_fields(data: bytes) -> list[Field]:
    """All leaves of the document in their order. Raises `DiagnosticDataError`."""
    try:
        found = list(islice(_fields(data, 0, len(data), ()), MOST_FIELDS + 1))
    except (struct.error, IndexError, ValueError, RecursionError) as error:
        raise DiagnosticDataError("its document cannot be read") from error
    if len(found) > MOST_FIELDS:
        raise DiagnosticDataError("it holds more than any real one")
    return found


def _fields(data: bytes, start: int, limit: int, path: Path) -> Iterator[Field]:
    (length,) = struct.unpack_from("<i", data, start)
    end = start + length
    if length < _SHORTEST or end > limit or len(path) > _DEPTH:
        raise DiagnosticDataError("its document cannot be read")
    place = start + 4
    while kind := data[place]:
        name_end = data.index(0, place + 1, end)
        here = (*path, data[place + 1 : name_end].decode("utf-8", "replace"))
        place = name_end + 1
        if kind in (_DOCUMENT, _ARRAY):
            yield from _fields(data, place, end, here)
            place += int.from_bytes(data[place : place + 4], "little")
        else:
            field, place = _leaf(data, place, kind, here)
            yield from field
    if place + 1 != end:
        raise DiagnosticDataError("its document cannot be read")


def _leaf(data: bytes, place: int, kind: int, path: Path) -> tuple[list[Field], int]:
    """The fields of one value, two for a timestamp and none for what is no figure, and where the next one begins."""
    if kind in (_INT64, _DATE):
        (value,) = struct.unpack_from("<q", data, place)
        return [Field(path, value, value)], place + 8
    if kind == _INT32:
        (value,) = struct.unpack_from("<i", data, place)
        return [Field(path, value, value)], place + 4
    if kind == _DOUBLE:
        (real,) = struct.unpack_from("<d", data, place)
        return [Field(path, int(real) if abs(real) < 2**63 else 0, real)], place + 8
    if kind == _BOOL:
        return [Field(path, int(data[place] != 0), data[place] != 0)], place + 1
    if kind == _TIMESTAMP:
        increment, seconds = struct.unpack_from("<II", data, place)
        return [Field((*path, "t"), seconds), Field((*path, "i"), increment)], place + 8
    return _no_figure(data, place, kind, path)


def _no_figure(data: bytes, place: int, kind: int, path: Path) -> tuple[list[Field], int]:
    if kind in _SIZES:
        return [], place + _SIZES[kind]
    (length,) = struct.unpack_from("<i", data, place)
    if length < 0 or place + length > len(data):
        raise DiagnosticDataError("its document cannot be read")
    if kind == _TEXT:
        text = data[place + 4 : place + 3 + length].decode("utf-8", "replace")
        return [Field(path, None, text)], place + 4 + length
    if kind == _BINARY:
        return [], place + 5 + length
    raise DiagnosticDataError(f"it holds a value of kind {kind}, which diagnostic data does not have")
