"""Starts the applications of `helpers.foreign` under real servers, and sends them loads whose counts are known."""

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import httpx

from helpers.foreign import ODD
from helpers.waiting import wait_until
from perftui.model.application import ApplicationMetrics, EndpointStats
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.target import Connection, Target
from perftui.servers import ManagedProcess, PrivateServers
from perftui.servers.ports import free_port
from perftui.sources.application.source import ApplicationSource
from perftui.sources.registry import open_system

TESTS = Path(__file__).parents[1]
ITEM, GONE, BAD, ORDER, NOWHERE = "/items/7", "/items/gone", "/items/bad", "/orders", "/nowhere/at/all"
ODD_PATH = f"/{quote(ODD)}/me"
Load = Mapping[tuple[str, str], int]
"""How often each method and path is asked for."""


class Sent(NamedTuple):
    """What a client saw of one path: statuses, and seconds that each answer took."""

    statuses: list[int]
    seconds: list[float]


class Application:
    """One of the applications, or `module:name` of any other, on a port of its own that it keeps over restarts."""

    def __init__(
        self,
        servers: PrivateServers,
        module: str,
        *,
        wsgi: bool = False,
        workers: int = 1,
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        program = module if ":" in module else f"helpers.foreign.{module}:app"
        uvicorn = ["uvicorn", program, "--port", str(port), "--log-level", "warning", "--workers", str(workers)]
        gunicorn = ["gunicorn", program, "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
        path = os.pathsep.join((str(TESTS), str(TESTS.parent)))
        self.process: ManagedProcess = servers.start_process(
            f"application-{port}",
            [sys.executable, "-m", *(gunicorn if wsgi else uvicorn), *arguments],
            {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore", **(environment or {})},
        )
        self.wait()

    def wait(self) -> None:
        """Until it answers."""
        wait_until(self._answers, timeout_s=60)

    def restart(self) -> None:
        self.process.restart()
        self.wait()

    def page(self) -> str:
        """Its metrics as they stand."""
        return httpx.get(self.url + "/metrics", follow_redirects=True).raise_for_status().text

    def _answers(self) -> bool:
        assert self.process.running, self.process.last_words(20)
        try:
            return httpx.get(self.url + ITEM).status_code == 200
        except httpx.TransportError:
            return False


async def send(url: str, load: Load, at_once: int = 8) -> dict[tuple[str, str], Sent]:
    """Send a load, each request over a connection of its own."""
    seen: dict[tuple[str, str], Sent] = defaultdict(lambda: Sent([], []))
    gate = asyncio.Semaphore(at_once)
    limits = httpx.Limits(max_keepalive_connections=0)

    async def one(method: str, path: str) -> None:
        async with gate:
            started = time.perf_counter()
            answer = await client.request(method, path)
            sent = seen[(method, path)]
            sent.seconds.append(time.perf_counter() - started)
            sent.statuses.append(answer.status_code)

    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False) as client:
        await asyncio.gather(*(one(*asked) for asked, number in load.items() for _ in range(number)))
    return dict(seen)


def source_of(url: str, timeout_s: float = 10.0, **headers: str) -> ApplicationSource:
    """The monitor's own source, opened as the monitor opens it."""
    target = Target(id=(address := without_login(url)), kind="application", name="app", address=address)
    secrets = {name: Secret(text) for name, text in headers.items()}
    connection = Connection(target=target, uri=Secret(url), headers=secrets, timeout_s=timeout_s)
    (source,) = open_system(connection, Settings()).sources()
    assert isinstance(source, ApplicationSource)
    return source


def without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class Polled(NamedTuple):
    metrics: ApplicationMetrics
    notes: tuple[str, ...]
    began: float
    ended: float

    def endpoint(self, method: str, route: str) -> EndpointStats:
        """The figures of one; without requests when it was not seen."""
        found = [one for one in self.metrics.endpoints if (one.method, one.route) == (method, route)]
        assert len(found) <= 1
        return found[0] if found else EndpointStats(method=method, route=route, requests=0)


async def poll(source: ApplicationSource) -> Polled:
    """One poll, with its beginning and end in seconds of the monotonic clock."""
    began = time.monotonic()
    sample = await source.poll()
    assert sample.failure is None, sample.failure
    assert isinstance(sample.payload, ApplicationMetrics)
    return Polled(sample.payload, sample.notes, began, time.monotonic())
