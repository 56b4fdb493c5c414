"""The page on queries: its example runs, and it names every figure."""

import re
from pathlib import Path
from typing import Any

import pytest

from perftui.model.metrics import QueryPoolDocument, QueryShapeDocument
from perftui.servers import MongodProcess

PAGE = (Path(__file__).parents[2] / "docs" / "library-queries.md").read_text("utf-8")
UNEXPLAINED = {"id", "collection", "op", "shape", "budgets", "explained_at", "address"}


def test_its_example_runs(mongod: MongodProcess, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert '"mongodb://localhost"' in code
    with mongod.client() as client:
        client.queries_page.orders.drop()
        client.queries_page.orders.insert_many({"status": "open"} for _ in range(3))
    names: dict[str, Any] = {}
    code = code.replace('"mongodb://localhost"', repr(mongod.uri)).replace("client.shop.", "client.queries_page.")
    try:
        exec(compile(code, "docs/library-queries.md", "exec"), names)
    finally:
        names["client"].close()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("find 3 documents in 1 batch, shape 1")
    assert second.startswith("queries_page.orders find {status: ?} 1 ")
    assert names["monitor"].sends_comments
    assert not names["registry"].faults


@pytest.mark.parametrize("kind", [QueryShapeDocument, QueryPoolDocument])
def test_every_figure_is_told(kind: type) -> None:
    named = set(re.findall(r"`([a-z_0-9]+)`", PAGE))
    assert set(kind.__struct_fields__) - UNEXPLAINED - named == set()  # type: ignore[attr-defined]
