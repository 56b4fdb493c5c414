"""A logged command's text without its values: equal skeletons have equal shapes, so that each is worked out once.

It keeps more than a shape does, never less: names, nesting, lengths of lists, the sign of numbers and whether they are
zero, field paths (`$name`), and those texts that a shape depends on.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from perftui.advice.shapes.values import regex_class

# Any number but one that is zero: its sign stands before it, and is kept.
_NUMBER = re.compile(rb"(?:[1-9][0-9]*(?:\.[0-9]*)?|0\.[0-9]*[1-9][0-9]*)(?:[eE][+-]?[0-9]+)?")
_SPACE = b" \t\r\n"
_PATTERNS = frozenset((b"$regex", b"pattern"))
_REGEX_TEXTS = frozenset((b"$options", b"options"))
_JOINING = re.compile(rb"\$(?:lookup|graphLookup|unionWith|geoNear|unwind|meta)")
_JOINED_TEXTS = frozenset(
    (
        *(b"from", b"localField", b"foreignField", b"connectFromField", b"connectToField", b"coll", b"db", b"key"),
        *(b"path", b"$unwind", b"$unionWith", b"$meta"),
    )
)
_LONG = 2000

Skeleton = tuple[object, ...]


_ABSENT = msgspec.Raw()


class _Query(msgspec.Struct, gc=False):
    """The parts of a command that its shape is made of; every kind of command has some of them."""

    filter: msgspec.Raw = _ABSENT
    query: msgspec.Raw = _ABSENT
    q: msgspec.Raw = _ABSENT
    pipeline: msgspec.Raw = _ABSENT
    sort: msgspec.Raw = _ABSENT
    projection: msgspec.Raw = _ABSENT
    collation: msgspec.Raw = _ABSENT
    key: msgspec.Raw = _ABSENT
    u: msgspec.Raw = _ABSENT
    limit: Any = None
    skip: Any = None
    remove: Any = None
    originating: msgspec.Raw = msgspec.field(name="originatingCommand", default=_ABSENT)


_decode = msgspec.json.Decoder(_Query).decode


def _find(query: _Query) -> Skeleton:
    filtered = text_skeleton(bytes(query.filter))
    if query.projection is _ABSENT and query.collation is _ABSENT and not query.skip:
        return filtered, bytes(query.sort), bool(query.limit)
    projected = text_skeleton(bytes(query.projection))
    return filtered, bytes(query.sort), bool(query.limit), projected, bytes(query.collation), bool(query.skip)


def _aggregate(query: _Query) -> Skeleton:
    pipeline = bytes(query.pipeline)
    return text_skeleton(pipeline, _JOINING.search(pipeline) is not None), bytes(query.collation)


def _count(query: _Query) -> Skeleton:
    return text_skeleton(bytes(query.query)), bytes(query.collation), bool(query.limit), bool(query.skip)


def _distinct(query: _Query) -> Skeleton:
    return text_skeleton(bytes(query.query)), bytes(query.collation), bytes(query.key)


def _find_and_modify(query: _Query) -> Skeleton:
    return text_skeleton(bytes(query.query)), bytes(query.sort), bytes(query.collation), bool(query.remove)


def _statement(query: _Query) -> Skeleton:
    return text_skeleton(bytes(query.q)), bytes(query.collation), bool(bytes(query.u))


_KINDS: dict[bytes, Callable[[_Query], Skeleton]] = {
    b"find": _find,
    b"aggregate": _aggregate,
    b"count": _count,
    b"distinct": _distinct,
    b"findAndModify": _find_and_modify,
    b"findandmodify": _find_and_modify,
    b"q": _statement,
}


def command_skeleton(command: bytes) -> Skeleton | None:
    """The skeleton of a command's JSON, or `None` where it has none and its shape must be worked out.

    Raises `msgspec.DecodeError` for what is no JSON object.
    """
    end = command.find(b'"', 2)
    name = command[2:end]
    kind = _KINDS.get(name)
    if kind is None or command[:2] != b'{"':
        return None
    query = _decode(command)
    return (name, *kind(query)) if query.originating is _ABSENT else None


def text_skeleton(text: bytes, joined: bool = False) -> bytes:
    """The text of one JSON value without what no shape depends on.

    `joined`: a pipeline that names other collections or fields by texts.
    """
    if not text:
        return b""
    if b"\\" in text:
        text = text.replace(b"\\\\", b"\x00").replace(b'\\"', b"\x01")
    parts = text.split(b'"')
    structure, values = _layout(_NUMBER.sub(b"2", b'"'.join(parts[::2])))
    texts = parts[1::2]
    regex = b"$reg" in text
    if regex or joined:
        texts = _kept_texts(texts, structure.split(b'"')[1:], regex, joined)
    else:
        for place in values:
            value = texts[place]
            if value[:1] != b"$":
                texts[place] = value and b"?"
    whole = structure + b"\n" + b'"'.join(texts)
    return whole if len(whole) <= _LONG else blake2b(whole, digest_size=16).digest()


@lru_cache(maxsize=4096)
def _layout(structure: bytes) -> tuple[bytes, tuple[int, ...]]:
    """What stands between the texts, without spaces, and which of the texts are values: no colon follows them."""
    structure = structure.translate(None, _SPACE)
    return structure, tuple(place for place, after in enumerate(structure.split(b'"')[1:]) if after[:1] != b":")


def _kept_texts(texts: list[bytes], after: list[bytes], regex: bool, joined: bool) -> list[bytes]:
    """The same where some texts matter: names of collections and fields, options, and the class of a pattern."""
    kept: list[bytes] = []
    name = b""
    for text, following in zip(texts, after, strict=False):
        if following[:1] == b":":
            name = text
            kept.append(text)
        elif regex and name in _PATTERNS:
            kept.append(_pattern_class(text))
        elif text[:1] == b"$" or (joined and name in _JOINED_TEXTS) or (regex and name in _REGEX_TEXTS):
            kept.append(text)
        else:
            kept.append(text and b"?")
    return kept


def _pattern_class(text: bytes) -> bytes:
    """How an index could serve the pattern with and without the option `m`."""
    quoted = b'"' + text.replace(b"\x01", b'\\"').replace(b"\x00", b"\\\\") + b'"'
    pattern = msgspec.json.decode(quoted, type=str)
    return f"{regex_class(pattern, '')} {regex_class(pattern, 'm')}".encode()
