"""The source of collections and indexes on real servers: right, bounded, and silent between its rounds."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers.acting import TEST_COMMANDS, fail_point, indexes
from helpers.builds import hanging_build
from helpers.facts import commands_sent
from helpers.index_source import NAME, all_named, next_round, overview, source_of, whole
from helpers.mongodb import LOGS_REFUSALS, Client, by_name, good, opened, refused, sources
from helpers.waiting import wait_until, wait_until_async

from perftui.model.index import CollectionState, IndexOverview
from perftui.model.query import SlowQuery
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.busy_namespaces import BusyNamespaces
from perftui.sources.mongodb.collection_turns import MOST_COLLECTIONS, CollectionTurns
from perftui.sources.mongodb.indexes import MongoIndexesSource

DB = "indexed"
PASSWORD = "viewer-word"
MEMORY = Path("/dev/shm")


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    with mongod.client() as client:
        client.drop_database(DB)
        yield client
        client.drop_database(DB)


def collection(found: IndexOverview, name: str, database: str = DB) -> CollectionState:
    [one] = [one for one in found.collections if one.ns == f"{database}.{name}"]
    return one


async def test_sizes_and_uses_of_each_index(mongod: MongodProcess, client: Client) -> None:
    orders = client[DB].orders
    orders.insert_many([{"a": number, "b": 1} for number in range(900)])
    orders.create_index([("a", 1), ("b", -1)], name="ab", unique=True)
    for _ in range(3):
        orders.find_one({"a": 5})
    client.admin.command("fsync")  # sizes change with a checkpoint, such as one between the two looks below
    async with source_of(mongod) as source:
        found = collection(await whole(source), "orders")
    assert (found.kind, found.documents, found.capped, found.sharded) == ("collection", 900, False, False)
    real = client[DB].command("collStats", "orders")
    assert (found.data_bytes, found.index_bytes) == (real["size"], real["totalIndexSize"])
    assert [(index.name, index.keys, index.unique, index.uses) for index in found.indexes] == [
        ("_id_", (("_id", 1),), False, 0),
        ("ab", (("a", 1), ("b", -1)), True, 3),
    ]
    assert {index.name: index.size_bytes for index in found.indexes} == real["indexSizes"]
    assert all(index.used_since and index.used_since > 1_600_000_000 for index in found.indexes)


async def test_growth_scans_and_writes_are_rates_between_two_readings(mongod: MongodProcess, client: Client) -> None:
    orders = client[DB].orders
    orders.insert_many([{"a": number} for number in range(100)])
    async with source_of(mongod) as source:
        first = collection(await whole(source), "orders")
        orders.insert_many([{"a": number} for number in range(50)])
        for _ in range(4):
            list(orders.find({"a": 3}))
        grown = collection(await next_round(source), "orders")
        orders.delete_many({"a": {"$lt": 10}})
        shrunk = collection(await next_round(source), "orders")
    assert (first.documents_per_s, first.scans_per_s, first.writes_per_s) == (None, None, None)
    assert grown.documents_per_s is not None
    assert grown.scans_per_s is not None
    assert grown.writes_per_s is not None
    assert grown.documents_per_s / grown.scans_per_s == pytest.approx(50 / 4, rel=0.01)
    assert grown.documents_per_s / grown.writes_per_s == pytest.approx(50, rel=0.01)
    assert shrunk.documents_per_s is not None
    assert shrunk.documents_per_s < 0
    assert shrunk.documents == 150 - 20


async def test_an_index_that_comes_is_hidden_and_goes(mongod: MongodProcess, client: Client) -> None:
    orders = client[DB].orders
    orders.insert_one({"a": 1})
    async with source_of(mongod) as source:
        await whole(source)
        orders.create_index("a", expireAfterSeconds=60, partialFilterExpression={"a": {"$gt": 1}})
        new = collection(await next_round(source), "orders").indexes[1]
        client[DB].command("collMod", "orders", index={"name": "a_1", "hidden": True})
        hidden = collection(await next_round(source), "orders").indexes[1]
        orders.drop_index("a_1")
        gone = collection(await next_round(source), "orders")
    assert (new.name, new.ttl_s, new.partial_filter) == ("a_1", 60, '{"a":{"$gt":1}}')
    assert (new.hidden, hidden.hidden) == (False, True)
    assert hidden.size_bytes  # a new index has its size with the second round
    assert [index.name for index in gone.indexes] == ["_id_"]


async def test_views_time_series_and_the_system_s_own(mongod: MongodProcess, client: Client) -> None:
    client[DB].base.insert_one({})
    client[DB].create_collection("shown", viewOn="base", pipeline=[])
    client[DB].create_collection("measured", timeseries={"timeField": "t"})
    client[DB].measured.insert_one({"t": datetime.now(UTC)})
    async with source_of(mongod) as source:
        found = await whole(source)
    kinds = {one.ns: one.kind for one in found.collections if one.ns.startswith(f"{DB}.")}
    assert kinds == {f"{DB}.base": "collection", f"{DB}.shown": "view", f"{DB}.measured": "timeseries"}
    assert not [one for one in found.collections if one.ns.startswith(("admin.", "config.", "local."))]
    assert collection(found, "measured").data_bytes
    assert (collection(found, "shown").documents, collection(found, "shown").indexes) == (None, ())


@pytest.mark.parametrize("name", ["a.b.c", "日本語", "with space", "ctrl\x01\x1b[2J", "x" * 200, "quote\"'`"])
async def test_hostile_names(mongod: MongodProcess, client: Client, name: str) -> None:
    client[DB][name].insert_one({"é\n": 1})
    client[DB][name].create_index([("é\n", -1)], name="i\x1b[0m")
    client[DB].other.insert_one({})
    async with source_of(mongod) as source:
        found = await whole(source)
    assert [index.keys for index in collection(found, name).indexes] == [(("_id", 1),), (("é\n", -1),)]
    assert collection(found, "other").documents == 1


async def test_between_rounds_it_asks_the_server_nothing(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    with mongod.client() as client:
        client[DB].orders.insert_one({})
        async with source_of(mongod) as source:
            first = await whole(source)
            before = commands_sent(client)
            for _ in range(50):
                assert await whole(source) is first
            assert commands_sent(client) == before


async def test_a_round_of_ten_collections_is_one_command_for_each_database(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    with mongod.client() as client:
        for number in range(9):
            client[DB][f"c{number}"].insert_one({})
        client.other.orders.insert_one({})
        async with source_of(mongod) as source:
            await whole(source)
            before = commands_sent(client)
            sample = await good(source)
            assert sample.sent_commands == 0
            source.hurry()
            sample = await good(source)
            # Databases, collections of two, statistics of two.
            assert sample.sent_commands == 5
            assert commands_sent(client) == before + 5
            assert isinstance(sample.payload, IndexOverview)
            assert len(sample.payload.collections) == 10


async def test_a_collection_dropped_meanwhile_takes_no_other_along(mongod: MongodProcess, client: Client) -> None:
    for name in ("a", "b", "c"):
        client[DB][name].insert_one({})
    async with source_of(mongod) as source:
        await whole(source)
        client[DB].b.drop()
        # Only what is read is due, not the names: as if it was dropped right after they were looked at.
        assert isinstance(source, MongoIndexesSource)
        source._turns.hurry()
        found = await whole(source)
        assert [one.ns for one in found.collections if one.ns.startswith(f"{DB}.")] == [f"{DB}.a", f"{DB}.c"]
        noticed = await all_named(source)
        sent = (await good(source)).sent_commands
        later = await next_round(source)
    assert [one.ns for one in noticed.gone] == [f"{DB}.b"], "the names were looked at anew at once"
    assert sent == 0
    assert {one.ns for one in later.collections} >= {f"{DB}.a", f"{DB}.c"}


@pytest.fixture
def fast_servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateServers]:
    """In memory where there is a place for it: thousands of collections are thousands of files, each synchronised."""
    if MEMORY.is_dir():
        monkeypatch.setenv("TMPDIR", str(MEMORY))
    with PrivateServers() as servers:
        yield servers


@pytest.mark.long
async def test_thousands_of_collections(fast_servers: PrivateServers) -> None:
    mongod = fast_servers.start_mongod()
    with mongod.client() as client:
        for number in range(2_000):
            client[DB].create_collection(f"c{number:04}")
        client[DB].c1777.insert_many([{"a": number} for number in range(5_000)])
        for _ in range(50):
            list(client[DB].c1777.find({"a": 1}))
        async with source_of(mongod) as source:
            seen, per_poll = [await overview(source)], []
            while len(seen[-1].collections) < MOST_COLLECTIONS:
                before = commands_sent(client)
                sample = await good(source)
                assert isinstance(sample.payload, IndexOverview)
                per_poll.append(commands_sent(client) - before)
                seen.append(sample.payload)
            before = commands_sent(client)
            for _ in range(30):
                await good(source)
            idle = commands_sent(client) - before
    assert len(seen) == 10
    assert max(per_poll) == 1
    assert idle == 0
    assert seen[-1].left_out == 1_900
    assert f"{DB}.c1777" in {one.ns for one in seen[-1].collections}


def test_the_busy_ones_are_always_chosen_and_the_others_in_turn() -> None:
    kinds = {f"d.c{number:02}": "collection" for number in range(40)}
    kinds["d.view"] = "view"
    turns = CollectionTurns(most=30)
    busy = ["d.c05", "d.gone", "d.c39", "d.view"]
    seen: set[str] = set()
    for _ in range(8):
        turns.start_round(kinds, busy)  # type: ignore[arg-type]
        assert {"d.c05", "d.c39"} <= set(turns.chosen)
        assert len(turns.chosen) == len(set(turns.chosen)) == 30
        seen |= set(turns.chosen)
    assert seen == set(kinds) - {"d.view"}


def slow_query(ns: str) -> SlowQuery:
    return SlowQuery(at=1.0, ns=ns, op="find", shape_id="x", shape="x", duration_ms=1.0)


def test_busy_namespaces_stay_few() -> None:
    busy = BusyNamespaces()
    for number in range(5_000):
        busy.add([slow_query(f"d.c{number}"), slow_query("d.busy")])
    assert busy.ranked()[0] == "d.busy"
    assert len(busy.ranked()) <= 501


async def test_a_build_that_waits_for_its_quorum(private_servers: PrivateServers) -> None:
    members = private_servers.start_replica_set("rs0", 3)
    with hanging_build(members):
        async with opened(members[0].direct_uri) as system:
            found = by_name(system)
            await good(found["mongodb.server"])
            [build] = (await overview(found[NAME])).builds
            state = collection(await overview(found[NAME]), "orders", "shop")
    assert (build.ns, build.names, build.waits_for_quorum) == ("shop.orders", ("a_1", "b_-1"), True)
    assert [(index.name, index.building) for index in state.indexes] == [
        ("_id_", False), ("a_1", True), ("b_-1", True),
    ]  # fmt: skip


async def test_a_build_s_progress_and_its_end(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=TEST_COMMANDS)
    with mongod.client() as client:
        client[DB].orders.insert_many([{"a": number} for number in range(1_000)])
        async with opened(mongod.uri) as system:
            found = by_name(system)

            async def scanning() -> bool:
                await good(found["mongodb.server"])
                builds = (await overview(found[NAME])).builds
                assert {(build.ns, build.waits_for_quorum) for build in builds} <= {(f"{DB}.orders", False)}
                return any(build.message == "scanning collection" for build in builds)

            with fail_point(mongod, "hangAfterStartingIndexBuild"):
                building = asyncio.create_task(asyncio.to_thread(client[DB].orders.create_index, "a"))
                await wait_until_async(scanning)
            await building
            await good(found["mongodb.server"])
            ended = await overview(found[NAME])
    assert ended.builds == ()
    assert [(index.name, index.building) for index in collection(ended, "orders").indexes][1:] == [("a_1", False)]


@pytest.fixture(scope="module")
def guarded() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod(arguments=("--auth", *LOGS_REFUSALS))
        mongod.create_administrator("root", PASSWORD)
        with mongod.client(username="root", password=PASSWORD) as root:
            for name in ("orders", "users"):
                root.shop[name].insert_many([{"a": number} for number in range(50)])
                root.shop[name].create_index("a")
            root.secret.words.insert_one({})
            one = {"resource": {"db": "shop", "collection": "orders"}, "actions": ["find", "listIndexes"]}
            root.admin.command("createRole", "one", privileges=[one], roles=[])
            for user, roles in {
                "monitor": ["clusterMonitor"],
                "reader": [{"role": "read", "db": "shop"}],
                "writer": [{"role": "readWrite", "db": "shop"}],
                "admin": [{"role": "dbAdmin", "db": "shop"}],
                "one": ["one"],
                "nothing": [],
            }.items():
                root.admin.command("createUser", user, pwd=PASSWORD, roles=roles)
            yield mongod


@pytest.mark.parametrize(
    ("user", "collections", "documents", "uses", "missing"),
    [
        ("monitor", {"shop.orders", "shop.users", "secret.words"}, 50, True, set()),
        ("reader", {"shop.orders", "shop.users"}, 50, False, {"index statistics"}),
        ("writer", {"shop.orders", "shop.users"}, 50, False, {"index statistics"}),
        ("admin", {"shop.orders", "shop.users"}, 50, False, {"index statistics"}),
        ("one", {"shop.orders"}, None, False, {"indexes", "index statistics", "collection statistics"}),
        ("nothing", set(), None, False, {"indexes", "index statistics", "collection statistics"}),
    ],
)
async def test_each_login_sees_what_it_may_and_nothing_else_is_asked_for(
    guarded: MongodProcess, user: str, collections: set[str], documents: int | None, uses: bool, missing: set[str]
) -> None:
    before = len(refused(guarded))
    async with sources(f"mongodb://{user}:{PASSWORD}@{guarded.address}/?authSource=admin") as all_sources:
        source = all_sources[NAME]
        await good(source)
        found = await next_round(source)
        sample = await good(source)
        capabilities = {one.name for one in source.capabilities if one.state == "missing"}
    # Where the server tells of no right at all, one command finds out whether it lets everybody do everything.
    assert refused(guarded)[before:] == (["getLog"] if user == "nothing" else [])
    assert {one.ns for one in found.collections} == collections
    assert capabilities == missing
    assert bool(missing) == ("Grant: " in " ".join(sample.notes))
    if collections:
        orders = collection(found, "orders", "shop")
        assert orders.documents == documents
        assert [index.name for index in orders.indexes] == ["_id_", "a_1"]
        assert (orders.indexes[1].uses is not None) == uses
        assert (orders.indexes[1].size_bytes is not None) == (documents is not None)


async def test_without_a_login_it_says_what_is_missing(guarded: MongodProcess) -> None:
    async with sources(f"mongodb://{guarded.address}/") as found:
        sample = await good(found[NAME])
    assert sample.payload is None
    assert "createUser" in " ".join(sample.notes)


async def test_a_secondary_tells_of_its_own_uses(private_servers: PrivateServers) -> None:
    members = private_servers.start_replica_set("rs0", 2)
    with members[0].client() as primary, members[1].client(readPreference="secondary") as secondary:
        primary[DB].orders.insert_one({"a": 1})
        primary[DB].orders.create_index("a")
        primary[DB].get_collection("orders").find_one({"a": 1})
        wait_until(lambda: "a_1" in indexes(secondary, f"{DB}.orders"))
        for _ in range(5):
            secondary[DB].orders.find_one({"a": 1})
        uses = []
        for member in members:
            async with source_of(member) as source:
                uses.append(collection(await overview(source), "orders").indexes[1].uses)
    assert uses == [1, 5]
