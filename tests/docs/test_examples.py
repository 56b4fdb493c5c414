"""The pages' examples of the library, run as they stand."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from perftui.model.metrics import MetricsDocument
from perftui.servers import MongodProcess, RedisProcess

ROOT = Path(__file__).parents[2]


def python_of(name: str, number: int = 0) -> str:
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(blocks[number])


async def test_the_application_of_the_library_page(mongod: MongodProcess, redis_server: RedisProcess) -> None:
    code = python_of("docs/library.md", 0)
    assert '"mongodb://localhost"' in code
    assert "Redis()" in code
    code = code.replace('"mongodb://localhost"', repr(mongod.uri))
    code = code.replace("Redis()", f"Redis.from_url({redis_server.uri!r})").replace(
        "mongo.shop.", "mongo.docs_example."
    )
    names: dict[str, Any] = {}
    exec(compile(code, "docs/library.md", "exec"), names)
    with mongod.client() as client:
        client.docs_example.products.insert_one({"slug": "lamp", "name": "A lamp"})
    try:
        transport = httpx.ASGITransport(names["app"], client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            answers = [(await http.get("/products/lamp")).json() for _ in range(3)]
            document = msgspec.json.decode(
                (await http.get("/internal/perftui/v1/metrics")).content, type=MetricsDocument
            )
    finally:
        await names["mongo"].close()
        await names["redis"].delete("product:lamp")
        await names["redis"].aclose()
    assert answers == [{"name": "A lamp"}] * 3
    assert document.api is not None
    (endpoint,) = document.api.endpoints
    assert (endpoint.method, endpoint.route, endpoint.latency.count) == ("GET", "/products/{slug}", 3)
    assert len(endpoint.budgets) == 2
    assert document.query is not None
    assert [shape.collection for shape in document.query.shapes] == ["docs_example.products"]
    assert document.cache is not None
    cache = document.cache["products"]
    assert (cache.hits, cache.misses, cache.sets) == (2, 1, 1)


def test_the_warmer_of_the_library_page(capsys: pytest.CaptureFixture[str]) -> None:
    lines = "\n".join("    " + line for line in python_of("docs/library.md", 5).splitlines())
    program = f"""
import asyncio
class Store:
    async def set(self, key, value, ttl_s):
        print(key, value, 270 <= ttl_s <= 300)
store, keys = Store(), ["a", "b"]
async def loader(key):
    return key.upper() if key == "a" else None
async def main():
{lines}
asyncio.run(main())
"""
    exec(compile(program, "docs/library.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == ["a A True", "1 ('b',) {}"]


def test_the_lines_of_the_readme() -> None:
    """In a process of its own: they have every later client of PyMongo measured."""
    program = f"""
import asyncio, httpx
from starlette.applications import Starlette
app = Starlette()
{python_of("README.md")}
async def main():
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        await http.get("/nowhere")
        print((await http.get("/internal/perftui/v1/metrics")).json()["api"]["requests"])
asyncio.run(main())
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (answer.stdout.strip(), answer.stderr) == ("1", "")
