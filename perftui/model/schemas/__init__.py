"""The published JSON Schemas of perftui's documents, made from their types."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
NAMES = (
    "analysis-1",
    "bench-1",
    "bench-comparison-1",
    "bench-http-1",
    "bench-mongo-1",
    "bench-report-1",
    "budgets-1",
    "check-1",
    "metrics-1",
    "snapshot-1",
    "verdict-1",
    "watch-1",
)


def schema(name: str) -> dict[str, Any]:
    """The schema of one of `NAMES`. Raises `KeyError` for another name."""
    import msgspec

    from perftui.model.budgets.schema import budgets_schema

    if name == "budgets-1":
        return budgets_schema()
    made = msgspec.json.schema(_types()[name])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"perftui {name}"}
    whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(head | made))
    for one in whole["$defs"].values():
        if ">>>" in one.get("description", ""):
            one["description"] = one["description"].partition(">>>")[0].rstrip()
    return whole


def _types() -> dict[str, type]:
    from perftui.model.analysis import Analysis
    from perftui.model.bench.comparison import ComparisonDocument
    from perftui.model.bench.load import LoadDocument
    from perftui.model.bench.mongo import MongoBenchDocument
    from perftui.model.bench.saved_run import BenchReportDocument, SavedRun
    from perftui.model.check import CheckReport
    from perftui.model.metrics import MetricsDocument
    from perftui.model.snapshot import Snapshot
    from perftui.model.verdict import Verdict
    from perftui.model.watch import WatchLine

    return {
        "analysis-1": Analysis,
        "bench-1": SavedRun,
        "bench-comparison-1": ComparisonDocument,
        "bench-http-1": LoadDocument,
        "bench-mongo-1": MongoBenchDocument,
        "bench-report-1": BenchReportDocument,
        "check-1": CheckReport,
        "metrics-1": MetricsDocument,
        "snapshot-1": Snapshot,
        "verdict-1": Verdict,
        "watch-1": WatchLine,
    }


def published(name: str) -> bytes:
    """The file of one of `NAMES`, as it is in the package. Raises `OSError` where the package is not whole."""
    return (FOLDER / f"{name}.json").read_bytes()


def write_schemas() -> None:
    """Write the files anew: `python -m perftui.model.schemas`, after a change to the types."""
    for name in NAMES:
        (FOLDER / f"{name}.json").write_text(json.dumps(schema(name), indent=2) + "\n", "utf-8")
