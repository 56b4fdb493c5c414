"""A log read block by block: a file, a packed one, or standard input; however long its lines are."""

import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

STANDARD_INPUT = "-"
BLOCK_BYTES = 1024 * 1024
LONGEST_LINE = 16 * 1024 * 1024
"""No server writes a longer one; what is longer is dropped."""
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"

Progress = Callable[[int], None]
"""Told how many bytes of the file are read so far."""


class LogUnreadable(Exception):  # noqa: N818 - an answer, not a fault
    """The file cannot be opened or unpacked; the message is a sentence's part, such as "it is a folder"."""


class LogFile:
    """The lines of one log."""

    def __init__(self, source: BinaryIO, *, size: int | None = None) -> None:
        self._source = source
        self.size = size
        """Bytes on the disk, packed or not; `None` for standard input."""
        self.too_long = 0
        """Lines that were dropped for their length."""
        self.broken: str | None = None
        """Why a packed file could be read only in part."""

    def blocks(self, progress: Progress | None = None) -> Iterator[list[bytes]]:
        """Lines without their ends, some thousand at a time."""
        rest, skipping = b"", False
        for block in self._unpacked(progress):
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            if skipping and lines:
                lines, skipping = lines[1:], False
            if len(rest) > LONGEST_LINE:
                self.too_long += not skipping
                rest, skipping = b"", True
            if lines:
                yield lines
        if rest and not skipping:
            yield [rest]

    def _unpacked(self, progress: Progress | None) -> Iterator[bytes]:
        first = self._source.read(BLOCK_BYTES)
        if first[:2] == _GZIP_MAGIC:
            yield from self._gunzipped(first, progress)
            return
        done = 0
        while first:
            done += len(first)
            if progress is not None:
                progress(done)
            yield first
            first = self._source.read(BLOCK_BYTES)

    def _gunzipped(self, packed: bytes, progress: Progress | None) -> Iterator[bytes]:
        """Packed parts may follow each other; one that breaks off gives what it has."""
        unpacker, done, begun = zlib.decompressobj(wbits=_GZIP), 0, True
        while packed:
            done += len(packed)
            if progress is not None:
                progress(done)
            while packed:
                try:
                    block = unpacker.decompress(packed, BLOCK_BYTES)
                except zlib.error:
                    self.broken = "the packed file is damaged"
                    return
                if block:
                    yield block
                packed = unpacker.unconsumed_tail
                begun = not unpacker.eof
                if unpacker.eof:
                    packed = unpacker.unused_data.lstrip(b"\x00")
                    unpacker = zlib.decompressobj(wbits=_GZIP)
            packed = self._source.read(BLOCK_BYTES)
        if begun:
            self.broken = "the packed file breaks off"


@contextmanager
def open_log(name: str) -> Iterator[LogFile]:
    """The file of this name, or standard input for `-`. Raises `LogUnreadable`."""
    if name == STANDARD_INPUT:
        yield LogFile(cast("BinaryIO", sys.stdin.buffer))
        return
    try:
        path = Path(name)
        if path.is_dir():
            raise LogUnreadable("it is a folder")
        with path.open("rb", buffering=0) as source:
            yield LogFile(cast("BinaryIO", source), size=path.stat().st_size)
    except OSError as error:
        raise LogUnreadable(f"{error.strerror or error}".lower()) from None
