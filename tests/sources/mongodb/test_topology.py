"""The members of a real replica set: found from any seed, each read once, closed when they leave."""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from helpers.mongodb import by_name, good, opened, sources
from helpers.waiting import wait_until, wait_until_async

from perftui.model.mongodb import MongoServer, ReplicaSet
from perftui.model.sample import Sample
from perftui.servers import MongodProcess, PrivateServers
from perftui.servers.mongod import wait_for_roles
from perftui.sources.base import Source
from perftui.sources.mongodb.system import MongoSystem


@pytest.fixture(scope="module")
def three_members() -> Iterator[list[MongodProcess]]:
    with PrivateServers() as servers:
        yield servers.start_replica_set("rs0", 3)


@pytest.fixture
def replica_set(three_members: list[MongodProcess]) -> list[MongodProcess]:
    """All in their roles: a test may change these, and the first has the priority to be primary again."""
    wait_until(three_members[0].is_primary)
    wait_for_roles(three_members)
    return three_members


def addresses(members: Sequence[MongodProcess]) -> set[str]:
    return {f"127.0.0.1:{member.port}" for member in members}


def reached(system: MongoSystem) -> set[str]:
    return {member.address for member in system.members()}


async def servers_of(system: MongoSystem) -> dict[str, MongoServer]:
    """What every member's server source reads now."""
    found = {}
    for source in system.sources():
        if source.name == "mongodb.server":
            sample = await good(source)
            assert isinstance(sample.payload, MongoServer)
            found[source.target.name] = sample.payload
    return found


async def test_one_seed_finds_the_set(replica_set: list[MongodProcess]) -> None:
    async with opened(f"mongodb://127.0.0.1:{replica_set[1].port}/") as system:
        assert len(system.sources()) == 5
        await good(by_name(system)["mongodb.server"])
        assert reached(system) == addresses(replica_set)
        servers = await servers_of(system)
        targets = {member.target for member in system.members()}
    assert sorted(server.role or "" for server in servers.values()) == ["PRIMARY", "SECONDARY", "SECONDARY"]
    assert len({target.id for target in targets}) == 3
    assert len({server.pid for server in servers.values()}) == 3


@pytest.mark.parametrize("option", ["directConnection=true", "loadBalanced=true"])
async def test_a_uri_of_one_server_stays_there(replica_set: list[MongodProcess], option: str) -> None:
    async with sources(f"mongodb://127.0.0.1:{replica_set[1].port}/?{option}") as found:
        sample = await good(found["mongodb.server"])
        assert len(found) == 5
    assert any("load balancer" in note for note in sample.notes) is (option == "loadBalanced=true")


async def test_seeds_under_other_names_are_read_once(replica_set: list[MongodProcess]) -> None:
    """The set calls its members 127.0.0.1."""
    first, second, _ = (member.port for member in replica_set)
    uri = f"mongodb://localhost:{first},127.0.0.1:{first},localhost:{second}/?replicaSet=rs0"
    async with opened(uri) as system:
        before = system.members()
        servers = await servers_of(system)
        servers = await servers_of(system)
        assert len(servers) == 3
        assert len({server.pid for server in servers.values()}) == 3
        left = [member for member in before if member not in system.members()]
        for member in left:
            await system.release(member)
        assert left
        assert all(member.closed for member in left)


async def all_healthy(source: Source) -> Sample | None:
    """The reading, once it says so."""
    sample = await good(source)
    assert isinstance(sample.payload, ReplicaSet)
    return sample if all(member.healthy for member in sample.payload.members) else None


async def test_the_strip_tells_role_lag_votes_and_ping(replica_set: list[MongodProcess]) -> None:
    async with opened(f"mongodb://127.0.0.1:{replica_set[0].port}/") as system:
        await good(by_name(system)["mongodb.server"])
        await servers_of(system)
        # Right after a start a member may not have heard of another one yet.
        sample = await wait_until_async(partial(all_healthy, by_name(system)["mongodb.members"]))
        ids = {member.target.id for member in system.members()}
    strip = sample.payload
    assert isinstance(strip, ReplicaSet)
    assert sample.received_bytes
    assert (strip.name, len(strip.members)) == ("rs0", 3)
    assert {member.target_id for member in strip.members} == ids
    for member in strip.members:
        assert (member.healthy, member.votes, member.hidden) == (True, 1, False)
        assert type(member.votes) is int
        assert member.ping_ms is not None
        assert (member.lag_s is None) == (member.role == "PRIMARY")
    (primary,) = [member for member in strip.members if member.role == "PRIMARY"]
    assert strip.primary == primary.address
    assert type(strip.term) is int


async def test_a_step_down_is_seen(replica_set: list[MongodProcess]) -> None:
    former = f"127.0.0.1:{replica_set[0].port}"
    async with opened(f"mongodb://{former}/") as system:
        await good(by_name(system)["mongodb.server"])
        assert primary_of(await servers_of(system)) == former
        await asyncio.to_thread(command, replica_set[0], {"replSetStepDown": 60, "force": True})

        async def another() -> bool:
            return primary_of(await servers_of(system)) not in ("", former)

        await wait_until_async(another)
    await asyncio.to_thread(command, replica_set[0], {"replSetFreeze": 0})


def primary_of(servers: dict[str, MongoServer]) -> str:
    return next((name for name, server in servers.items() if server.role == "PRIMARY"), "")


def command(process: MongodProcess, document: dict[str, Any]) -> None:
    with process.client() as client:
        client.admin.command(document)


def reconfigure(primary: MongodProcess, change: Any) -> None:
    """Give the set another configuration."""
    with primary.client() as client:
        configuration = client.admin.command("replSetGetConfig")["config"]
        change(configuration["members"])
        configuration["version"] += 1
        client.admin.command({"replSetReconfig": configuration, "maxTimeMS": 60_000})


async def test_a_removed_member_goes_and_a_new_one_comes(replica_set: list[MongodProcess]) -> None:
    primary, removed, _ = replica_set
    name = f"127.0.0.1:{removed.port}"
    taken: list[dict[str, Any]] = []

    def remove(members: list[dict[str, Any]]) -> None:
        (gone,) = [member for member in members if member["host"] == name]
        members.remove(gone)
        taken.append(gone)

    async with opened(f"mongodb://127.0.0.1:{primary.port}/") as system:
        server = by_name(system)["mongodb.server"]
        await good(server)
        await servers_of(system)
        leaver = system.member_named(name)
        assert leaver is not None
        own = [source for source in system.sources() if source.target == leaver.target]
        await asyncio.to_thread(reconfigure, primary, remove)

        async def goes(gone: bool) -> bool:
            await good(server)
            return (name not in reached(system)) is gone

        await wait_until_async(lambda: goes(True))
        assert not set(own) & set(system.sources())
        for source in own:
            await source.close()
        assert leaver.closed
        assert (await own[0].poll()).failure is not None
        await asyncio.to_thread(reconfigure, primary, lambda members: members.append(taken[0]))
        await wait_until_async(lambda: goes(False))


async def test_a_hidden_member_that_the_uri_names_stays(replica_set: list[MongodProcess]) -> None:
    """The set tells its clients of no hidden member."""
    hidden = f"127.0.0.1:{replica_set[2].port}"

    def hide(members: list[dict[str, Any]], *, hides: bool = True) -> None:
        (member,) = [member for member in members if member["host"] == hidden]
        member.update(hidden=hides, priority=0 if hides else 1)

    await asyncio.to_thread(reconfigure, replica_set[0], hide)
    try:
        uri = f"mongodb://{','.join(sorted(addresses(replica_set)))}/?replicaSet=rs0"
        async with opened(uri) as system:
            for _ in range(2):
                assert set(await servers_of(system)) == addresses(replica_set)
            assert system.member_named(hidden) in system.members()
    finally:
        await asyncio.to_thread(reconfigure, replica_set[0], partial(hide, hides=False))


async def test_a_member_that_says_it_is_unlisted_stays(replica_set: list[MongodProcess]) -> None:
    """One that was listed when it was found, and is not in the primary's list any more."""
    primary, unlisted = (f"127.0.0.1:{replica_set[number].port}" for number in (0, 2))
    async with opened(f"mongodb://{primary}/") as system:
        await good(by_name(system)["mongodb.server"])
        first, other = system.member_named(primary), system.member_named(unlisted)
        assert first is not None
        assert other is not None
        shorter = {"setName": "rs0", "hosts": [primary], "me": primary, "isWritablePrimary": True}
        for said, stays in (({"arbiterOnly": True}, True), ({"hidden": True}, True), ({}, False)):
            system.learn(other, {"setName": "rs0", "hosts": [primary], "me": unlisted, **said})
            system.learn(first, shorter)
            assert (unlisted in reached(system)) is stays


async def test_closing_leaves_no_task_and_no_socket(replica_set: list[MongodProcess]) -> None:
    """A socket or a client that is forgotten warns when it is collected; warnings are errors here."""
    before = asyncio.all_tasks()
    async with opened(f"mongodb://127.0.0.1:{replica_set[0].port}/") as system:
        await good(by_name(system)["mongodb.server"])
        await servers_of(system)
        assert asyncio.all_tasks() - before
    gc.collect()
    await wait_until_async(lambda: asyncio.all_tasks() == before)


async def test_a_standalone_has_no_members(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    async with sources(mongod.uri) as found:
        sample = await good(found["mongodb.members"])
        server = (await good(found["mongodb.server"])).payload
        assert found["mongodb.members"].capabilities == ()
    assert sample.payload is None
    assert sample.notes == ("This server is not a member of a replica set.",)
    assert isinstance(server, MongoServer)
    assert (server.role, server.set_name) == ("STANDALONE", None)


async def test_a_server_without_the_newer_name_of_hello(private_servers: PrivateServers) -> None:
    """As before 4.4.2: the server itself refuses the command."""
    mongod = private_servers.start_mongod(replica_set="rs0", arguments=("--setParameter", "enableTestCommands=1"))
    refusing = {"failCommands": ["hello"], "errorCode": 59, "appName": "perftui"}
    command(mongod, {"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": refusing})
    async with sources(mongod.direct_uri) as found:
        server = (await good(found["mongodb.server"])).payload
        strip = (await good(found["mongodb.members"])).payload
    assert isinstance(server, MongoServer)
    assert server.role == "PRIMARY"
    assert isinstance(strip, ReplicaSet)


async def test_what_a_mongos_does_not_have_is_said(mongod: MongodProcess) -> None:
    """No mongos is at hand: a mongod's own sources, told that they read one."""
    async with opened(mongod.direct_uri) as system:
        (member,) = system.members()
        await member.look()
        member.hello = {"msg": "isdbgrid", "isWritablePrimary": True}
        found = by_name(system)
        notes = {name: " ".join((await found[name].poll()).notes) for name in found if name != "mongodb.server"}
    assert "these are the operations of this mongos" in notes["mongodb.operations"].lower()
    assert notes["mongodb.slow_queries"].startswith(
        "A mongos has no profiler, so slow queries are read from the server's log"
    )
    assert "A mongos has no members" in notes["mongodb.members"]
