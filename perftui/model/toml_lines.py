"""Finds the line of a key in TOML text. The parser gives none, so it is asked which line makes the key appear."""

import re
from collections.abc import Sequence
from typing import Any

KeyPath = tuple[str | int, ...]

_LONGEST = 2000
"""Lines; a longer file is not searched, because each step parses all lines before it."""


def line_of(text: str, path: KeyPath, value: object = None) -> int | None:
    """The line (from 1) of the key at `path`, or of `value` inside a list there; `None` where it cannot be told."""
    lines = text.splitlines()
    if len(lines) > _LONGEST or not path:
        return None
    end = next((n for n in range(1, len(lines) + 1) if _has(_parse(lines[:n]), path)), None)
    if end is None:
        return None
    start = next(n for n in range(end - 1, -1, -1) if _parse(lines[:n]) is not None) + 1
    return _narrow(lines, start, end, path[-1], value)


def _narrow(lines: Sequence[str], start: int, end: int, key: str | int, value: object) -> int:
    """The line inside a statement of several lines, such as a list or an inline table."""
    names = re.compile(rf"(?<![\w-])[\"']?{re.escape(str(key))}[\"']?\s*=")
    for number in range(start, end + 1):
        line = lines[number - 1]
        if isinstance(key, int) and isinstance(value, str) and value in line:
            return number
        if isinstance(key, str) and names.search(line):
            return number
    return start


def _parse(lines: Sequence[str]) -> dict[str, Any] | None:
    import tomllib  # most programs read no such file

    try:
        return tomllib.loads("\n".join(lines) + "\n")
    except tomllib.TOMLDecodeError:
        return None


def _has(document: Any, path: KeyPath) -> bool:
    for key in path:
        inside = (isinstance(document, dict) and key in document) or (
            isinstance(document, list) and isinstance(key, int) and key < len(document)
        )
        if not inside:
            return False
        document = document[key]
    return document is not None
