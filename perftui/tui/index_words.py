"""Indexes in words: key patterns, properties, uses."""

import re

from perftui.model.index import Index, KeyPattern
from perftui.tui.formatting import duration

_PLAIN_NAME = re.compile(r"[A-Za-z_$][\w$]*\Z")


def keys_text(keys: KeyPattern) -> str:
    """As mongosh writes it: `{category: 1, createdAt: -1}`."""
    return "{" + ", ".join(f"{_name(field)}: {_direction(direction)}" for field, direction in keys) + "}"


def order_text(keys: KeyPattern) -> str:
    """A sort in words: `createdAt desc, name`."""
    return ", ".join(f"{field} desc" if direction == -1 else field for field, direction in keys)


def properties(index: Index) -> tuple[str, ...]:
    """What makes it special, a word each; `hidden` and `building` first."""
    known = (
        ("building", index.building),
        ("hidden", index.hidden),
        ("unique", index.unique),
        (f"TTL {duration(index.ttl_s)}" if index.ttl_s else "TTL", index.ttl_s is not None),
        ("sparse", index.sparse),
        ("partial", index.partial_filter is not None),
        ("collation", index.collation is not None),
        *((kind, any(direction == kind for _, direction in index.keys)) for kind in _KINDS),
        ("wildcard", any(field.endswith("$**") for field, _ in index.keys)),
    )
    return tuple(word for word, is_so in known if is_so)


_KINDS = ("text", "2dsphere", "2d", "hashed")


def _name(field: str) -> str:
    if _PLAIN_NAME.match(field):
        return field
    return '"' + field.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _direction(direction: int | str) -> str:
    return f'"{direction}"' if isinstance(direction, str) else str(direction)
