"""Index definitions in mongosh's notation, exact enough to paste."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from perftui.model.index import KeyPattern

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_NAME = 120


def create_command(ns: str, keys: KeyPattern, options: Mapping[str, Any]) -> str:
    """`db.getSiblingDB("shop").getCollection("prompts").createIndex({...}, {...})`."""
    database, _, collection = ns.partition(".")
    shown = keys_text(keys)
    extra = f", {value_text(options)}" if options else ""
    return f"db.getSiblingDB({_text(database)}).getCollection({_text(collection)}).createIndex({shown}{extra})"


def keys_text(keys: KeyPattern) -> str:
    """`{ category: 1, "owner.name": -1 }`."""
    return "{ " + ", ".join(f"{_name(path)}: {value_text(way)}" for path, way in keys) + " }"


def index_name(keys: KeyPattern, suffix: str = "") -> str:
    """The server's own name, `category_1_createdAt_-1`, shortened below 127 bytes."""
    name = "_".join(f"{path}_{way}" for path, way in keys) + suffix
    if len(name.encode("utf-8", "replace")) <= _MOST_NAME:
        return name
    from hashlib import blake2b

    mark = blake2b(name.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return name.encode("utf-8", "replace")[:100].decode("utf-8", "ignore") + "_" + mark


def _name(path: str) -> str:
    return path if _PLAIN_NAME.fullmatch(path) else _text(path)


def _text(value: str) -> str:
    return json.dumps(value)


def value_text(value: Any) -> str:
    """A value as mongosh reads it."""
    if isinstance(value, Mapping):
        special = _extended_text(value)
        if special is not None:
            return special
        inner = ", ".join(f"{_name(str(name))}: {value_text(item)}" for name, item in value.items())
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(value_text, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return str(value)
    return _text(value) if isinstance(value, str) else _text(str(value))


def _extended_text(value: Mapping[str, Any]) -> str | None:
    if len(value) != 1:
        return None
    name, inner = next(iter(value.items()))
    if name == "$oid":
        return f"ObjectId({_text(str(inner))})"
    if name == "$date":
        return f"ISODate({_text(str(inner))})" if isinstance(inner, str) else f"new Date({next(iter(inner.values()))})"
    if name in ("$numberLong", "$numberDecimal"):
        return f"Number{name[7:]}({_text(str(inner))})"
    return None


def plain_value(value: Any) -> Any:
    """A Python or BSON value as relaxed extended JSON."""
    if isinstance(value, Mapping):
        return {str(name): plain_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, datetime):
        return {"$date": value.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"}
    kind = type(value).__name__
    if kind == "ObjectId":
        return {"$oid": str(value)}
    if kind == "Decimal128":
        return {"$numberDecimal": str(value)}
    return str(value)
