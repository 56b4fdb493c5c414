"""The server's own threads that others may wait for, on a real server and from what one may say."""

from collections.abc import Iterator
from typing import Any

import pytest
from helpers.mongodb import good, sources

from perftui.model.operation import OperationList
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.own_work import own_work


@pytest.fixture
def locked(private_servers: PrivateServers) -> Iterator[MongodProcess]:
    mongod = private_servers.start_mongod()
    with mongod.client() as client:
        client.admin.command({"fsync": 1, "lock": True})
        yield mongod
        client.admin.command("fsyncUnlock")


async def reading(server: MongodProcess) -> OperationList:
    async with sources(server.uri) as found:
        payload = (await good(found["mongodb.operations"])).payload
    assert isinstance(payload, OperationList)
    return payload


async def test_a_held_fsync_lock_is_seen(locked: MongodProcess) -> None:
    listed = await reading(locked)
    assert listed.own_work == ("fsync lock",)
    assert not any(one.op == "none" for one in listed.operations), "no row of its own"


async def test_a_server_at_rest_has_none(mongod: MongodProcess) -> None:
    assert (await reading(mongod)).own_work == ()


def test_only_known_threads_are_told() -> None:
    entries: list[dict[str, Any]] = [
        {"desc": "TTLMonitor"},
        {"desc": "Checkpointer"},
        {},
        {"desc": 5},
        {"desc": "TTLMonitor"},
    ]
    assert own_work(entries) == ("TTL delete",)
