"""Numbers of a reply as plain ones: BSON's own types must not leave the sources."""

from collections.abc import Mapping, Sequence
from typing import Any

from perftui.sources.numbers import real, whole

__all__ = ["NOTHING", "documents", "flag", "part", "real", "text", "texts", "whole"]

NOTHING: Mapping[str, Any] = {}


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


def documents(value: object, most: int = 1000) -> Sequence[Mapping[str, Any]]:
    """The documents of an array, at most so many; none for anything else."""
    return [one for one in value[:most] if isinstance(one, Mapping)] if isinstance(value, list) else ()


def texts(value: object, most: int = 100) -> Sequence[str]:
    """The texts of an array, such as members' addresses; none for anything else."""
    return [one for one in value[:most] if isinstance(one, str)] if isinstance(value, list) else ()
