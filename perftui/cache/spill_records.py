"""One write as bytes of a file, with a checksum."""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = struct.Struct("<II?I")
"""Length of what follows, its checksum, whether it is a deletion, length of the key."""


class Waiting(NamedTuple):
    """One write, its value encoded."""

    key: str
    data: bytes
    deleted: bool = False


def record_size(write: Waiting) -> int:
    """Bytes that it takes in a file, or a few less where its key is not plain ASCII."""
    return _HEAD.size + len(write.key) + len(write.data)


def as_record(write: Waiting) -> bytes:
    key = write.key.encode("utf-8", "surrogatepass")
    body = key + write.data
    return _HEAD.pack(len(body), zlib.crc32(body), write.deleted, len(key)) + body


def records_of(data: bytes) -> Iterator[Waiting | None]:
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
