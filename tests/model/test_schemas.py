"""The published schemas are those of the types, and real documents fit them."""

import json

import jsonschema
import pytest

from perftui.instrument import Budget, CacheMonitor, Registry, build_document
from perftui.model.application import ApplicationMetrics, EndpointStats
from perftui.model.schemas import FOLDER, NAMES, schema
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Target


@pytest.mark.parametrize("name", NAMES)
def test_published_schema_is_current(name: str) -> None:
    published = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    assert published == schema(name), "run python -m perftui.model.schemas"
    jsonschema.Draft202012Validator.check_schema(published)


def test_metrics_document_fits_its_schema() -> None:
    registry = Registry("shop", budgets=[Budget("*", "p(95)<1ms")], only_process=True)
    registry.endpoints.record("GET", "/items", 200, 61.0 + registry.started, 0.2)
    CacheMonitor("pages", registry).hit("a:b", 0.001)
    document = json.loads(build_document(registry).to_json())
    jsonschema.validate(document, schema("metrics-1"))
    document["api"]["requests"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("metrics-1"))


def test_snapshot_fits_its_schema() -> None:
    target = Target(id="http://a:1", kind="application", name="a", address="http://a:1")
    metrics = ApplicationMetrics(format="perftui", endpoints=(EndpointStats(method="GET", route="/"),))
    state = TargetState(target=target, sources=(SourceState(source="x", interval_s=1.0),), application=metrics)
    snapshot = Snapshot(sequence=1, taken_at=1.0, interval_s=1.0, window_s=300.0, targets=(state,))
    document = json.loads(snapshot.to_json())
    jsonschema.validate(document, schema("snapshot-1"))
    del document["sequence"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("snapshot-1"))
