"""The examples of the page about endpoints, run as they stand, and its metrics held to the document's types."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import msgspec
import pytest
from helpers import django_site
from helpers.endpoints import statuses_of
from helpers.serving import asgi_server, wsgi_server

from perftui.model.metrics import (
    ApiDocument,
    EndpointDocument,
    MetricsDocument,
    SlowRequestDocument,
    WebSocketDocument,
)

PAGE = (Path(__file__).parents[2] / "docs/library-endpoints.md").read_text("utf-8")
GENERAL = {"method", "route", "endpoints", "endpoints_omitted", "budgets", "rate_per_s", "at", "client", "user_agent"}


def example(title: str) -> str:
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    (code,) = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return str(code)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Runs an example as a module, since frameworks look a handler's module up."""

    def names_of(title: str) -> dict[str, Any]:
        module = ModuleType("shop")
        monkeypatch.setitem(sys.modules, "shop", module)
        exec(compile(example(title), f"docs/library-endpoints.md: {title}", "exec", dont_inherit=True), vars(module))
        return vars(module)

    return names_of


@pytest.mark.parametrize(
    ("title", "serve", "route"),
    [
        ("FastAPI and Starlette", asgi_server, "/items/{number}"),
        ("Litestar", asgi_server, "/items/{number}"),
        ("Flask", wsgi_server, "/items/<int:number>"),
    ],
)
def test_web_frameworks(run: Any, title: str, serve: Any, route: str) -> None:
    names = run(title)
    with serve(names["app"]) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert [client.get(f"/items/{number}").json() for number in (1, 2)] == [{"number": 1}, {"number": 2}]
        answer = client.get("/internal/perftui/v1/metrics").raise_for_status()
    api = msgspec.json.decode(answer.content, type=MetricsDocument).api
    assert api is not None
    assert [(one.method, one.route, one.status) for one in api.endpoints] == [("GET", route, {"200": 2})]


def test_django(run: Any) -> None:
    django_site.set_up()
    names = run("Django")
    with wsgi_server(names["application"]) as url:
        assert httpx.get(url + "/items/7/", trust_env=False).text == "item 7"
    assert statuses_of(names["registry"]) == {"GET /items/<int:pk>/": {"200": 1}}


def test_a_script() -> None:
    code = example("A script or a worker")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout.splitlines(), ended.stderr) == (["CALL rebuild 1 0", "CALL load 1 0"], "")


def test_each_figure_of_the_document_is_explained() -> None:
    table = PAGE.partition("## What is counted\n")[2].partition("\n## ")[0]
    explained = set(re.findall(r"`([a-z][a-z_0-9]*)`", table))
    fields = {
        field
        for model in (ApiDocument, EndpointDocument, SlowRequestDocument, WebSocketDocument)
        for field in model.__struct_fields__
    }
    assert fields - explained <= GENERAL
    assert explained <= fields | {"receive", "slowest", "p50", "p90", "p99", "avg", "max", "total", "rates"}
