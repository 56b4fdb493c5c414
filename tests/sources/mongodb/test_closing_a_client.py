"""A client is closed whatever the server does meanwhile."""

import asyncio

import pytest

from perftui.servers.private import PrivateServers
from perftui.sources.mongodb.client import close_client, open_client
from perftui.targets import connect_to


async def test_closing_that_is_cut_short_leaves_nothing_open(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    client = open_client(connect_to(mongod.uri, timeout_s=60.0))
    await client.admin.command("ping")
    mongod.suspend()
    closing = asyncio.create_task(close_client(client))
    done, _ = await asyncio.wait({closing}, timeout=0.5)
    assert not done, "it is waiting to tell the server that its session ended"
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert client._closed
    mongod.resume()
