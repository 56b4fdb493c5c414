"""Facts of collections on real servers: right, bounded, and without ever walking a large one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Regex
from bson.raw_bson import RawBSONDocument
from helpers.facts import our_client, work
from helpers.mongodb import LOGS_REFUSALS, Client, refused

from perftui.advice.facts import CollectionFacts
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.collection_facts import FactsReader, read_facts
from perftui.sources.mongodb.collection_sample import MOST_BYTES, plan_draw

DB = "facts"
PASSWORD = "viewer-word"


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    with mongod.client() as client:
        client.drop_database(DB)
        yield client
        client.drop_database(DB)


async def facts_of(mongod: MongodProcess, name: str, **options: Any) -> CollectionFacts:
    async with our_client(mongod.uri) as client:
        return await read_facts(client, f"{DB}.{name}", max_time_ms=5_000, **options)


async def test_a_small_collection_is_read_whole(mongod: MongodProcess, client: Client) -> None:
    client[DB].orders.insert_many([{"a": number, "tags": ["x"]} for number in range(700)])
    client[DB].orders.create_index([("a", 1), ("b", -1)], name="ab", unique=True)
    facts = await facts_of(mongod, "orders")
    assert (facts.kind, facts.exists, facts.documents, facts.whole, facts.notes) == ("collection", True, 700, True, ())
    assert sorted(document["a"] for document in facts.sample) == list(range(700))
    assert facts.average_bytes == pytest.approx(client[DB].command("collStats", "orders")["avgObjSize"], abs=1)
    assert facts.indexes is not None
    assert [(index.name, index.keys, index.unique) for index in facts.indexes] == [
        ("_id_", (("_id", 1),), False),
        ("ab", (("a", 1), ("b", -1)), True),
    ]
    assert (facts.capped, facts.sharded, facts.shard_key, facts.collation) == (False, False, (), None)


async def test_a_large_collection_is_sampled_at_random_without_a_scan(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    with mongod.client() as client:
        for start in range(0, 60_000, 20_000):
            client[DB].big.insert_many([{"_id": start + number} for number in range(20_000)])
    # The random cursor passes over what stands in no page on disk yet.
    mongod.restart()
    with mongod.client() as client:
        before = work(client)
        facts = await facts_of(mongod, "big")
        done = work(client).since(before)
        plan = client[DB].command(
            "explain", {"aggregate": "big", "pipeline": [{"$sample": {"size": len(facts.sample)}}], "cursor": {}}
        )
    assert (facts.documents, facts.whole, facts.notes) == (60_000, False, ())
    assert len(facts.sample) == 2_700  # 4.5 %
    assert done.scans == 0
    assert done.scanned < 100
    # A tenth of the collection has about a tenth of the sample: 270. The random cursor is only roughly even.
    tenths = [sum(1 for document in facts.sample if document["_id"] // 6_000 == tenth) for tenth in range(10)]
    assert min(tenths) > 270 / 2
    assert "$sampleFromRandomCursor" in str(plan)


@pytest.mark.parametrize(
    ("documents", "average", "limit", "drawn", "at_random"),
    [
        (10_000, 100.0, 10_000, 10_000, False),
        (10_001, 100.0, 10_000, 450, True),
        (10_000_000, 100.0, 10_000, 10_000, True),
        (10_000_000, 100.0, 50_000, 10_000, True),
        (5_000, 100.0, 1_000, 225, True),
        (50, 8e6, 10_000, 16, False),
        (10_000, 1e6, 10_000, 134, True),
        (10_000_000, 5_000.0, 10_000, 6_710, True),
        (10_000_000, None, 10_000, 10_000, True),
    ],
)
def test_how_much_is_drawn(documents: int, average: float | None, limit: int, drawn: int, at_random: bool) -> None:
    draw = plan_draw(documents, average, limit=limit)
    assert (draw.documents, draw.at_random) == (drawn, at_random)
    assert not draw.at_random or draw.documents < 0.05 * documents


def test_on_shards_the_smallest_one_decides() -> None:
    assert plan_draw(100_000, 100.0, smallest_shard=1_000).documents == 45


async def test_documents_of_megabytes_are_cut_on_the_server(mongod: MongodProcess, client: Client) -> None:
    row = {"text": "é" * 500_000, "raw": Binary(b"x" * 500_000), "list": list(range(5_000)), "a.b": 1, "$c": 2}
    client[DB].large.insert_many([{**row, "n": number} for number in range(150)])
    facts = await facts_of(mongod, "large")
    assert len(facts.sample) < 150
    for document in facts.sample:
        assert document["text"] == "é" * 1_024
        assert len(document["raw"]) < 100
        assert document["list"] == list(range(1_000))
        assert (document["a.b"], document["$c"]) == (1, 2)


async def test_what_cannot_be_cut_is_bounded_in_bytes(mongod: MongodProcess, client: Client) -> None:
    inner = {"deep": ["x" * 1_000_000] * 4}
    for number in range(20):
        client[DB].deep.insert_one({"n": number, "inner": inner})
    facts = await facts_of(mongod, "deep")
    assert not facts.whole
    assert sum(4_000_000 for _ in facts.sample) <= MOST_BYTES + 17 * 1024 * 1024
    assert "not random ones" in " ".join(facts.notes)


async def test_odd_values_are_read_leniently(mongod: MongodProcess, client: Client) -> None:
    broken = b"\x13\x00\x00\x00\x02s\x00\x07\x00\x00\x00ab\xff\xfecd\x00\x00"
    client[DB].odd.insert_one({"at": datetime(9999, 12, 31, tzinfo=UTC), "re": Regex("a(", "i")})
    client[DB].odd.insert_one(RawBSONDocument(broken.replace(b"\x13", bytes([len(broken)]), 1)))
    client[DB].command("insert", "odd", documents=[{"_id": 1, "d": {"$numberLong": "1"}}])
    facts = await facts_of(mongod, "odd")
    assert len(facts.sample) == 3
    assert facts.whole


@pytest.mark.parametrize("name", ["a.b.c", "日本語", "with space", "ctrl\x01\x1b[2J", "x" * 200, "quote\"'`"])
async def test_hostile_names(mongod: MongodProcess, client: Client, name: str) -> None:
    client[DB][name].insert_one({"é\n": 1})
    client[DB][name].create_index([("é\n", -1)], name="i\x1b[0m")
    facts = await facts_of(mongod, name)
    assert (facts.exists, facts.documents, facts.notes) == (True, 1, ())
    assert facts.indexes is not None
    assert facts.indexes[1].keys == (("é\n", -1),)


@pytest.mark.parametrize("ns", ["nodot", "", ".", "shop.", ".orders", "a b.c", "a$b.c", "a\x00b.c"])
async def test_what_is_no_namespace(mongod: MongodProcess, ns: str) -> None:
    async with our_client(mongod.uri) as client:
        facts = await read_facts(client, ns, max_time_ms=5_000)
    assert facts.exists is False
    assert "names no collection" in facts.notes[0]


@pytest.mark.parametrize("name", ["nope", "a$b", ".x", "x.."])
async def test_a_collection_that_is_not_there_is_not_created(mongod: MongodProcess, client: Client, name: str) -> None:
    facts = await facts_of(mongod, name)
    assert not facts.sample
    assert not facts.indexes
    assert DB not in client.list_database_names()


async def test_views_time_series_and_system_collections_are_not_sampled(mongod: MongodProcess, client: Client) -> None:
    client[DB].base.insert_many([{"a": 1}] * 1)
    client[DB].create_collection("shown", viewOn="base", pipeline=[])
    client[DB].create_collection("ring", capped=True, size=10_000)
    client[DB].create_collection("measured", timeseries={"timeField": "t"})
    client[DB].measured.insert_one({"t": datetime.now(UTC)})
    view, series, system = (
        await facts_of(mongod, "shown"), await facts_of(mongod, "measured"), await facts_of(mongod, "system.views"),
    )  # fmt: skip
    assert (view.kind, series.kind, system.kind) == ("view", "timeseries", "system")
    assert not any(facts.sample for facts in (view, series, system))
    assert view.indexes == ()
    assert (await facts_of(mongod, "ring")).capped
    assert "view" in view.notes[0]


async def test_options_are_kept_as_they_are(mongod: MongodProcess, client: Client) -> None:
    orders = client[DB].create_collection("orders", collation={"locale": "fr"})
    simple = {"locale": "simple"}
    orders.create_index([("t", "text"), ("u", "text")], weights={"t": 10}, name="words", collation=simple)
    orders.create_index("s", sparse=True, hidden=True, expireAfterSeconds=3_600)
    orders.create_index("p", partialFilterExpression={"b": {"$gt": datetime(2026, 1, 1, tzinfo=UTC)}, "a": True})
    orders.create_index([("w.$**", 1)], name="wild", collation=simple)
    orders.create_index([("h", "hashed")], collation=simple)
    facts = await facts_of(mongod, "orders")
    assert facts.collation is not None
    assert '"locale":"fr"' in facts.collation
    assert facts.indexes is not None
    found = {index.name: index for index in facts.indexes}
    assert found["words"].keys == (("_fts", "text"), ("_ftsx", 1))
    assert found["words"].options["weights"] == {"t": 10, "u": 1}
    assert (found["s_1"].sparse, found["s_1"].hidden, found["s_1"].ttl_s) == (True, True, 3_600)
    assert found["p_1"].partial_filter == '{"b":{"$gt":{"$date":"2026-01-01T00:00:00.000Z"}},"a":true}'
    assert found["wild"].keys == (("w.$**", 1),)
    assert found["h_hashed"].keys == (("h", "hashed"),)
    assert (found["h_hashed"].collation, found["p_1"].collation) == (None, facts.collation)


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[MongodProcess, Client]]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod(arguments=("--auth", *LOGS_REFUSALS))
        mongod.create_administrator("root", PASSWORD)
        with mongod.client(username="root", password=PASSWORD) as root:
            root.shop.orders.insert_many([{"a": number} for number in range(50)])
            root.shop.orders.create_index("a")
            counts = {"resource": {"db": "shop", "collection": "orders"}, "actions": ["find"]}
            root.admin.command("createRole", "finds", privileges=[counts], roles=[])
            for user, roles in {
                "monitor": ["clusterMonitor"],
                "reader": [{"role": "read", "db": "shop"}],
                "writer": [{"role": "readWrite", "db": "shop"}],
                "admin": [{"role": "dbAdmin", "db": "shop"}],
                "finder": ["finds"],
                "nothing": [],
            }.items():
                root.admin.command("createUser", user, pwd=PASSWORD, roles=roles)
            yield mongod, root


@pytest.mark.parametrize(
    ("user", "documents", "sampled", "indexes", "granted"),
    [
        ("monitor", 50, False, True, ["read"]),
        ("reader", 50, True, True, []),
        ("writer", 50, True, True, []),
        ("admin", 50, False, True, ["read"]),
        ("finder", 50, True, False, ["read"]),
        ("nothing", None, False, False, ["read"]),
    ],
)
async def test_what_a_login_may_not_read_stays_unknown_and_is_never_asked_for(
    guarded: tuple[MongodProcess, Client],
    user: str,
    documents: int | None,
    sampled: bool,
    indexes: bool,
    granted: list[str],
) -> None:
    mongod, _ = guarded
    before = len(refused(mongod))
    async with our_client(f"mongodb://{user}:{PASSWORD}@127.0.0.1:{mongod.port}/") as client:
        reader = FactsReader(client, max_time_ms=5_000)
        facts = [await reader.read("shop.orders") for _ in range(2)]
    assert facts[0] == facts[1]
    assert (facts[0].documents, bool(facts[0].sample), facts[0].indexes is not None) == (documents, sampled, indexes)
    # Where the server tells of no right at all, one command finds out whether it lets everybody do everything.
    assert refused(mongod)[before:] == (["getLog"] if user == "nothing" else [])
    notes = " ".join(facts[0].notes)
    assert bool(granted) == ("grantRolesToUser" in notes)
    for role in granted:
        assert f'grantRolesToUser("{user}", [{{role: "{role}", db: "shop"}}])' in notes


async def test_a_right_taken_away_meanwhile_is_noted_once(guarded: tuple[MongodProcess, Client]) -> None:
    mongod, root = guarded
    root.admin.command("createUser", "former", pwd=PASSWORD, roles=[{"role": "read", "db": "shop"}])
    async with our_client(f"mongodb://former:{PASSWORD}@127.0.0.1:{mongod.port}/") as client:
        reader = FactsReader(client, max_time_ms=5_000)
        assert (await reader.read("shop.orders")).documents == 50
        root.admin.command("revokeRolesFromUser", "former", roles=[{"role": "read", "db": "shop"}])
        facts = await reader.read("shop.orders")
        before = len(refused(mongod))
        await reader.read("shop.orders")
        again = refused(mongod)[before:]
    assert facts.documents is None
    assert "grantRolesToUser" in " ".join(facts.notes)
    assert "aggregate" not in again
    assert "listIndexes" not in again


async def test_every_command_has_a_time_limit_and_our_name(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    with mongod.client() as client:
        client[DB].orders.insert_many([{"a": number} for number in range(3_000)])
        client[DB].command("profile", 2)
        await facts_of(mongod, "orders")
        client[DB].command("profile", 0)
        entries = list(client[DB]["system.profile"].find({"appName": "perftui"}))
    commands = [entry["command"] for entry in entries if entry["op"] != "getmore"]
    assert {next(iter(command)) for command in commands} >= {"aggregate", "listIndexes"}
    assert all(command.get("maxTimeMS") == 5_000 for command in commands), commands
    # The limit of a cursor holds for its getMores too.
    assert any(entry["op"] == "getmore" for entry in entries)
