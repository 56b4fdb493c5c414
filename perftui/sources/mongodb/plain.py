"""Numbers of a reply as plain ones: BSON's own types must not leave the sources."""

from collections.abc import Mapping
from typing import Any

NOTHING: Mapping[str, Any] = {}


def real(value: object) -> float | None:
    """The number, or `None` for anything that is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: object) -> int | None:
    """The number without its fraction, or `None` for anything that is none, or endless."""
    try:
        return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except (OverflowError, ValueError):
        return None


def flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def part(document: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The document at this path; empty where anything on the way is missing."""
    for name in path:
        found = document.get(name)
        if not isinstance(found, Mapping):
            return NOTHING
        document = found
    return document
