"""The published JSON Schema of a file of budgets, which is that of `[budgets]` in `perftui.toml` too."""

from typing import Any

from perftui.model.budgets.limits import ON

Schema = dict[str, Any]
_ABOUT = {
    "endpoint": "On endpoints: match is a route such as /api/items/*, or with a method GET /api/items/*.",
    "query": "On shapes of MongoDB queries: match is a shape's id, collection, operation, or collection and text.",
    "cache": "On an application's caches: match is a name.",
    "redis": "On Redis servers, for the monitor: match is a name or an address.",
    "benchmark": "On benchmarks of a saved run, for perftui check: match is a name.",
}


def table_schema() -> Schema:
    """The keys of a file, and of the table in `perftui.toml`."""
    lists: Schema = {on: {"type": "array", "items": _entry(), "description": _ABOUT[on]} for on in ON}
    about = "Also hold all endpoints and caches to the default budgets."
    return {"defaults": {"type": "boolean", "description": about}} | lists


def budgets_schema() -> Schema:
    """Checks what the reader checks, save for the grammar of limits beyond its outline."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "perftui budgets-1",
        "type": "object",
        "properties": table_schema(),
        "additionalProperties": False,
    }


def _entry() -> Schema:
    text = {"type": "string", "minLength": 1}
    limit = {
        "type": "string",
        "pattern": r"^\s*(p\(\s*[0-9.]+\s*\)|[a-z_]+)\s*(<=|<|>=|>)\s*[0-9]+(\.[0-9]+)?\s*(us|ms|s|%|/s)?\s*$",
    }
    whole = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
    properties: Schema = {
        "match": {"description": "What is held; * stands for anything."} | text,
        "limits": {
            "description": "Such as p(95)<500ms, avg<200ms, error_rate<1%, rate>5/s, hit_rate>80%.",
            "anyOf": [limit, {"type": "array", "items": limit, "minItems": 1}],
        },
        "window": {
            "description": "1s to 60m; whole minutes count.",
            "type": "string",
            "pattern": r"^\s*[0-9]{1,5}\s*(s|m|h)\s*$",
        },
        "service": {"description": "Only of the application or server of this name; * stands for anything."} | text,
        "samples": {"description": "Fewer requests are not judged."} | whole,
        "evaluations": {"description": "In a row beyond the limit before it counts as over; so for back."} | whole,
    }
    return {"type": "object", "properties": properties, "required": ["match", "limits"], "additionalProperties": False}
