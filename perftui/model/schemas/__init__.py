"""The published JSON Schemas of perftui's documents, made from their types."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
NAMES = ("metrics-1", "snapshot-1")


def schema(name: str) -> dict[str, Any]:
    """The schema of `metrics-1` or `snapshot-1`. Raises `KeyError` for another name."""
    import msgspec

    from perftui.model.metrics import MetricsDocument
    from perftui.model.snapshot import Snapshot

    made = msgspec.json.schema({"metrics-1": MetricsDocument, "snapshot-1": Snapshot}[name])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"perftui {name}"}
    whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(head | made))
    return whole


def write_schemas() -> None:
    """Write the files anew: `python -m perftui.model.schemas`, after a change to the types."""
    for name in NAMES:
        (FOLDER / f"{name}.json").write_text(json.dumps(schema(name), indent=2) + "\n", "utf-8")
