"""An analysis gives a busy server time to answer, and still notices at once that nobody is there."""

import time

import pytest
from pymongo import MongoClient

from perftui.analysis.server import ANSWER_TIMEOUT_S, ServerSilent, analyse_connection, unhurried
from perftui.servers import PrivateServers
from perftui.servers.ports import free_port
from perftui.targets import connect_to

FAIL_POINTS = ("--setParameter", "enableTestCommands=1")


async def test_a_server_slower_than_the_monitors_patience_is_analysed(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod(arguments=FAIL_POINTS)
    with MongoClient[dict[str, object]](server.uri) as client:
        client["busy"].c.insert_many([{"x": number} for number in range(2_000)])
        client["busy"].command("profile", 2)
        for number in range(20):
            list(client["busy"].c.find({"x": number}))
        slow = {
            "blockConnection": True,
            "blockTimeMS": 3_000,
            "failCommands": ["listCollections"],
            "appName": "perftui",
        }
        client.admin.command({"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": slow})
        study = await analyse_connection(connect_to(server.uri, timeout_s=2.5))
    assert [one.keys for one in study.analysis.recommendations] == [(("x", 1),)]


async def test_a_server_that_is_not_there_is_told_soon() -> None:
    started = time.monotonic()
    with pytest.raises(ServerSilent, match="refuse"):
        await analyse_connection(connect_to(f"mongodb://127.0.0.1:{free_port()}", timeout_s=1.0))
    assert time.monotonic() - started < ANSWER_TIMEOUT_S / 2


async def test_the_monitors_own_patience_stays_what_it_was() -> None:
    system = unhurried(connect_to("mongodb://127.0.0.1:1", timeout_s=2.0))
    assert system.connection.timeout_s == 2.0
    assert system.members()[0].max_time_ms == ANSWER_TIMEOUT_S * 600
    await system.close()
