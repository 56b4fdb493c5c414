"""What decides whether an index can be built, on real servers: roles, health, room, load and builds under way."""

import asyncio
from threading import Event, Thread
from typing import Any

from helpers.builds import hanging_build
from helpers.facts import our_client
from helpers.mongodb import LOGS_REFUSALS, refused

from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.build_preflight import BuildFacts, read_preflight
from perftui.sources.mongodb.voting_members import VotingMember

PASSWORD = "viewer-word"


async def preflight(uri: str, ns: str = "shop.orders", watch_s: float = 0.0) -> BuildFacts:
    async with our_client(uri) as client:
        return await read_preflight(client, ns, max_time_ms=5_000, watch_s=watch_s)


async def test_a_healthy_set(private_servers: PrivateServers) -> None:
    members = private_servers.start_replica_set("rs0", 2, arbiters=1)
    with members[0].client() as client:
        client.shop.orders.insert_many([{"a": number} for number in range(500)])
        client.shop.orders.create_index("a")
        facts = await preflight(members[0].direct_uri)
        other = await preflight(members[1].direct_uri, "shop.nope")
    assert (facts.exists, facts.kind, facts.primary, facts.set_name) == (True, "collection", True, "rs0")
    assert (facts.documents, facts.average_bytes, facts.builds, facts.notes) == (500, 29.0, (), ())
    assert facts.members is not None
    assert [(one.state, one.healthy, one.votes, one.arbiter) for one in facts.members] == [
        ("PRIMARY", True, 1, False), ("SECONDARY", True, 1, False), ("ARBITER", True, 1, True),
    ]  # fmt: skip
    assert facts.blocking_members == ()
    assert facts.indexes is not None
    assert [(index.name, bool(index.size_bytes), index.building) for index in facts.indexes] == [
        ("_id_", True, False), ("a_1", True, False),
    ]  # fmt: skip
    assert facts.disk_free_bytes is not None
    assert facts.disk_total_bytes is not None
    assert 0 < facts.disk_free_bytes < facts.disk_total_bytes
    assert facts.server_version
    assert (other.exists, other.primary, other.primary_address) == (False, False, members[0].address)


async def test_a_build_that_hangs_for_want_of_a_voter(private_servers: PrivateServers) -> None:
    members = private_servers.start_replica_set("rs0", 3)
    with hanging_build(members):
        facts = await preflight(members[0].direct_uri)
        second = await preflight(members[1].direct_uri)
    [blocking] = facts.blocking_members
    assert (blocking.address, blocking.healthy) == (members[2].address, False)
    assert blocking.message
    for seen in (facts, second):
        assert seen.builds is not None
        [build] = seen.builds
        assert (build.ns, build.names, build.waits_for_quorum) == ("shop.orders", ("a_1", "b_-1"), True)
        assert seen.indexes is not None
        assert [(index.name, index.building) for index in seen.indexes] == [
            ("_id_", False), ("a_1", True), ("b_-1", True),
        ]  # fmt: skip


async def test_writes_are_measured_while_it_watches(mongod: MongodProcess) -> None:
    stop, writing = Event(), Event()

    def write() -> None:
        with mongod.client() as client:
            while not stop.is_set():
                client.preflight.orders.insert_one({})
                writing.set()

    with mongod.client() as client:
        client.preflight.orders.insert_one({})
        idle = await preflight(mongod.uri, "preflight.orders", watch_s=0.3)
        thread = Thread(target=write)
        thread.start()
        try:
            assert await asyncio.to_thread(writing.wait, 60)
            busy = await preflight(mongod.uri, "preflight.orders", watch_s=0.5)
            while (busy.writes_per_s or 0) <= 1:  # the writer stood still for so long
                busy = await preflight(mongod.uri, "preflight.orders", watch_s=0.5)
        finally:
            stop.set()
            await asyncio.to_thread(thread.join)
            client.drop_database("preflight")
    assert idle.writes_per_s == 0
    assert busy.writes_per_s is not None
    assert busy.writes_per_s > 1


async def test_alone_there_are_no_members_and_views_have_no_figures(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    with mongod.client() as client:
        client.shop.create_collection("shown", viewOn="orders", pipeline=[])
        facts = await preflight(mongod.uri, "shop.shown")
        nothing = await preflight(mongod.uri, "nodot")
    assert (facts.exists, facts.kind, facts.primary, facts.members) == (True, "view", True, ())
    assert (facts.indexes, facts.documents) == (None, None)
    assert nothing.exists is False


async def test_with_few_rights_the_rest_is_noted(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(replica_set="rs0", arguments=("--auth", *LOGS_REFUSALS))
    mongod.create_administrator("root", PASSWORD)
    with mongod.client(username="root", password=PASSWORD) as root:
        root.shop.orders.insert_one({})
        role = {"role": "readWrite", "db": "shop"}
        root.admin.command("createUser", "writer", pwd=PASSWORD, roles=[role])
        before = len(refused(mongod))
        facts = await preflight(f"mongodb://writer:{PASSWORD}@{mongod.address}/")
    assert refused(mongod)[before:] == []
    assert (facts.exists, facts.primary, facts.members, facts.builds) == (True, True, None, None)
    assert (facts.documents, facts.disk_free_bytes is not None) == (1, True)
    assert "clusterMonitor" in " ".join(facts.notes)


def member(**fields: Any) -> VotingMember:
    return VotingMember(**{"address": "a:1", "state": "SECONDARY", "healthy": True, "votes": 1, **fields})


def test_who_keeps_a_build_from_its_end() -> None:
    assert not member().blocks_commit
    assert member(healthy=False).blocks_commit
    assert member(state="RECOVERING").blocks_commit
    assert member(builds_indexes=False).blocks_commit
    assert not member(healthy=False, votes=0).blocks_commit
    assert not member(healthy=False, state="ARBITER", arbiter=True).blocks_commit
