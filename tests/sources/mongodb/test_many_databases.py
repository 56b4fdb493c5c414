"""More databases than are looked at in one turn: each has its turn, and nothing is claimed before."""

from collections import Counter
from typing import Any

import pytest
from helpers.mongodb import Client, good, sources
from pymongo import AsyncMongoClient, MongoClient

from perftui.model.query import SlowQueryBatch
from perftui.model.sample import Sample
from perftui.servers import PrivateServers
from perftui.sources.base import Source
from perftui.sources.mongodb import profiled_databases
from perftui.sources.mongodb.profiled_databases import ProfiledDatabases
from perftui.sources.mongodb.slow_query_readers import SlowLogReader

A_TURN = 4
CAN_BE_DISTURBED = ("--setParameter", "enableTestCommands=1")


def disturb(client: Client, command: str, mode: Any = "alwaysOn", **how: Any) -> None:
    """Let the server itself delay or refuse this command of ours."""
    data = {"failCommands": [command], "appName": "perftui", **how}
    client.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": data})


async def read(source: Source) -> tuple[SlowQueryBatch, Sample]:
    sample = await good(source)
    assert isinstance(sample.payload, SlowQueryBatch)
    return sample.payload, sample


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


async def test_far_away_each_poll_asks_a_few_and_the_log_is_read_meanwhile(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=(*CAN_BE_DISTURBED, "--slowms", "0"))
    client: Client
    with MongoClient(mongod.uri) as client:
        for number in range(30):
            client[f"db{number}"].create_collection("c")
        client["zoo"].command("profile", 2)
        client["zoo"].p.find_one({"a": 1}, comment="early")
        disturb(client, "profile", blockConnection=True, blockTimeMS=100)
        async with sources(mongod.uri) as found:
            source = found["mongodb.slow_queries"]
            batch, sample = await read(source)
            assert "are still to be looked at" in sample.notes[0]
            assert (batch.read_from, source.timeout_s) == ("slowlog", 10.0)
            entries, sent = list(batch.entries), [sample.sent_commands]
            while batch.read_from == "slowlog":
                batch, sample = await read(source)
                entries, sent = [*entries, *batch.entries], [*sent, sample.sent_commands]
            assert batch.databases == ("zoo",)
            client["zoo"].p.find_one({"a": 1}, comment="late")
            entries += (await read(source))[0].entries
    assert max(sent) <= 14
    assert sum(sent) <= 34 + 2 * len(sent), "no database was asked twice"
    comments = Counter(entry.comment for entry in entries)
    assert (comments["early"], comments["late"]) == (1, 1)


async def test_many_profiles_far_away_are_read_in_turn(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=CAN_BE_DISTURBED)
    names = [f"db{number}" for number in range(16)]
    client: Client
    with MongoClient(mongod.uri) as client:
        for name in names:
            client[name].command("profile", 2)
            client[name].p.find_one({"a": 1}, comment=name)
        disturb(client, "find", blockConnection=True, blockTimeMS=150)
        async with sources(mongod.uri) as found:
            batches = [(await read(found["mongodb.slow_queries"]))[0] for _ in range(6)]
    each = [{entry.comment for entry in batch.entries} - {None} for batch in batches]
    assert 0 < len(each[0]) < len(names)
    assert Counter(entry.comment for batch in batches for entry in batch.entries if entry.comment) == Counter(names)
    assert {batch.lost_entries for batch in batches} == {0}


async def test_an_odd_error_costs_a_database_one_turn_only(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=CAN_BE_DISTURBED)
    client: Client
    with MongoClient(mongod.uri) as client:
        client["aaa"].command("profile", 2)
        client["aaa"].create_collection("p")
        disturb(client, "profile", {"times": 1}, errorCode=11601)
        async with sources(mongod.uri) as found:
            source = found["mongodb.slow_queries"]
            batch, sample = await read(source)
            assert (batch.read_from, "still to be looked at" in sample.notes[0]) == ("slowlog", True)
            source.hurry()
            batch, _ = await read(source)
            assert batch.databases == ("aaa",)
            assert {one.state for one in source.capabilities} == {"granted"}
