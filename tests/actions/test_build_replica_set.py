"""Builds on a replica set of three: a member down, an election in the middle, a killed primary."""

import asyncio
from typing import Any

import pytest
from helpers.acting import (
    TEST_COMMANDS,
    carry_out,
    check_and_carry_out,
    commands_run,
    fail_point,
    indexes,
    spec,
    wait_for_build,
)
from helpers.waiting import wait_until, wait_until_async
from pymongo import MongoClient
from pymongo.collection import Collection

from perftui.actions.base import ActionProgress
from perftui.actions.create_index import CreateIndexes
from perftui.actions.hide_index import HideIndex
from perftui.actions.journal import default_journal
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

NS = "shop.orders"
HANG = "hangAfterStartingIndexBuild"
Members = list[MongodProcess]


@pytest.fixture
def members(private_servers: PrivateServers) -> Members:
    started = private_servers.start_replica_set("rs0", arguments=TEST_COMMANDS)
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri(started)) as client:
        orders: Collection[dict[str, Any]] = client.shop.orders
        orders.insert_many([{"a": number} for number in range(2_000)])
        orders.create_index([("b", 1)])
        wait_until(lambda: all("b_1" in of_member(member) for member in started))
    return started


def uri(members: Members) -> str:
    return f"mongodb://{','.join(f'127.0.0.1:{member.port}' for member in members)}/?replicaSet=rs0"


def of_member(member: MongodProcess) -> set[str]:
    with member.client() as client:
        return set(indexes(client, NS))


def create(address: str, told: list[ActionProgress] | None = None, **options: Any) -> CreateIndexes:
    connection = connect_to(address)
    action = CreateIndexes(connection, connection.target, [spec(NS, {"a": 1})], watch_s=0, **options)
    if told is not None:
        action.report_to(told.append)
    return action


def wait_for_death(members: Members, dead: MongodProcess) -> None:
    with members[0].client() as client:

        def is_down() -> bool:
            status = client.admin.command("replSetGetStatus")["members"]
            return any(one["name"].endswith(str(dead.port)) and one["health"] == 0 for one in status)

        wait_until(is_down)


async def test_it_goes_to_the_primary_and_is_seen_on_every_member(members: Members) -> None:
    """Through a secondary's own address, as the set would name it."""
    action = create(f"mongodb://127.0.0.1:{members[1].port}/")
    assert await action.check() == ()
    shown = action.describe()
    assert (shown.host, shown.role) == (f"127.0.0.1:{members[0].port}", "PRIMARY")
    outcome = await carry_out(action)
    assert (outcome.state, outcome.message) == ("done", f"a_1 on {NS} is ready on 3 of 3 members.")
    assert all("a_1" in of_member(member) for member in members)


async def test_a_secondary_alone_is_refused_with_the_primary_s_name(members: Members) -> None:
    connection = connect_to(members[1].direct_uri)
    for action in (create(members[1].direct_uri), HideIndex(connection, connection.target, NS, "b_1")):
        outcome = await check_and_carry_out(action)
        assert outcome.state == "refused"
        assert f"the primary is 127.0.0.1:{members[0].port}" in outcome.message


async def test_a_voter_down_blocks_unless_a_quorum_is_chosen(members: Members) -> None:
    members[2].kill()
    wait_for_death(members, members[2])
    action = create(uri(members))
    (problem, *_) = await action.check()
    assert problem.blocking
    assert f"127.0.0.1:{members[2].port} has a vote" in problem.message
    assert "would wait for it for ever" in problem.message
    assert action.describe().choices == ("votingMembers", "majority", "1")
    with members[0].client() as client:
        before = commands_run(client, "createIndexes")
        assert (await carry_out(action)).state == "refused"
        assert commands_run(client, "createIndexes") == before
    chosen = action.choose("majority")
    assert not any(one.blocking for one in await chosen.check())
    assert chosen.describe().command.endswith('commitQuorum: "majority"})')
    outcome = await carry_out(chosen)
    assert outcome.state == "done"
    assert "is ready on 2 of 3 members" in outcome.message


async def test_waiting_for_the_quorum_is_told_and_can_be_ended(members: Members) -> None:
    members[2].kill()
    wait_for_death(members, members[2])
    told: list[ActionProgress] = []
    action = create(uri(members), told, commit_quorum="votingMembers")
    task = asyncio.create_task(carry_out(action))
    await wait_until_async(lambda: any(one.waits_for_quorum for one in told))
    abort = action.abort_action()
    assert abort is not None
    assert (await check_and_carry_out(abort)).state == "done"
    outcome = await task
    assert outcome.state == "failed"
    assert "The build was aborted" in outcome.message
    assert of_member(members[0]) == {"_id_", "b_1"}


async def test_a_step_down_in_the_middle_is_followed_to_the_new_primary(members: Members) -> None:
    told: list[ActionProgress] = []
    action = create(uri(members), told, reconnect_s=60.0)
    with fail_point(members[1], HANG), fail_point(members[2], HANG):
        task = asyncio.create_task(carry_out(action))
        await asyncio.to_thread(wait_for_build, members[0], NS, "a_1")
        with members[0].client() as client:
            client.admin.command({"replSetStepDown": 120, "secondaryCatchUpPeriodSecs": 60})
        await wait_until_async(lambda: any(one.phase == "reconnecting" for one in told))
    outcome = await task
    assert outcome.state == "done", outcome
    assert "connection was lost meanwhile" in outcome.message
    assert all("a_1" in of_member(member) for member in members)
    (record,) = default_journal().read()
    assert record.undo is not None
    assert [kept.name for kept in record.undo.indexes] == ["a_1"]


@pytest.mark.long
async def test_a_killed_primary_is_followed_by_the_next(members: Members) -> None:
    told: list[ActionProgress] = []
    action = create(uri(members), told, commit_quorum="majority", reconnect_s=60.0)
    with fail_point(members[0], HANG):
        task = asyncio.create_task(carry_out(action))
        await asyncio.to_thread(wait_for_build, members[1], NS, "a_1")
        members[0].kill()
    outcome = await task
    assert outcome.state == "done", outcome
    assert "is ready on 2 of 3 members" in outcome.message


@pytest.mark.long
async def test_without_a_majority_there_is_no_primary_to_ask(members: Members) -> None:
    for member in members[1:]:
        member.kill()
    wait_until(lambda: not members[0].is_primary())
    outcome = await check_and_carry_out(create(uri(members)))
    assert outcome.state == "refused"
    assert "knows of no primary" in outcome.message
