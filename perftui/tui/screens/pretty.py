"""JSON from a server as lines to read: what fits stands on one line, the rest is indented."""

import json
from collections.abc import Iterator
from typing import Any

_DEEPEST = 40
_MOST_LINES = 4_000


def pretty_json(text: str, width: int = 100) -> list[str]:
    """The document's lines; text that is no JSON, such as a cut one, comes back as its own lines."""
    try:
        document = json.loads(text)
        lines = list(_lines(document, max(width, 20), 0, "", ""))
    except (ValueError, RecursionError):
        lines = text.splitlines() or [""]
    if len(lines) > _MOST_LINES:
        return [*lines[:_MOST_LINES], f"... {len(lines) - _MOST_LINES:,} more lines"]
    return lines


def _lines(value: Any, width: int, depth: int, before: str, after: str) -> Iterator[str]:
    indent = "  " * depth
    flat = f"{indent}{before}{_flat(value)}{after}"
    if len(flat) <= width or depth >= _DEEPEST or not isinstance(value, dict | list) or not value:
        yield flat
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield f"{indent}{before}{opening}"
    items = [(f"{_flat(key)}: ", item) for key, item in value.items()] if isinstance(value, dict) else None
    pairs = items if items is not None else [("", item) for item in value]
    for index, (name, item) in enumerate(pairs):
        yield from _lines(item, width, depth + 1, name, "" if index == len(pairs) - 1 else ",")
    yield f"{indent}{closing}{after}"


def _flat(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
