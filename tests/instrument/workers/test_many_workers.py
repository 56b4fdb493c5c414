"""Four real workers under load: what they count together is what the load generator saw, a killed worker's included."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from helpers.waiting import wait_until

from perftui.model.metrics import EndpointDocument, MetricsDocument
from perftui.servers import PrivateServers
from perftui.servers.ports import free_port

TESTS = Path(__file__).parents[2]
TOKEN = {"Authorization": "Bearer a token of the tests"}
WORKERS, AT_ONCE = 4, 8
READY = "/internal/perftui/v1/metrics"


class Seen:
    """What the load generator counted itself: answers by status, and requests that got none."""

    def __init__(self) -> None:
        self.answers: Counter[int] = Counter()
        self.lost = 0

    async def send(self, url: str, number: int, midway: Callable[[], None] | None = None) -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        limits = httpx.Limits(max_keepalive_connections=0)  # a connection a request, so that all workers get some

        async def one(at: int) -> None:
            async with gate:
                if at == number // 2 and midway is not None:
                    midway()
                try:
                    answer = await client.get(f"/items/{at}")
                    self.answers[answer.status_code] += 1
                except httpx.TransportError:
                    self.lost += 1

        async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False) as client:
            await asyncio.gather(*(one(at) for at in range(number)))


def document_of(url: str) -> MetricsDocument:
    answer = httpx.get(url + READY, params={"type": "api,system"}, headers=TOKEN).raise_for_status()
    return msgspec.json.decode(answer.content, type=MetricsDocument)


@pytest.fixture(scope="module", params=["uvicorn", "gunicorn", "gunicorn of threads, preloaded"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, server = free_port(), request.param
    if server == "uvicorn":
        run = ["uvicorn", "helpers.counted_asgi:app", "--port", str(port), "--log-level", "warning"]
    else:
        run = ["gunicorn", "helpers.counted_wsgi:app", "--bind", f"127.0.0.1:{port}"]
        run += ["--threads", "2", "--preload"] if "threads" in server else []
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent))),
        "PERFTUI_METRICS_DIR": str(tmp_path_factory.mktemp("workers") / "metrics"),
    }
    with PrivateServers() as servers:
        process = servers.start_process(
            server.split()[0], [sys.executable, "-m", *run, "--workers", str(WORKERS)], environment
        )
        found = f"http://127.0.0.1:{port}"

        def all_serve() -> bool:
            assert process.running, process.last_words(20)
            try:
                httpx.get(found + "/items/1")
                return len(document_of(found).workers) >= WORKERS
            except httpx.HTTPError:
                return False

        wait_until(all_serve, timeout_s=60)
        yield found


def counted(url: str) -> Counter[int]:
    """By status, from whichever worker answers."""
    found = [one for one in _endpoints(url) if one.route.startswith("/items/")]
    return Counter({int(status): number for one in found for status, number in one.status.items()})


def clear(url: str) -> None:
    answer = httpx.post(f"{url}{READY}:clear", json={"type": "api"}, headers=TOKEN)
    assert answer.status_code == 200, answer.text


def counts_all(url: str, before: Counter[int], seen: Seen) -> None:
    """A worker may close an answer, and so count the request, after the client has read it."""
    wait_until(lambda: (counted(url) - before).total() >= seen.answers.total())
    assert counted(url) - before == seen.answers


def in_flight(url: str) -> int | None:
    api = document_of(url).api
    assert api is not None
    return api.active


def _endpoints(url: str) -> tuple[EndpointDocument, ...]:
    api = document_of(url).api
    assert api is not None
    return api.endpoints


async def test_no_request_is_lost(url: str) -> None:
    before = counted(url)
    seen = Seen()
    await seen.send(url, 400)
    assert seen.lost == 0
    counts_all(url, before, seen)
    assert seen.answers == {200: 360, 404: 40}
    assert document_of(url).complete
    wait_until(lambda: in_flight(url) == 0)  # what runs is told once a second


async def test_a_killed_worker_s_requests_stay_counted(url: str) -> None:
    before = counted(url)
    seen = Seen()

    # Asked for before the load: a worker may wait for a request that this blocked loop would not send.
    victim = max(worker.pid for worker in document_of(url).workers)
    await seen.send(url, 400, lambda: os.kill(victim, signal.SIGKILL))
    assert seen.lost <= AT_ONCE
    assert abs((counted(url) - before).total() - seen.answers.total()) <= AT_ONCE
    at_once = counted(url)

    def folded() -> bool:
        assert counted(url) >= at_once
        return len(document_of(url).workers) >= WORKERS and in_flight(url) == 0

    wait_until(folded)
    # What other workers had answered and not closed by then is counted since, and nothing beside it.
    assert at_once <= counted(url)
    assert (counted(url) - before).total() <= seen.answers.total() + seen.lost


async def test_a_clear_at_one_worker_holds_for_all(url: str) -> None:
    before, earlier = counted(url), Seen()
    await earlier.send(url, 200)
    counts_all(url, before, earlier)
    clear(url)
    for _ in range(12):
        assert sum(one.latency.count for one in _endpoints(url) if one.route.startswith("/items/")) == 0
    seen = Seen()
    await seen.send(url, 100)
    counts_all(url, Counter(), seen)
