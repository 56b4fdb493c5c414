"""The published JSON Schemas of perftui's documents, made from their types."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
NAMES = ("analysis-1", "budgets-1", "metrics-1", "snapshot-1", "verdict-1", "watch-1")


def schema(name: str) -> dict[str, Any]:
    """The schema of one of `NAMES`. Raises `KeyError` for another name."""
    import msgspec

    from perftui.model.analysis import Analysis
    from perftui.model.budgets.schema import budgets_schema
    from perftui.model.metrics import MetricsDocument
    from perftui.model.snapshot import Snapshot
    from perftui.model.verdict import Verdict
    from perftui.model.watch import WatchLine

    if name == "budgets-1":
        return budgets_schema()
    types = {
        "analysis-1": Analysis,
        "metrics-1": MetricsDocument,
        "snapshot-1": Snapshot,
        "verdict-1": Verdict,
        "watch-1": WatchLine,
    }
    made = msgspec.json.schema(types[name])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"perftui {name}"}
    whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(head | made))
    return whole


def published(name: str) -> bytes:
    """The file of one of `NAMES`, as it is in the package. Raises `OSError` where the package is not whole."""
    return (FOLDER / f"{name}.json").read_bytes()


def write_schemas() -> None:
    """Write the files anew: `python -m perftui.model.schemas`, after a change to the types."""
    for name in NAMES:
        (FOLDER / f"{name}.json").write_text(json.dumps(schema(name), indent=2) + "\n", "utf-8")
