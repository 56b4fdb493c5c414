"""The page on applications of others: its examples run under real servers, and its names are those of the program."""

import re
from pathlib import Path

import pytest
from helpers.applications import ITEM, Application, poll, send, source_of

from perftui.servers import PrivateServers
from perftui.sources.application import answer, prometheus
from perftui.sources.application.paths import WELL_KNOWN

PAGE = (Path(__file__).parents[2] / "docs" / "applications.md").read_text("utf-8")
ROUTES = {
    "FastAPI": "/items/{item}",
    "Starlette": "/items/{item}",
    "OpenTelemetry": "/items/{item}",
    "Flask": "/items/<item>",
    "Django": "item",
}


@pytest.mark.parametrize("title", ROUTES)
async def test_each_example_is_read(title: str, private_servers: PrivateServers, tmp_path: Path) -> None:
    code = PAGE.partition(f"\n### {title}\n")[2].partition("```python\n")[2].partition("```")[0]
    (tmp_path / "shop.py").write_text(code, "utf-8")
    wsgi = title in ("Flask", "Django")
    application = Application(private_servers, "shop:app", wsgi=wsgi, environment={"PYTHONPATH": str(tmp_path)})
    source = source_of(application.url)
    before = await poll(source)
    await send(application.url, {("GET", ITEM): 5})
    after = await poll(source)
    await source.close()
    endpoint = after.endpoint("GET", ROUTES[title])
    assert (endpoint.requests or 0) - (before.endpoint("GET", ROUTES[title]).requests or 0) == 5
    assert (endpoint.server_error_rate, endpoint.client_error_rate) == (0, 0)
    assert endpoint.p95_bounds is not None


def test_every_path_that_is_tried_is_named_in_its_order() -> None:
    named = re.findall(r"`(/[\w/]+)`", PAGE.partition("\n## ")[0])
    assert tuple(named) == WELL_KNOWN


def test_what_the_monitor_says_is_what_it_says() -> None:
    table = PAGE.partition("\n| the monitor says | do |\n")[2].splitlines()[1:]
    said = {phrase for line in table for phrase in line.split("|")[1].strip().split(", ")}
    assert len(said) == 8
    words = Path(answer.__file__).read_text("utf-8") + Path(prometheus.__file__).read_text("utf-8")
    missing = {phrase for phrase in said if phrase.replace("8 MB", "{LARGEST_BYTES") not in words}
    assert missing == set()
