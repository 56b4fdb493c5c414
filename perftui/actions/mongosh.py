"""A command or value in mongosh's notation, whole and exact: what is shown is what is sent."""

import json
import math
from collections.abc import Mapping
from datetime import datetime

from perftui.model.bson_text import flags_of, pattern_of

_SMALLEST_INT, _GREATEST_INT = -(2**31), 2**31
_EXACT_DOUBLE = 2**53


def mongosh(value: object) -> str:
    """Raises `ValueError` for a type of BSON that mongosh has no notation for."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(key))}: {mongosh(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(mongosh(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(str(value), ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return _double(value)
    return _special(value)


def run_command(database: str, command: Mapping[str, object]) -> str:
    """The command as one would type it, whatever database is in use."""
    return f"db.getSiblingDB({json.dumps(database, ensure_ascii=False)}).runCommand({mongosh(command)})"


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("$", "_").isidentifier()
    return name if plain else json.dumps(name, ensure_ascii=False)


def _integer(value: int) -> str:
    """Beyond 32 bits, and what was sent as a 64-bit number, the type is named."""
    if type(value).__name__ == "Int64" or not _SMALLEST_INT <= value < _GREATEST_INT:
        return f'NumberLong("{int(value)}")'
    return str(int(value))


def _double(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return f"Double({int(value)})" if value.is_integer() and abs(value) < _EXACT_DOUBLE else repr(value)


def _special(value: object) -> str:
    kind = type(value).__name__
    if kind == "ObjectId":
        return f'ObjectId("{value}")'
    if isinstance(value, datetime):
        return f'ISODate("{value.isoformat(timespec="milliseconds").removesuffix("+00:00")}Z")'
    if kind == "DatetimeMS":
        return f"new Date({int(value)})"  # type: ignore[call-overload]
    if isinstance(value, bytes):
        return f'HexData({getattr(value, "subtype", 0)}, "{value.hex()}")'
    if kind in ("Regex", "Pattern"):
        return f"RegExp({json.dumps(pattern_of(value))}, {json.dumps(flags_of(value))})"
    if kind == "Decimal128":
        return f'NumberDecimal("{value}")'
    if kind == "Timestamp":
        return f"Timestamp({getattr(value, 'time', 0)}, {getattr(value, 'inc', 0)})"
    if kind in ("MinKey", "MaxKey"):
        return f"{kind}()"
    if kind == "UUID":
        return f'UUID("{value}")'
    raise ValueError(f"a {kind} cannot be shown exactly")
