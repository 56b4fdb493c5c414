"""Where in the settings file something stands."""

import tomllib
from pathlib import Path
from typing import Any

from perftui.model.toml_lines import KeyPath, line_of

__all__ = ["line_of", "place_of"]


def place_of(file: str | None, table: str, key: str, value: str) -> str:
    """File and line where `key` of such a table, at the top or in a profile, has this value; less where unknown."""
    if file is None:
        return "settings"
    try:
        text = Path(file).read_text("utf-8")
        document = tomllib.loads(text)
    except (OSError, ValueError):
        return file
    profiles = document.get("profiles", {})
    paths: list[KeyPath] = [(table, key), *(("profiles", name, table, key) for name in profiles)]
    path = next((path for path in paths if _at(document, path) == value), None)
    line = line_of(text, path) if path else None
    return f"{file}, line {line}" if line else file


def _at(document: Any, path: KeyPath) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document
