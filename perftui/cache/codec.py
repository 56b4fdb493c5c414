"""Values as bytes, with their times and tags in front: what a store on a server keeps."""

import struct
from typing import Any, Protocol

from msgspec import MsgspecError, msgpack

from perftui.cache.entry import Entry
from perftui.cache.typed_values import as_plain, from_extension, keeps_types

_MARK = b"ptc1"
_HEAD = struct.Struct("<4sdddI")
HEAD_BYTES = _HEAD.size
_RAW, _TEXT, _OBJECT = b"r", b"t", b"o"
_TYPED = b"x\xc1"
"""With extensions. Releases that know none fail at the second byte, which no MessagePack has, and so miss the value."""
_packer, _unpacker = msgpack.Encoder(), msgpack.Decoder()
_typed = msgpack.Decoder(ext_hook=from_extension)


class Codec(Protocol):
    """Makes bytes of values, and values of bytes."""

    def encode(self, value: Any) -> bytes: ...

    def decode(self, data: bytes) -> Any: ...


class PlainCodec:
    """Plain data as MessagePack: None, booleans, numbers, text, bytes, lists, tuples, dicts, sets, dates, times, their
    differences, decimals and UUIDs.

    What is read is what was kept: `TypeError` for any other type, and for a subclass. A time keeps its offset, not the
    name of its zone. It runs no code of what it reads, which pickle would.

    >>> from datetime import date
    >>> from perftui import PlainCodec
    >>> PlainCodec().decode(PlainCodec().encode({"price": 4.5, "tags": ("new",), "since": date(2026, 1, 2)}))
    {'price': 4.5, 'tags': ('new',), 'since': datetime.date(2026, 1, 2)}
    """

    def encode(self, value: Any) -> bytes:
        if type(value) is bytes:
            return _RAW + value
        if type(value) is str:
            return _TEXT + value.encode("utf-8", "surrogatepass")
        data = _packer.encode(value)
        if keeps_types(value):
            return _OBJECT + data
        return _TYPED + _packer.encode(as_plain(value))

    def decode(self, data: bytes) -> Any:
        kind, body = data[:1], data[1:]
        if kind == _RAW:
            return body
        if kind == _TEXT:
            return body.decode("utf-8", "surrogatepass")
        if data.startswith(_TYPED):
            return _typed.decode(data[2:])
        return _unpacker.decode(body)


def packed(entry: Entry, codec: Codec) -> bytes:
    """The bytes of an entry."""
    tags = b""
    if entry.tags:
        tags = msgpack.encode(entry.tags)
    head = _HEAD.pack(_MARK, entry.stored_at, entry.fresh_until, entry.expires_at, len(tags))
    return head + tags + codec.encode(entry.value)


def unpacked(data: bytes, codec: Codec) -> Entry | None:
    """The entry of its bytes; `None` for what somebody else wrote, or another release."""
    if len(data) < HEAD_BYTES or not data.startswith(_MARK):
        return None
    _, stored_at, fresh_until, expires_at, length = _HEAD.unpack_from(data)
    body = HEAD_BYTES + length
    try:
        tags = msgpack.decode(data[HEAD_BYTES:body], type=dict[str, int]) if length else {}
        return Entry(codec.decode(data[body:]), stored_at, fresh_until, expires_at, tags)
    except (MsgspecError, ValueError, TypeError, ArithmeticError):
        return None


def stored_at(head: bytes) -> float | None:
    """When the entry was stored whose first bytes these are."""
    if len(head) < HEAD_BYTES or not head.startswith(_MARK):
        return None
    found: float = _HEAD.unpack_from(head)[1]
    return found


class BsonCodec:
    """Whatever MongoDB can keep, such as ObjectIds, decimals and times, as BSON. Needs PyMongo.

    >>> from bson import ObjectId
    >>> from perftui import BsonCodec
    >>> BsonCodec().decode(BsonCodec().encode([ObjectId("0123456789abcdef01234567")]))
    [ObjectId('0123456789abcdef01234567')]
    """

    def __init__(self, codec_options: Any = None) -> None:
        """`codec_options`: PyMongo's, for how documents are decoded."""
        from bson.codec_options import DEFAULT_CODEC_OPTIONS

        self._options = codec_options or DEFAULT_CODEC_OPTIONS

    def encode(self, value: Any) -> bytes:
        import bson

        return bson.encode({"v": value}, codec_options=self._options)

    def decode(self, data: bytes) -> Any:
        import bson

        return bson.decode(data, codec_options=self._options)["v"]
