"""The examples of the guide to caching, run as they stand on real servers."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from perftui.servers import MongodProcess, RedisProcess

PAGE = "docs/caching.md"
TEXT = (Path(__file__).parents[2] / PAGE).read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


async def run(code: str, names: dict[str, Any]) -> None:
    waiting = eval(compile(code, PAGE, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    if inspect.iscoroutine(waiting):
        await waiting


async def test_every_example(
    redis_server: RedisProcess,
    mongod: MongodProcess,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with mongod.client() as client:
        client.drop_database("caching_page")
    names: dict[str, Any] = {}
    for code in EXAMPLES:
        here = code.replace('"mongodb://localhost").shop', f"{mongod.uri!r}).caching_page")
        await run(here.replace("Redis()", f"Redis.from_url({redis_server.uri!r}, db=8)"), names)
    await names["redis"].flushdb()
    await names["redis"].aclose()
    for name in ("views", "products"):
        names[name].database.client.close()
    said = capsys.readouterr().out
    assert said.splitlines() == [
        *printed("{'name': 'Lamp'}"),
        "{'name': 'Lamp'}",
        "page 7, from the database | page 7, from the database",
        *printed("4 ('feed:*'"),
        "1 ('product:0',) {}",
        "250",
        "2 ['product:2']",
        "True {'_id': 'page:7', 'views': 2}",
        "2",
        "0 change stream ",
    ]
    for line in ("1 ('product:0',) {}", "250", "2 ['product:2']", "True {'_id': 'page:7', 'views': 2}"):
        assert f"`{line}`" in TEXT
    assert names["registry"].faults == {}


def printed(beginning: str) -> list[str]:
    """The lines that the page says an example prints."""
    blocks = re.findall(r"^prints\n\n```\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return str(next(block for block in blocks if beginning in block)).splitlines()
