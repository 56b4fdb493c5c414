"""The published JSON Schema of `perftui.toml`, made from the same table as its reader."""

import json
from collections.abc import Mapping
from pathlib import Path

from perftui.config.keys import SETTING_KEYS, TARGET_KEYS, TEXT, THRESHOLD_KEYS, Key, Schema
from perftui.model.budgets.schema import table_schema

SCHEMA_FILE = Path(__file__).parent.parent / "model" / "schemas" / "config-1.json"


def config_schema() -> Schema:
    """Checks what the reader checks, save for bounds of durations and whether names fit each other."""
    options = _options()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "perftui.toml",
        "type": "object",
        "properties": options | {"profiles": {"type": "object", "additionalProperties": _table(options)}},
        "additionalProperties": False,
    }


def write_schema() -> None:
    """Write the file anew; for developers, after a change to the table."""
    SCHEMA_FILE.parent.mkdir(exist_ok=True)
    SCHEMA_FILE.write_text(json.dumps(config_schema(), indent=2) + "\n", "utf-8")


def _options() -> dict[str, Schema]:
    return _properties(SETTING_KEYS) | {
        "targets": {"type": "array", "items": {"anyOf": [TEXT, _target()]}},
        "keys": {"type": "object", "additionalProperties": {"type": "string"}},
        "thresholds": _table(_properties(THRESHOLD_KEYS)),
        "budgets": _table({"file": {"description": "A file of budgets, beside this one."} | TEXT} | table_schema()),
    }


def _target() -> Schema:
    from_variable = _table({"env": TEXT, "prefix": {"type": "string"}}) | {"required": ["env"]}
    header = {"anyOf": [{"type": "string"}, from_variable]}
    headers = {"type": "object", "additionalProperties": header}
    return _table(_properties(TARGET_KEYS) | {"headers": headers}) | {"required": ["uri"]}


def _table(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _properties(keys: Mapping[str, Key]) -> dict[str, Schema]:
    return {name: {"description": key.about} | key.schema for name, key in keys.items()}
