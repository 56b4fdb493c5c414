"""Foreign applications of several workers: merged by the exporter, and each telling of itself alone."""

import asyncio
from pathlib import Path

import pytest
from helpers.applications import BAD, ITEM, ORDER, Application, Polled, poll, send, source_of
from helpers.waiting import wait_until_async

from perftui.servers import PrivateServers

WORKERS = 3
LOAD = {("GET", ITEM): 24, ("GET", BAD): 4, ("POST", ORDER): 8}


@pytest.mark.parametrize(
    ("module", "wsgi", "item", "order"),
    [
        ("fastapi_instrumentator_app", False, "/items/{item}", "/orders"),
        ("starlette_exporter_app", False, "/items/{item}", "/orders"),
        ("flask_exporter_app", True, "/items/<item>", "/orders"),
        ("django_prometheus_app", True, "item", "orders"),
    ],
)
async def test_workers_merged_by_the_exporter_are_one_application(
    module: str, wsgi: bool, item: str, order: str, private_servers: PrivateServers, tmp_path: Path
) -> None:
    application = Application(
        private_servers, module, wsgi=wsgi, workers=WORKERS, environment={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    )

    async def several_have_counted() -> bool:
        await send(application.url, {("GET", ITEM): 8})
        return len(await asyncio.to_thread(lambda: list(tmp_path.glob("histogram_*.db")))) > 1

    await wait_until_async(several_have_counted)
    source = source_of(application.url)
    before = await poll(source)
    await send(application.url, LOAD)

    async def all_have_counted() -> Polled | None:
        """A worker counts a request after its answer, and the page may come from another one."""
        now = await poll(source)
        counted = requests(now, item) + requests(now, order, "POST")
        return now if counted - requests(before, item) - requests(before, order, "POST") >= 36 else None

    after = await wait_until_async(all_have_counted)
    await source.close()
    assert requests(after, item) - requests(before, item) == 28
    assert requests(after, order, "POST") - requests(before, order, "POST") == 8
    endpoint = after.endpoint("GET", item)
    assert (endpoint.server_error_rate or 0) * 28 == pytest.approx(4)
    assert endpoint.latency_ms.p95 is not None
    assert after.metrics.complete is None
    assert after.notes == ()


async def test_workers_that_tell_of_themselves_alone_are_told_apart_and_added_up(
    private_servers: PrivateServers,
) -> None:
    """Without that, each change from one to another would be taken for a restart, and make requests out of nothing."""
    application = Application(private_servers, "flask_exporter_app", wsgi=True, workers=WORKERS)
    source = source_of(application.url)

    async def answers_of_several() -> bool:
        return (await poll(source)).metrics.complete is False

    await wait_until_async(answers_of_several)
    last = await poll(source)
    assert any("PROMETHEUS_MULTIPROC_DIR" in note for note in last.notes)
    await send(application.url, LOAD)
    everything, grown = 28 + 1, 0.0  # and one by which the helper saw that it answers
    while requests(last, "/items/<item>") < everything or requests(last, "/orders", "POST") < 8:
        now = await poll(source)
        assert requests(now, "/items/<item>") >= requests(last, "/items/<item>")
        grown += (now.endpoint("GET", "/items/<item>").per_s or 0) * (now.began - last.ended)
        last = now
    for _ in range(20):
        last = await poll(source)
    await source.close()
    assert requests(last, "/items/<item>") == everything
    assert requests(last, "/orders", "POST") == 8
    assert grown <= everything


def requests(polled: Polled, route: str, method: str = "GET") -> int:
    return polled.endpoint(method, route).requests or 0
