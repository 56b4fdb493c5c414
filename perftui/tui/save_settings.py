"""Writes single settings into `perftui.toml` and leaves the rest of the file, comments too, as it is."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path


def save(file: str | None, values: Mapping[str, str | float | bool]) -> Path:
    """Set top-level keys of the settings file, which is made when it is not there. Raises `OSError`, `ValueError`."""
    from perftui.config.folders import config_file

    path = Path(file) if file else config_file()
    before = path.read_text("utf-8") if path.exists() else ""
    after = edited(before, values)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(after)
    Path(temporary).chmod(mode)
    Path(temporary).replace(path)
    return path


def edited(text: str, values: Mapping[str, str | float | bool]) -> str:
    """The document with these keys set. Raises `ValueError` where it cannot be done safely."""
    import tomllib

    lines = text.splitlines()
    end = next((index for index, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    for key, value in values.items():
        written = f"{key} = {_toml(value)}"
        place = next((i for i in range(end) if re.match(rf"\s*{re.escape(key)}\s*=", lines[i])), None)
        if place is None:
            lines.insert(end, written)
            end += 1
        else:
            lines[place] = written
    result = "\n".join(lines) + "\n"
    expected = {**tomllib.loads(text), **values}
    try:
        same = tomllib.loads(result) == expected
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise ValueError("the settings file is written in a way that cannot be edited safely; change it by hand.")
    return result


def _toml(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)
