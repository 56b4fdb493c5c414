"""The page on serving: its examples run, its metrics, parameters and options are those that exist."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from perftui import Budget, CacheMonitor, Registry, metrics_app, metrics_wsgi_app, prometheus_text, serve_metrics
from perftui.instrument.endpoints.kinds import CALL, ENDPOINT, EXCEPTION, WEBSOCKET
from perftui.instrument.queries.kinds import POOL, QUERY
from perftui.instrument.serve.service import CLEAR_PATH, DOCUMENT_PATH, SCHEMA_PATH, TEXT_PATH

PAGE = (Path(__file__).parents[2] / "docs" / "library-serving.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of the first table whose head begins so, by the name in code of the first cell."""
    table = PAGE.partition(f"\n| {heading}")[2].partition("\n\n")[0]
    found = [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()[2:]]
    return {re.findall(r"`([^`]+)`", cells[0])[0]: cells[1:] for cells in found}


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_each_example_runs(
    number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("METRICS_TOKEN", "correct horse")
    names: dict[str, Any] = {}
    exec(compile(BLOCKS[number], "docs/library-serving.md", "exec"), names)
    printed = capsys.readouterr().out
    if "serve_metrics(" in BLOCKS[number]:
        assert printed == "200\n"
    if "report(" in BLOCKS[number]:
        assert printed.startswith("nightly 1.0\n")
        assert (tmp_path / "summary.md").read_text("utf-8").startswith("# nightly 1.0\n")


async def test_with_token_only_this_machine_sends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "correct horse")
    names: dict[str, Any] = {}
    exec(compile(BLOCKS[0], "docs/library-serving.md", "exec"), names)
    transport = httpx.ASGITransport(names["app"], client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get(DOCUMENT_PATH)).status_code == 401
        bears = {"Authorization": "Bearer correct horse"}
        assert (await client.get(DOCUMENT_PATH, headers=bears)).status_code == 200


def full_registry() -> Registry:
    registry = Registry("shop", "1.0", budgets=[Budget("*", "error_rate<1%")])
    registry.block(ENDPOINT, "GET", "/a", "200").record(registry.started, 0.1)
    registry.block(CALL, "nightly").record(registry.started, 0.1)
    registry.block(EXCEPTION, "GET", "/a", "KeyError").add(0)
    registry.block(WEBSOCKET, "/ws").record(registry.started, 0.1)
    registry.block(QUERY, "1", "shop.items", "find", "find {}").record(registry.started, 0.1)
    registry.block(POOL, "db:27017").record(registry.started, 0.1)
    registry.publish("in_flight", lambda: [["WEBSOCKET", "/ws", 1, 0.5]])
    registry.faults["route"] += 1
    cache = CacheMonitor("pages", registry)
    cache.hit("a", 0.1)
    cache.set(0.1)
    return registry


def test_every_metric_is_documented_with_its_labels() -> None:
    text = prometheus_text(full_registry()).decode()
    served = {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            {name for sample in family.samples for name in sample.labels} - {"le"},
        )
        for family in text_string_to_metric_families(text)
    }
    documented = rows("metric | unit")
    assert set(documented) == set(served)
    labels: set[str] = set()
    for name, (unit, named, about) in documented.items():
        kind, had = served[name]
        assert unit.split(",")[0] == {"target_info": "info"}.get(name, kind)
        labels = labels if named == "as above" else set(re.findall(r"`([^`]+)`", named))
        assert labels == had, name
        assert about


def test_paths_parameters_and_options_are_those_that_exist() -> None:
    assert set(rows("path |")) == {
        f"GET {DOCUMENT_PATH}", f"GET {SCHEMA_PATH}", f"GET {TEXT_PATH}", f"POST {CLEAR_PATH}"
    }  # fmt: skip
    from perftui.instrument.serve import parameters

    asked = ast.unparse(ast.parse(inspect.getsource(parameters.asked_document)))
    assert set(rows("parameter of the document")) == set(re.findall(r"given\.get\('(\w+)'", asked))
    options = {name.partition("=")[0] for name in rows("option |")}
    for function in (metrics_app, metrics_wsgi_app, serve_metrics):
        assert options <= set(inspect.signature(function).parameters)
    assert options == set(inspect.signature(metrics_app).parameters) - {"registry"}
