"""Documents as relaxed extended JSON, bounded and always valid."""

import base64
import math
from collections.abc import Mapping
from datetime import datetime
from typing import cast

import msgspec

from perftui.model.bson_text import flags_of, number_text, pattern_of, special

_DEPTH = 100


def to_json(document: object, limit: int = 65536) -> str:
    """Relaxed extended JSON; what is longer than `limit` is cut value by value so that it stays valid JSON."""
    text = _encode(_extended(document, [limit], 0))
    room = limit // 2
    while len(text) > limit and room > 64:
        text = _encode(_extended(document, [room], 0))
        room //= 2
    return text if len(text) <= limit else _encode({"$truncated": text[: limit // 8]})


def to_plain(document: object, limit: int = 65536) -> object:
    """The same as a tree of what JSON knows, its values cut beyond about `limit` characters."""
    return _extended(document, [limit], 0)


def _encode(plain: object) -> str:
    return msgspec.json.encode(plain).decode()


def _extended(value: object, room: list[int], depth: int) -> object:
    """A tree that JSON can hold; `room[0]` is what is left of it in characters."""
    room[0] -= 4
    if isinstance(value, Mapping):
        return _extended_mapping(value, room, depth)
    if isinstance(value, list | tuple):
        return _extended_items(value, room, depth)
    if isinstance(value, str):
        return _extended_text(value, room)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$numberDouble": number_text(value)}
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
    return str(text) if text.isascii() else text.encode("utf-8", "replace").decode()


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
        return {"$regularExpression": {"pattern": _extended_text(pattern_of(value), room), "options": flags_of(value)}}
    if kind == "Timestamp":
        return {"$timestamp": {"t": getattr(value, "time", 0), "i": getattr(value, "inc", 0)}}
    if kind == "Decimal128":
        return {"$numberDecimal": str(value)}
    if kind == "UUID":
        return {"$uuid": str(value)}
    if kind in ("MinKey", "MaxKey"):
        return {f"$m{kind[1:]}": 1}
    return special(value)
