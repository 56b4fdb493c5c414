"""What MessagePack has no type for and msgspec would write as another one, so that it comes back as what it was."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import msgpack

_LEAVES = frozenset({type(None), bool, int, float, str, bytes})
_PLAIN = _LEAVES | {list, dict}


def keeps_types(value: Any) -> bool:
    """Whether MessagePack keeps the types of all that is in it. It has been written by then, so that it has no circles.

    All of one depth are looked at together, since a look at each would take longer than the writing.
    """
    level: list[Any] = [value]
    while not (kinds := set(map(type, level))) <= _LEAVES:
        if not kinds <= _PLAIN:
            return False
        dicts = [one for one in level if type(one) is dict]
        if not set(map(type, chain.from_iterable(dicts))) <= _LEAVES:
            return False
        lists = [one for one in level if type(one) is list]
        level = [*chain.from_iterable(lists), *chain.from_iterable(map(dict.values, dicts))]
    return True


def as_plain(value: Any) -> Any:
    """The same with every other type as an extension. Raises `TypeError` for one that would come back as another."""
    kind = type(value)
    if kind in _LEAVES:
        return value
    if kind is list:
        return [as_plain(one) for one in value]
    if kind is dict:
        return {_key(name): as_plain(one) for name, one in value.items()}
    known = _KINDS.get(kind)
    if known is None:
        raise TypeError(
            f"PlainCodec would not give back a {kind.__module__}.{kind.__qualname__}: keep plain data, or pass a codec"
        )
    return msgpack.Ext(known.code, known.packed(value))


def _key(name: Any) -> Any:
    if type(name) not in _LEAVES:
        raise TypeError(f"PlainCodec would not give back a {type(name).__qualname__} as a key: use text or numbers")
    return name


def from_extension(code: int, data: memoryview) -> Any:
    """Raises `ValueError` for one of a later release."""
    known = _BY_CODE.get(code)
    if known is None:
        raise ValueError(f"no value of ours has the code {code}")
    return known.unpacked(bytes(data))


_packer, _unpacker = msgpack.Encoder(), msgpack.Decoder(ext_hook=from_extension)


class _Kind(NamedTuple):
    code: int
    packed: Callable[[Any], bytes]
    unpacked: Callable[[bytes], Any]


def _as_text(code: int, parse: Callable[[str], Any], write: Callable[[Any], str] = str) -> _Kind:
    return _Kind(code, lambda value: write(value).encode("ascii"), lambda data: parse(data.decode("ascii")))


def _as_items(code: int, make: Callable[[list[Any]], Any]) -> _Kind:
    return _Kind(
        code, lambda value: _packer.encode([as_plain(one) for one in value]), lambda data: make(_unpacker.decode(data))
    )


def _seconds(span: datetime.timedelta) -> bytes:
    return _packer.encode((span.days, span.seconds, span.microseconds))


_KINDS: dict[type, _Kind] = {
    datetime.datetime: _as_text(1, datetime.datetime.fromisoformat, datetime.datetime.isoformat),
    datetime.date: _as_text(2, datetime.date.fromisoformat),
    datetime.time: _as_text(3, datetime.time.fromisoformat),
    datetime.timedelta: _Kind(4, _seconds, lambda data: datetime.timedelta(*_unpacker.decode(data))),
    Decimal: _as_text(5, Decimal),
    UUID: _Kind(6, lambda value: value.bytes, lambda data: UUID(bytes=data)),
    tuple: _as_items(7, tuple),
    set: _as_items(8, set),
    frozenset: _as_items(9, frozenset),
    bytearray: _Kind(10, bytes, bytearray),
}
"""A code is never used again for another type: what an earlier release stored is still read."""
_BY_CODE = {kind.code: kind for kind in _KINDS.values()}
