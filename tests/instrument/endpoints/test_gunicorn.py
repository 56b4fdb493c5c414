"""Flask under a real gunicorn, of processes and of threads: files, streams that break, clients that leave."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from helpers import streaming_wsgi
from helpers.endpoints import endpoint_of, statuses_of
from helpers.waiting import wait_until

from perftui.instrument import EndpointStatistics, Registry
from perftui.servers import PrivateServers
from perftui.servers.ports import free_port

TESTS = Path(__file__).parents[2]
SIZE = len(streaming_wsgi.FILE.read_bytes())


class Served(NamedTuple):
    url: str
    registry: Registry
    """Reads what the worker counts, from outside."""


@pytest.fixture(params=[["--workers", "2"], ["--threads", "4"]], ids=["processes", "threads"])
def served(request: pytest.FixtureRequest, private_servers: PrivateServers, tmp_path: Path) -> Served:
    port = free_port()
    run = ["gunicorn", "helpers.streaming_wsgi:app", "--bind", f"127.0.0.1:{port}", "--log-level", "critical"]
    run += ["--timeout", "300"]  # a worker that waits for its client is not to be ended
    path = os.pathsep.join((str(TESTS), str(TESTS.parent)))
    process = private_servers.start_process(
        f"gunicorn-{port}",
        [sys.executable, "-m", *run, *request.param],
        {**os.environ, "PYTHONPATH": path, "PERFTUI_METRICS_DIR": str(tmp_path)},
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.running, process.last_words(20)
        try:
            return httpx.get(url + "/items/1", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers, timeout_s=60)
    return Served(url, Registry(shared=tmp_path / streaming_wsgi.SERVICE))


def test_files_reach_the_client_whole_and_are_weighed(served: Served) -> None:
    for path in ("/file", "/wrapped"):
        content = [httpx.get(served.url + path, trust_env=False).content for _ in range(3)]
        assert content == [streaming_wsgi.FILE.read_bytes()] * 3
        # A server closes an answer, and so ends the request, after the client has read it.
        wait_until(lambda name=f"GET {path}": statuses_of(served.registry).get(name) == {"200": 3})  # type: ignore[misc]
        assert endpoint_of(served.registry, f"GET {path}").response_bytes == 3 * SIZE


def test_a_client_that_leaves_a_stream(served: Served) -> None:
    with httpx.stream("GET", served.url + "/endless", trust_env=False) as answer:
        parts = answer.iter_raw()
        assert next(parts)
        wait_until(lambda: EndpointStatistics(served.registry).overall().active, timeout_s=60)
    wait_until(lambda: statuses_of(served.registry).get("GET /endless") == {"499": 1}, timeout_s=60)
    found = endpoint_of(served.registry, "GET /endless")
    assert (found.streams, found.errors, found.exceptions) == (1, 0, {})
    wait_until(lambda: EndpointStatistics(served.registry).overall().active == 0)


def test_a_stream_that_breaks(served: Served) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(served.url + "/breaks", trust_env=False)
    # It is known from its first byte on, and counted when it has ended.
    wait_until(lambda: statuses_of(served.registry).get("GET /breaks") == {"500": 1})
    found = endpoint_of(served.registry, "GET /breaks")
    assert (found.status, found.exceptions) == ({"500": 1}, {"LookupError": 1})
