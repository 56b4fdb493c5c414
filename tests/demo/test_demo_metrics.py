from typing import Any

import httpx
import pytest
from helpers.waiting import wait_until

from perftui.demo.documents import slug
from perftui.demo.pages import key_kind
from perftui.demo.session import METRICS_PATH, DemoSession


def read(demo: DemoSession) -> dict[str, Any]:
    document: dict[str, Any] = httpx.get(demo.application_url + METRICS_PATH, timeout=30.0).json()
    return document


def requests(document: dict[str, Any], method: str, route: str) -> int:
    endpoints = document["api"]["endpoints"]
    found = [entry for entry in endpoints if (entry["method"], entry["route"]) == (method, route)]
    return sum(sum(entry["status"].values()) for entry in found)


def seen_by_all(document: dict[str, Any]) -> bool:
    """A test before may have cleared the shared demo's metrics: each part comes back with the load."""
    cache = document["cache"].get("responses", {})
    return (
        requests(document, "GET", "/api/prompts") > 3
        and (cache.get("hits") or 0) + (cache.get("misses") or 0) > 0
        and "library.prompts" in {shape["collection"] for shape in document["query"]["shapes"]}
    )


def test_the_load_is_seen_by_endpoint_query_and_cache(demo: DemoSession) -> None:
    document = wait_until(lambda: document if seen_by_all(document := read(demo)) else None)
    assert document["service"]["name"] == "prompt-library"
    assert document["complete"] is True
    budgets = [budget for entry in document["api"]["endpoints"] for budget in entry["budgets"]]
    assert {"p(95)<100ms", "p(95)<50ms"} <= {budget["expr"] for budget in budgets}


def test_a_request_is_counted_by_its_route_and_status(demo: DemoSession) -> None:
    path = f"/api/prompts/{slug(11)}"
    before = requests(read(demo), "GET", "/api/prompts/{slug}")
    for _ in range(3):
        httpx.get(demo.application_url + path, timeout=30.0)
    httpx.get(demo.application_url + "/api/prompts/none", timeout=30.0)
    document = read(demo)
    assert requests(document, "GET", "/api/prompts/{slug}") >= before + 4
    entry = next(entry for entry in document["api"]["endpoints"] if entry["route"] == "/api/prompts/{slug}")
    assert entry["status"]["404"] >= 1


def test_openmetrics_text_is_there_too(demo: DemoSession) -> None:
    httpx.get(demo.application_url + f"/api/prompts/{slug(11)}", timeout=30.0)
    text = httpx.get(demo.application_url + "/perftui/metrics", timeout=30.0).text
    assert text.endswith("# EOF\n")
    assert "http_server_request_duration_seconds" in text


def test_only_the_sessions_own_monitor_may_clear(demo: DemoSession) -> None:
    url = demo.application_url + METRICS_PATH + ":clear"
    assert httpx.post(url, json={"type": "query"}, timeout=30.0).status_code == 401
    application = next(one for one in demo.connections if one.target.kind == "application")
    headers = {name: value.reveal() for name, value in application.headers.items()}
    assert httpx.post(url, json={"type": "query"}, headers=headers, timeout=30.0).status_code == 200


@pytest.mark.parametrize(
    ("key", "kind"),
    [("popular", "popular"), ("prompt:a:b", "prompt:*"), ("other", "other")],
)
def test_cache_keys_are_told_by_kind(key: str, kind: str) -> None:
    assert key_kind(key) == kind
