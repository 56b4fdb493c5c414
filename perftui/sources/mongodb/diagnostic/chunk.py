"""One chunk: a whole document, and how its numbers changed in some hundred samples after it."""

import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from perftui.sources.mongodb.diagnostic.document import MOST_FIELDS, Field, Path, read_fields
from perftui.sources.mongodb.diagnostic.errors import DiagnosticDataError
from perftui.sources.mongodb.diagnostic.varint import read_columns

Wanted = Callable[[Path], bool]

LARGEST_CHUNK_BYTES = 32 * 1024 * 1024
"""Decompressed; real ones have less than one megabyte."""
_MOST_SAMPLES = 10_000
_MOST_VALUES = 20_000_000
_SIZES = struct.Struct("<II")
_START = b"\x09start\x00"


class Chunk:
    """Its samples' times, and any sample as the document that the server saw then, as far as it was wanted."""

    def __init__(self, fields: Sequence[Field], times: list[float], columns: dict[Path, list[int]]) -> None:
        self.times = times
        self._fields, self._columns = fields, columns

    def sample(self, index: int) -> dict[str, Any]:
        """The texts of the first document with the numbers of this sample."""
        document: dict[str, Any] = {}
        for path, _, shown in self._fields:
            column = self._columns.get(path)
            value = shown if column is None else column[index]
            _put(document, path, bool(value) if isinstance(shown, bool) else value)
        return document


def read_chunk(data: bytes, wanted: Wanted, pause: Callable[[], None] | None = None) -> Chunk:
    """Raises `DiagnosticDataError` for what is no chunk. `pause` is called now and then while it works."""
    plain = _inflated(data)
    length, metrics, samples = _sizes(plain)
    fields = read_fields(plain[:length])
    figures = [(field.path, field.figure) for field in fields if field.figure is not None]
    if len(figures) != metrics:
        raise DiagnosticDataError(f"it says {metrics} figures and its document has {len(figures)}")
    start = next((index for index, (path, _) in enumerate(figures) if path[-1] == "start" and len(path) <= 2), None)
    if start is None:
        raise DiagnosticDataError("its samples have no times")
    chosen = {index: path for index, (path, _) in enumerate(figures) if wanted(path)}
    firsts = [figure for _, figure in figures]
    columns = read_columns(plain, length + _SIZES.size, firsts, samples, {start, *chosen}, pause)
    times = [milliseconds / 1000 for milliseconds in columns[start]]
    kept = [field for field in fields if field.shown is not None and wanted(field.path)]
    return Chunk(kept, times, {path: columns[index] for index, path in chosen.items()})


def chunk_times(data: bytes) -> list[float]:
    """When its samples were taken, mostly without reading the rest of it. Raises `DiagnosticDataError`."""
    plain = _inflated(data)
    length, _, samples = _sizes(plain)
    if plain[4 : 4 + len(_START)] != _START:
        return read_chunk(data, lambda _path: False).times
    (first,) = struct.unpack_from("<q", plain, 4 + len(_START))
    column = read_columns(plain, length + _SIZES.size, [first], samples, {0})[0]
    return [milliseconds / 1000 for milliseconds in column]


def _inflated(data: bytes) -> bytes:
    if len(data) < _SIZES.size:
        raise DiagnosticDataError("it is too short")
    inflating = zlib.decompressobj()
    try:
        plain = inflating.decompress(data[4:], LARGEST_CHUNK_BYTES)
    except zlib.error as error:
        raise DiagnosticDataError("it cannot be decompressed") from error
    if inflating.unconsumed_tail:
        raise DiagnosticDataError("it is larger than any real one")
    if len(plain) < 4 + _SIZES.size:
        raise DiagnosticDataError("it is too short")
    return plain


def _sizes(plain: bytes) -> tuple[int, int, int]:
    """The document's length, how many figures it has, and how many further samples follow."""
    (length,) = struct.unpack_from("<I", plain)
    if length + _SIZES.size > len(plain):
        raise DiagnosticDataError("its document is cut off")
    metrics, samples = _SIZES.unpack_from(plain, length)
    if samples > _MOST_SAMPLES or metrics > MOST_FIELDS or metrics * max(samples, 1) > _MOST_VALUES:
        raise DiagnosticDataError("it says to hold more than any real one")
    return length, metrics, samples


def _put(document: dict[str, Any], path: Path, value: object) -> None:
    for name in path[:-1]:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            return  # a name that is a figure and a document: none of a real server
        document = inner
    document[path[-1]] = value
