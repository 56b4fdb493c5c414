"""Real exporters with other options than usual: no buckets, no routes, paths for routes, exemplars."""

import httpx
import pytest
from helpers.applications import BAD, ITEM, NOWHERE, ORDER, Application, poll, send, source_of
from helpers.foreign import ITEM_S

from perftui.servers import PrivateServers

LOAD = {("GET", ITEM): 10, ("GET", BAD): 2, ("POST", ORDER): 3}


async def test_without_buckets_the_average_is_shown_and_that_is_said(private_servers: PrivateServers) -> None:
    application = Application(private_servers, "flask_exporter_app", wsgi=True, environment={"LATENCY_AS_SUMMARY": "1"})
    source = source_of(application.url)
    before = await poll(source)
    seen = await send(application.url, LOAD)
    after = await poll(source)
    await source.close()
    item = after.endpoint("GET", "/items/<item>")
    assert (item.requests or 0) - (before.endpoint("GET", "/items/<item>").requests or 0) == 12
    assert (item.server_error_rate or 0) * 12 == pytest.approx(2)
    assert item.latency_ms.average is not None
    assert ITEM_S * 1000 - 1 <= item.latency_ms.average <= max(seen[("GET", ITEM)].seconds) * 1000 + 1
    assert (item.latency_ms.p50, item.latency_ms.p95, item.p95_bounds) == (None, None, None)
    assert any("no buckets" in note for note in after.notes)


async def test_paths_for_routes_are_shown_as_they_are_and_that_is_said(private_servers: PrivateServers) -> None:
    application = Application(private_servers, "flask_exporter_app", wsgi=True, environment={"GROUP_BY": "path"})
    source = source_of(application.url)
    assert (await poll(source)).notes == ()
    await send(application.url, {("GET", f"/items/{number}"): 1 for number in range(100, 125)})
    after = await poll(source)
    await source.close()
    assert after.endpoint("GET", "/items/117").requests == 1
    assert any("paths, not routes" in note for note in after.notes)


async def test_without_routes_all_of_a_method_is_one(private_servers: PrivateServers) -> None:
    """OpenTelemetry's bare ASGI middleware with the stable names."""
    application = Application(
        private_servers, "opentelemetry_app", environment={"OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    )
    source = source_of(application.url)
    before = await poll(source)
    await send(application.url, LOAD)
    after = await poll(source)
    await source.close()
    assert {one.route for one in after.metrics.endpoints} == {"(all)"}
    assert after.endpoint("POST", "(all)").requests == 3
    everything = (after.metrics.requests or 0) - (before.metrics.requests or 0)
    assert everything >= 15
    assert (after.metrics.server_error_rate or 0) * everything == pytest.approx(2)


async def test_openmetrics_with_exemplars_shows_what_the_older_text_shows(private_servers: PrivateServers) -> None:
    application = Application(private_servers, "starlette_exporter_app")
    await send(application.url, {**LOAD, ("GET", NOWHERE): 2})
    text, open_metrics = source_of(application.url + "/metrics"), source_of(application.url + "/openmetrics")
    one, other = await poll(text), await poll(open_metrics)
    await text.close()
    await open_metrics.close()
    async with httpx.AsyncClient() as client:
        page = (await client.get(application.url + "/openmetrics")).text
    assert "# {trace_id=" in page
    assert page.endswith("# EOF\n")
    for method, route in (("GET", "/items/{item}"), ("POST", "/orders")):
        assert one.endpoint(method, route) == other.endpoint(method, route)
        assert one.endpoint(method, route).requests
    assert other.notes == ()
