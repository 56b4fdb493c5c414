"""Commands and documents as text: bounded work, bounded length, safe to draw."""

import base64
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast

import msgspec

from perftui.model.text import safe_text

__all__ = ["one_line", "safe_text", "to_json"]

_DEPTH = 100
_HIDDEN = frozenset(("lsid", "$clusterTime", "$db", "$readPreference", "signature", "apiVersion", "txnNumber"))


def one_line(command: object, limit: int = 500) -> str:
    """A command or document on one line in mongosh's notation, without session fields, at most `limit` characters."""
    pieces: list[str] = []
    length = 0
    for piece in _shell(command, 0, limit):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            break
    return safe_text("".join(pieces), limit)


def to_json(document: object, limit: int = 65536) -> str:
    """Relaxed extended JSON; what is longer than `limit` is cut value by value so that it stays valid JSON."""
    text = _encode(_extended(document, [limit // 2], 0))
    room = limit // 4
    while len(text) > limit and room > 64:
        text = _encode(_extended(document, [room], 0))
        room //= 2
    return text if len(text) <= limit else _encode({"$truncated": text[: limit // 8]})


def _encode(plain: object) -> str:
    return msgspec.json.encode(plain).decode()


def _shell(value: object, depth: int, room: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _shell_mapping(value, depth, room)
    elif isinstance(value, list | tuple):
        yield from _shell_items(value, depth, room)
    elif isinstance(value, str):
        yield _quoted(value[: room + 1])
    elif value is None or isinstance(value, bool):
        yield {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, int | float):
        yield _number(value)
    else:
        yield special(value)


def _shell_mapping(value: Mapping[object, object], depth: int, room: int) -> Iterator[str]:
    if depth >= _DEPTH:
        yield "{…}"
        return
    separator = "{"
    for key, item in value.items():
        if depth == 0 and key in _HIDDEN:
            continue
        yield f"{separator}{key if _plain(str(key)) else _quoted(str(key)[: room + 1])}: "
        yield from _shell(item, depth + 1, room)
        separator = ", "
    yield "{}" if separator == "{" else "}"


def _shell_items(values: list[object] | tuple[object, ...], depth: int, room: int) -> Iterator[str]:
    if depth >= _DEPTH:
        yield "[…]"
        return
    yield "["
    for position, item in enumerate(values):
        if position:
            yield ", "
        yield from _shell(item, depth + 1, room)
    yield "]"


def _plain(key: str) -> bool:
    return key.isascii() and key.replace("$", "_").isidentifier()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\x00", "\\0") + '"'


def _number(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return str(value)


def special(value: object) -> str:
    """A BSON type that JSON does not know, in mongosh's notation, short."""
    kind = type(value).__name__
    if kind == "ObjectId":
        return f'ObjectId("{value}")'
    if isinstance(value, datetime):
        return f'ISODate("{value.isoformat(timespec="milliseconds").removesuffix("+00:00")}Z")'
    if isinstance(value, bytes):
        return f"BinData({getattr(value, 'subtype', 0)}, {len(value)} bytes)"
    if kind in ("Regex", "Pattern"):
        return f"/{_pattern(value)[:200]}/{_flags(value)}"
    if kind == "Decimal128":
        return f'NumberDecimal("{value}")'
    if kind == "Timestamp":
        return f"Timestamp({getattr(value, 'time', 0)}, {getattr(value, 'inc', 0)})"
    if kind in ("MinKey", "MaxKey"):
        return kind
    if kind == "DatetimeMS":
        return f"ISODate({int(cast('int', value))} ms)"
    if kind == "UUID":
        return f'UUID("{value}")'
    if kind == "DBRef":
        return f'DBRef("{getattr(value, "collection", "")}", …)'
    return f"{kind}(…)"


def _pattern(value: object) -> str:
    pattern = getattr(value, "pattern", "")
    return pattern.decode("utf-8", "replace") if isinstance(pattern, bytes) else str(pattern)


def _flags(value: object) -> str:
    flags = int(getattr(value, "flags", 0))
    return "".join(letter for letter, bit in (("i", 2), ("l", 4), ("m", 8), ("s", 16), ("x", 64)) if flags & bit)


def _extended(value: object, room: list[int], depth: int) -> object:
    """A tree that JSON can hold; `room[0]` is what is left of it in characters."""
    room[0] -= 4
    if isinstance(value, Mapping):
        return _extended_mapping(value, room, depth)
    if isinstance(value, list | tuple):
        return _extended_items(value, room, depth)
    if isinstance(value, str):
        return _extended_text(value, room)
    if value is None or isinstance(value, bool | int):
        return value if value is None or -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$numberDouble": _number(value)}
    room[0] -= 32
    return _extended_special(value, room)


def _extended_mapping(value: Mapping[object, object], room: list[int], depth: int) -> object:
    if depth >= _DEPTH:
        return {"$truncated": "nested deeper than is shown"}
    result: dict[str, object] = {}
    for key, item in value.items():
        if room[0] <= 0:
            result["$truncated"] = f"{len(value) - len(result)} more fields"
            break
        name = _extended_text(str(key), room)
        result[name] = _extended(item, room, depth + 1)
    return result


def _extended_items(values: list[object] | tuple[object, ...], room: list[int], depth: int) -> object:
    if depth >= _DEPTH:
        return ["… nested deeper than is shown"]
    result: list[object] = []
    for item in values:
        if room[0] <= 0:
            result.append(f"… {len(values) - len(result)} more")
            break
        result.append(_extended(item, room, depth + 1))
    return result


def _extended_text(text: str, room: list[int]) -> str:
    if len(text) > room[0] + 64:
        text = text[: max(room[0], 0) + 63] + "…"
    room[0] -= len(text)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _extended_special(value: object, room: list[int]) -> object:
    kind = type(value).__name__
    if kind == "ObjectId":
        return {"$oid": str(value)}
    if isinstance(value, datetime):
        return {"$date": value.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"}
    if kind == "DatetimeMS":
        return {"$date": {"$numberLong": str(int(cast("int", value)))}}
    if isinstance(value, bytes):
        shown = value[: max(room[0], 0) + 48]
        room[0] -= len(shown)
        base = base64.b64encode(shown).decode()
        return {"$binary": {"base64": base, "subType": f"{getattr(value, 'subtype', 0):02x}"}}
    if kind in ("Regex", "Pattern"):
        return {"$regularExpression": {"pattern": _extended_text(_pattern(value), room), "options": _flags(value)}}
    if kind == "Timestamp":
        return {"$timestamp": {"t": getattr(value, "time", 0), "i": getattr(value, "inc", 0)}}
    if kind == "Decimal128":
        return {"$numberDecimal": str(value)}
    if kind == "UUID":
        return {"$uuid": str(value)}
    if kind in ("MinKey", "MaxKey"):
        return {f"$m{kind[1:]}": 1}
    return special(value)
