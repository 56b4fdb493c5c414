"""Which collection is scanned, read on a real server whose profiler is off: rates, latencies, and how soon."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from helpers.mongodb import good, sources

from perftui.model.index import CollectionState, IndexOverview
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.base import Source
from perftui.sources.mongodb import collection_turns


@contextmanager
def scanned(server: MongodProcess) -> Iterator[None]:
    """Somebody asks again and again for what no index serves; each takes a few milliseconds."""
    done = threading.Event()

    def scan() -> None:
        with server.client() as client:
            while not done.wait(0.02):
                list(client["busy"].prompts.find({"missing": 1}))

    thread = threading.Thread(target=scan)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.fixture
def server(private_servers: PrivateServers) -> MongodProcess:
    mongod = private_servers.start_mongod()
    with mongod.client() as client:
        client["busy"].prompts.insert_many([{"n": number} for number in range(3_000)])
        client["busy"].users.insert_many([{"n": number} for number in range(5_000)])
    return mongod


async def collections(source: Source) -> dict[str, CollectionState]:
    payload = (await good(source)).payload
    assert isinstance(payload, IndexOverview)
    return {one.ns: one for one in payload.collections}


async def test_the_scanned_one_shows_between_two_rounds(server: MongodProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection_turns, "_SCANNED_S", 0.2)
    async with sources(server.uri) as found:
        with scanned(server):
            await good(found["mongodb.server"])
            first = await collections(found["mongodb.indexes"])
            assert first["busy.prompts"].scans_per_s is None, "a rate takes two readings"
            seen = first
            for _ in range(300):
                await asyncio.sleep(0.1)
                await good(found["mongodb.server"])
                seen = await collections(found["mongodb.indexes"])
                if (seen["busy.prompts"].scans_per_s or 0) > 1:
                    break
    prompts, users = seen["busy.prompts"], seen["busy.users"]
    assert (prompts.scans_per_s or 0) > 1
    assert (prompts.reads_per_s or 0) >= (prompts.scans_per_s or 0)
    assert (prompts.read_ms or 0) > 0
    assert users.scans_per_s == 0


async def test_a_server_that_scans_nothing_is_read_once_a_round(server: MongodProcess) -> None:
    async with sources(server.uri) as found:
        await good(found["mongodb.server"])
        await collections(found["mongodb.indexes"])
        await good(found["mongodb.server"])
        sample = await good(found["mongodb.indexes"])
    assert sample.sent_commands == 0
