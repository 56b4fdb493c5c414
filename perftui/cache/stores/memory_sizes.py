"""About how many bytes a value takes, without serializing it."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

_DEEPEST = 8


def approximate_size(value: Any, depth: int = 0) -> int:
    """Bytes of the object and what it holds, at most eight levels deep; shared parts count each time."""
    size = sys.getsizeof(value, 64)
    if depth >= _DEEPEST:
        return size
    parts: Iterable[Any] = ()
    if isinstance(value, Mapping):
        parts = (part for pair in value.items() for part in pair)
    elif isinstance(value, list | tuple | set | frozenset):
        parts = value
    return size + sum(approximate_size(part, depth + 1) for part in parts)
