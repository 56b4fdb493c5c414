"""Where an application's metrics are looked for while it restarts behind a proxy, on real HTTP servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from helpers.applications import source_of
from helpers.bare_http import path_of, served

from perftui.model.sample import Failure
from perftui.monitor.polling import Polling

PAGES = {
    "/metrics": b'http_requests_total{method="GET",handler="/a",status="200"} 5\n',
    "/actuator/prometheus": b'http_server_requests_seconds_count{method="GET",uri="/a",status="200"} 5\n',
    "/perftui/v1/metrics": b'{"schema": "perftui.metrics/1", "generated_at": 5}',
}
INTERVAL_S = 2.0


class Site:
    """An application behind a proxy: what it serves, or the status that the proxy answers instead."""

    def __init__(self, *paths: str) -> None:
        self.paths = set(paths)
        self.down: int | None = None
        self.broken: dict[str, int] = {}
        self.asked: list[str] = []

    async def answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        path = path_of(head).partition("?")[0]
        self.asked.append(path)
        status = self.down or self.broken.get(path) or (200 if path in self.paths else 404)
        body = PAGES[path] if status == 200 else b""
        writer.write(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


class Watched:
    """The source as the monitor polls it, at moments that the test passes."""

    def __init__(self, polling: Polling) -> None:
        self._polling = polling
        self._now = 0.0

    @property
    def failure(self) -> Failure | None:
        return self._polling.failure

    async def polls(self, number: int) -> None:
        """So many more."""
        for _ in range(number):
            self._now = max(self._now, self._polling.due_at)
            await asyncio.wait([self._polling.start(self._now, lambda *_: None)])
            self._polling.finish(self._now)

    async def passes(self, seconds: float) -> None:
        end = self._now + seconds
        while max(self._now, self._polling.due_at) <= end:
            await self.polls(1)
        self._now = end


@asynccontextmanager
async def watching(site: Site) -> AsyncIterator[Watched]:
    async with served(site.answer) as (url, _):
        source = source_of(url)
        yield Watched(Polling(source, INTERVAL_S))
        await source.close()


@pytest.mark.parametrize("status", [403, 404, 429, 502, 503])
@pytest.mark.parametrize("polls", [1, 2, 4])
async def test_a_restart_behind_a_proxy_is_over_when_it_is_over(status: int, polls: int) -> None:
    site = Site("/metrics")
    async with watching(site) as watched:
        await watched.polls(2)
        site.down = status
        await watched.polls(polls)
        assert watched.failure is not None
        site.down = None
        await watched.passes(60)
    assert watched.failure is None


@pytest.mark.parametrize("status", [403, 503])
async def test_a_path_that_worked_is_the_only_one_asked_while_the_application_is_down(status: int) -> None:
    site = Site("/perftui/v1/metrics", "/metrics")
    async with watching(site) as watched:
        await watched.polls(2)
        site.asked.clear()
        site.broken["/perftui/v1/metrics"] = status
        await watched.polls(5)
    assert set(site.asked) == {"/perftui/v1/metrics"}
    assert len(site.asked) == 5


async def test_metrics_that_moved_are_found_at_the_other_path() -> None:
    site = Site("/metrics")
    async with watching(site) as watched:
        await watched.polls(2)
        site.paths = {"/actuator/prometheus"}
        await watched.passes(10)
        assert watched.failure is None
        site.asked.clear()
        await watched.polls(3)
    assert site.asked == ["/actuator/prometheus"] * 3


@pytest.mark.parametrize("path", ["/perftui/v1/metrics", "/metrics"])
async def test_an_application_that_was_down_at_first_is_found_with_one_request_a_poll_until_then(path: str) -> None:
    site = Site(path)
    site.down = 503
    async with watching(site) as watched:
        await watched.polls(1)
        first = len(site.asked)
        await watched.polls(5)
        assert len(site.asked) == first + 5
        site.down = None
        await watched.polls(1)
    assert watched.failure is None


async def test_a_path_that_always_fails_does_not_hide_the_one_that_works() -> None:
    site = Site("/metrics")
    site.broken["/perftui/v1/metrics"] = 500
    site.down = 503
    async with watching(site) as watched:
        await watched.polls(4)
        site.down = None
        await watched.polls(5)
    assert watched.failure is None


async def test_metrics_that_are_mounted_later_are_found_without_anybody_at_the_keys() -> None:
    site = Site()
    async with watching(site) as watched:
        await watched.passes(200)
        assert watched.failure is not None
        assert watched.failure.kind == "unsupported"
        assert len(site.asked) <= 15
        site.paths = {"/metrics"}
        await watched.passes(300)
    assert watched.failure is None
