"""Collections that are listed no more: told when they are gone for certain, and remembered."""

from collections.abc import Iterator

import pytest
from helpers.index_source import NAME, all_named, source_of, whole
from helpers.mongodb import LOGS_REFUSALS, Client, sources

from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.indexes import MongoIndexesSource

DB = "left"
PASSWORD = "viewer-word"


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    with mongod.client() as client:
        client.drop_database(DB)
        yield client
        client.drop_database(DB)


async def test_a_collection_that_was_dropped_is_remembered_until_it_is_back(
    mongod: MongodProcess, client: Client
) -> None:
    client[DB].a.insert_one({})
    client[DB].b.insert_many([{} for _ in range(7)])
    async with source_of(mongod) as source:
        before = await all_named(source)
        client[DB].b.rename("c")
        source.hurry()
        renamed = await all_named(source)
        client[DB].c.rename("b")
        source.hurry()
        back = await all_named(source)
    assert before.gone == ()
    assert [(one.ns, one.documents) for one in renamed.gone] == [(f"{DB}.b", 7)]
    assert back.gone == (), "c came and went while it was watched: that is somebody's work in between"


async def test_what_a_reading_missed_is_known_until_the_names_are_listed(
    mongod: MongodProcess, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On thousands of collections the names are listed minutes later."""
    monkeypatch.setattr("perftui.sources.mongodb.indexes._TOP_COLLECTIONS", 0)
    client[DB].a.insert_one({})
    client[DB].b.insert_many([{} for _ in range(7)])
    async with source_of(mongod) as source:
        assert isinstance(source, MongoIndexesSource)
        await all_named(source)
        client[DB].b.drop()
        for _ in range(2):
            source._turns.hurry()
            await whole(source)
        source.hurry()
        found = await all_named(source)
    assert [(one.ns, one.documents) for one in found.gone] == [(f"{DB}.b", 7)]


async def test_it_is_remembered_when_the_connection_is_lost(mongod: MongodProcess, client: Client) -> None:
    client[DB].a.insert_one({})
    client[DB].b.insert_many([{} for _ in range(7)])
    async with source_of(mongod) as source:
        await all_named(source)
        client[DB].b.drop()
        source.hurry()
        await all_named(source)
        source._connected = False
        found = await all_named(source)
        client[DB].b.insert_one({})
        source.hurry()
        back = await all_named(source)
    assert [(one.ns, one.documents) for one in found.gone] == [(f"{DB}.b", 7)]
    assert back.gone == ()


async def test_rights_that_are_taken_away_are_no_end_of_a_collection(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=("--auth", *LOGS_REFUSALS))
    mongod.create_administrator("root", PASSWORD)
    both = [{"role": "read", "db": "shop"}, {"role": "read", "db": "stock"}]
    with mongod.client(username="root", password=PASSWORD) as root:
        for database in ("shop", "stock"):
            root[database].items.insert_many([{} for _ in range(7)])
        root.admin.command("createUser", "viewer", pwd=PASSWORD, roles=both)
        async with sources(f"mongodb://viewer:{PASSWORD}@{mongod.address}/?authSource=admin") as found:
            source = found[NAME]
            before = await all_named(source)
            root.admin.command("revokeRolesFromUser", "viewer", roles=both[1:])
            source.hurry()
            narrowed = await all_named(source)
            root.shop.items.drop()
            source.hurry()
            dropped = await all_named(source)
    assert {one.ns for one in before.collections} == {"shop.items", "stock.items"}
    assert {one.ns for one in narrowed.collections} == {"shop.items"}
    assert narrowed.gone == ()
    assert [one.ns for one in dropped.gone] == ["shop.items"]
