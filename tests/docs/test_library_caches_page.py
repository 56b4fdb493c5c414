"""The examples of the page on caches, run as they stand; its fields are the document's."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perftui.instrument import build_document
from perftui.model.metrics import CacheDocument
from perftui.servers import RedisProcess

PAGE = "docs/library-caches.md"
TEXT = (Path(__file__).parents[2] / PAGE).read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def run(code: str, names: dict[str, Any]) -> None:
    exec(compile(code, PAGE, "exec"), names)


async def test_every_example(redis_server: RedisProcess, capsys: pytest.CaptureFixture[str]) -> None:
    first, cashews, dogpile, cachetools, redis, functions, keys = re.findall(
        r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL
    )
    names: dict[str, Any] = {"shelf": {}}
    run(first, names)
    run(cashews, names)
    await names["cache"].set("page:1", "a")
    assert await names["cache"].get("page:1") == "a"
    await names["cache"].close()
    run(dogpile, names)
    assert names["region"].get_or_create("page:1", lambda: "a") == "a"
    run(cachetools, names)
    assert [names["price"](2), names["price"](2)] == [3.0, 3.0]
    assert "Redis()" in redis
    run(redis.replace("Redis()", f"Redis.from_url({redis_server.uri!r})"), names)
    assert await names["redis"].get("library-caches:none") is None
    await names["redis"].aclose()
    run(functions, names)
    assert names["read"]("product:1") is None
    await names["write"]("product:1", "a")
    assert names["store"].get("product:1") == "a"
    run(keys, names)
    assert capsys.readouterr().out.splitlines() == ["1 1 0.5 product:*", "['product:4711']"]
    found = build_document(names["registry"]).cache or {}
    assert {name: (one.hits, one.misses, one.sets) for name, one in found.items()} == {
        "products": (2, 2, 2),
        "pages": (1, 0, 1),
        "regions": (0, 1, 1),
        "prices": (1, 1, 1),
        "sessions": (0, 1, 0),
        "warmed": (0, 1, 0),
    }
    assert names["registry"].faults == {}


def test_every_field_of_the_document_is_explained() -> None:
    table = TEXT.partition("## What is counted")[2].partition("\n## ")[0]
    names = {
        name for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert names == {field.name for field in msgspec.structs.fields(CacheDocument)} - {"budgets"}
