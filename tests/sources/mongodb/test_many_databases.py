"""More databases than are looked at in one turn: each has its turn, and nothing is claimed before."""

from typing import Any

import pytest
from helpers.mongodb import Client
from pymongo import AsyncMongoClient, MongoClient

from perftui.servers import PrivateServers
from perftui.sources.mongodb import profiled_databases
from perftui.sources.mongodb.profiled_databases import ProfiledDatabases
from perftui.sources.mongodb.slow_query_readers import SlowLogReader

A_TURN = 4


async def test_a_profiled_database_is_found_in_its_turn_and_then_kept(
    private_servers: PrivateServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiled_databases, "_DATABASES", A_TURN)
    mongod = private_servers.start_mongod()
    client: Client
    with MongoClient(mongod.uri) as client:
        for number in range(6):
            client[f"db{number}"].create_collection("c")
        client["zoo"].command("profile", 1)
        client["zoo"].create_collection("c")
    reading: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongod.uri)
    async with reading:
        found = ProfiledDatabases(reading, 3000)
        log = SlowLogReader(reading, found, "perftui", 3000)
        assert await found.look() == []
        assert "are still to be looked at" in log.notes()[0]
        turns = [[level.database for level in await found.look()] for _ in range(6)]
        assert len(found.names) == A_TURN
        assert found.left_out == 0
    assert ["zoo"] in turns[:2]
    assert turns[turns.index(["zoo"]) :] == [["zoo"]] * (6 - turns.index(["zoo"]))
