"""The first steps of docs/library.md as they stand: Flask, Django, a script. FastAPI stands in test_examples.py."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text("utf-8")
METRICS = "/internal/perftui/v1/metrics"
SETTINGS = """
SECRET_KEY, DEBUG, ALLOWED_HOSTS, ROOT_URLCONF = "x", True, ["*"], "shop.urls"
"""
URLS = """
from django.http import JsonResponse
from django.urls import path
urlpatterns = [path("products/<slug:slug>", lambda request, slug: JsonResponse({"slug": slug}))]
"""
ASK_WSGI = """
import httpx
from shop.application import application
transport = httpx.WSGITransport(application, remote_addr="127.0.0.1")
with httpx.Client(transport=transport, base_url="http://localhost") as client:
    answers = [client.get(path) for path in PATHS]
print(answers[-1].text)
"""
ASK_ASGI = """
import asyncio, httpx
from shop.application import application
async def ask():
    transport = httpx.ASGITransport(application, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return [await client.get(path) for path in PATHS]
print(asyncio.run(ask())[-1].text)
"""


def example(heading: str, number: int = 0) -> str:
    section = PAGE.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    return str(re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[number])


def endpoints(document: dict[str, Any]) -> dict[str, int]:
    return {f"{one['method']} {one['route']}": one["latency"]["count"] for one in document["api"]["endpoints"]}


def test_flask() -> None:
    names: dict[str, Any] = {}
    exec(compile(example("Flask"), "docs/library.md", "exec"), names)
    transport = httpx.WSGITransport(names["app"], remote_addr="127.0.0.1")
    with httpx.Client(transport=transport, base_url="http://localhost") as client:
        assert client.get("/products/lamp").json() == {"slug": "lamp"}
        assert client.get("/products/chair").status_code == 200
        document = client.get(METRICS).json()
    assert endpoints(document) == {"GET /products/<slug>": 2}


@pytest.mark.parametrize(("number", "ask"), [(0, ASK_WSGI), (1, ASK_ASGI)], ids=["wsgi", "asgi"])
def test_django(number: int, ask: str, tmp_path: Path) -> None:
    """In a process of its own, since Django has one setting a process."""
    shop = tmp_path / "shop"
    shop.mkdir()
    for name, text in (
        ("__init__", ""), ("settings", SETTINGS), ("urls", URLS), ("application", example("Django", number))
    ):  # fmt: skip
        (shop / f"{name}.py").write_text(text, "utf-8")
    paths = ["/products/lamp", "/products/chair", METRICS]
    command = [sys.executable, "-c", ask.replace("PATHS", repr(paths))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert endpoints(json.loads(done.stdout)) == {"GET /products/<slug:slug>": 2}


def test_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    code = example("A script or a worker")
    assert "port=9108" in code
    exec(compile(code.replace("port=9108", "port=0"), "docs/library.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("perftui http://127.0.0.1:")
    assert lines[1] == "nightly 1.0"
    assert any(line.startswith("CALL rebuild") and "1,000" in line for line in lines)
