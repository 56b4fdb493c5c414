"""Values that JSON does not know, as short text."""

import math
from datetime import datetime
from typing import cast


def number_text(value: float) -> str:
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
        return f"/{pattern_of(value)[:200]}/{flags_of(value)}"
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


def pattern_of(value: object) -> str:
    pattern = getattr(value, "pattern", "")
    return pattern.decode("utf-8", "replace") if isinstance(pattern, bytes) else str(pattern)


def flags_of(value: object) -> str:
    flags = int(getattr(value, "flags", 0))
    return "".join(letter for letter, bit in (("i", 2), ("l", 4), ("m", 8), ("s", 16), ("x", 64)) if flags & bit)
