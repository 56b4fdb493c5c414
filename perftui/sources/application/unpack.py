"""Bodies that were compressed although that was not asked for, unpacked within bounds."""

import zlib

from perftui.sources.application import answer

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def unpacked(body: bytes, encoding: str, place: str) -> bytes:
    """The body as it was before. Raises `UnusableAnswer`."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise answer.unreadable(place, f"it is compressed with {encoding[:20]!r}, though that was not asked for")
    stream = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = stream.decompress(body, answer.LARGEST_BYTES)
    except zlib.error:
        raise answer.unreadable(place, "it says that it is compressed, and is not") from None
    if stream.unconsumed_tail:
        raise answer.too_large(place)
    if not stream.eof:
        raise answer.cut_short(place)
    return plain
