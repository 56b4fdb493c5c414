"""A build that takes its time: its progress, its end by others, and what leaving means. One private server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from helpers.acting import TEST_COMMANDS, carry_out, fail_point, indexes, spec, wait_for_build
from helpers.waiting import wait_until_async

from perftui.actions.abort_build import AbortBuild
from perftui.actions.base import ActionProgress, Outcome
from perftui.actions.create_index import CreateIndexes
from perftui.actions.journal import default_journal
from perftui.actions.pending import unfinished_builds
from perftui.actions.settle import settle_builds
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

NS = "shop.orders"
HANG = "hangAfterStartingIndexBuild"


@pytest.fixture
def server(private_servers: PrivateServers) -> MongodProcess:
    started = private_servers.start_mongod(replica_set="rs0", arguments=TEST_COMMANDS)
    with started.client() as client:
        client.shop.orders.insert_many([{"a": number, "b": number} for number in range(2_000)])
    return started


class Build:
    """Our own createIndexes under way, held by a fail point."""

    def __init__(self, server: MongodProcess, **options: Any) -> None:
        connection = connect_to(server.uri)
        specs = [spec(NS, {"a": 1}), spec(NS, {"b": 1})]
        self.action = CreateIndexes(connection, connection.target, specs, watch_s=0, **options)
        self.told: list[ActionProgress] = []
        self.action.report_to(self.told.append)
        self.task: asyncio.Task[Outcome] = asyncio.create_task(carry_out(self.action))

    async def reaches(self, phase: str, done: int | None = None) -> ActionProgress:
        """Where `done` is given, once it has come so far: the first look may see the half of a scan."""

        def reached() -> ActionProgress | None:
            return next((one for one in self.told if one.phase == phase and done in (None, one.done)), None)

        return await wait_until_async(reached)


@asynccontextmanager
async def building(server: MongodProcess, **options: Any) -> AsyncIterator[Build]:
    build = Build(server, **options)
    await asyncio.to_thread(wait_for_build, server, NS, "a_1")
    yield build


async def test_progress_is_told_with_figures(server: MongodProcess) -> None:
    with fail_point(server, HANG):
        async with building(server) as build:
            progress = await build.reaches("scanning", done=2_000)
            assert (progress.done, progress.total) == (2_000, 2_000)
            assert progress.message.startswith("a_1, b_1 on shop.orders: scanning")
    outcome = await build.task
    assert outcome.state == "done"
    with server.client() as client:
        assert set(indexes(client, NS)) == {"_id_", "a_1", "b_1"}


async def test_abort_ends_it_whole_and_both_sides_are_told(server: MongodProcess) -> None:
    connection = connect_to(server.uri)
    with fail_point(server, HANG):
        async with building(server) as build:
            alone = AbortBuild(connection, connection.target, NS, "a_1")
            assert await alone.check() == ()
            shown = alone.describe()
            assert '{dropIndexes: "orders", index: ["a_1", "b_1"], ' in shown.command
            own = build.action.abort_action()
            assert own is not None
            assert own.names == ("a_1", "b_1")
            aborting = asyncio.create_task(carry_out(alone))
            with server.client() as client:
                wanted = {"command.dropIndexes": "orders"}
                await wait_until_async(
                    lambda: aborting.done() or list(client.admin.aggregate([{"$currentOp": {}}, {"$match": wanted}]))
                )
    assert (await aborting).state == "done"
    outcome = await build.task
    assert outcome.state == "failed"
    assert "The build was aborted" in outcome.message
    with server.client() as client:
        assert set(indexes(client, NS)) == {"_id_"}
    assert build.action.undo_data().kind is None


async def test_a_ready_index_is_not_aborted(server: MongodProcess) -> None:
    connection = connect_to(server.uri)
    with server.client() as client:
        client.shop.orders.create_index([("a", 1)])
        outcome = await carry_out(AbortBuild(connection, connection.target, NS, "a_1"))
        assert outcome.state == "refused"
        assert "a_1 is ready" in outcome.message
        assert "a_1" in indexes(client, NS)


async def test_a_second_build_of_the_same_is_refused(server: MongodProcess) -> None:
    connection = connect_to(server.uri)
    with fail_point(server, HANG):
        async with building(server) as build:
            again = CreateIndexes(connection, connection.target, [spec(NS, {"a": 1})], watch_s=0)
            problem = (await again.check())[0]
            assert (problem.blocking, "being built already" in problem.message) == (True, True)
            other = CreateIndexes(connection, connection.target, [spec(NS, {"c": 1})], watch_s=0)

            async def told() -> bool:
                """The server names a build's indexes in its operation, which a single look may miss."""
                return any("builds a_1, b_1 on shop.orders now" in one.message for one in await other.check())

            await wait_until_async(told)
    assert (await build.task).state == "done"


async def test_leaving_says_that_it_goes_on_and_the_next_look_sees_the_end(server: MongodProcess) -> None:
    with fail_point(server, HANG):
        async with building(server) as build:
            build.task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await build.task
            (record,) = default_journal().read()
            assert record.outcome is not None
            assert record.outcome.state == "unverified"
            assert "goes on at the server" in (record.outcome.message or "")
            assert 'dropIndexes: "orders", index: ["a_1", "b_1"]' in (record.outcome.message or "")
            assert unfinished_builds(default_journal()) == (record,)
            ((_, still),) = await settle_builds(default_journal(), [connect_to(server.uri)])
            assert "still goes on" in still.message
    with server.client() as client:
        await wait_until_async(lambda: {"a_1", "b_1"} <= set(indexes(client, NS)))
    ((_, seen),) = await settle_builds(default_journal(), [connect_to(server.uri)])
    assert seen.state == "done"
    (record,) = default_journal().read()
    assert record.outcome is not None
    assert (record.outcome.state, unfinished_builds(default_journal())) == ("done", ())


async def test_a_killed_server_is_looked_for_and_its_build_seen_again(server: MongodProcess) -> None:
    """kill -9 of mongod during a build; the member builds it anew when it is back."""
    with fail_point(server, HANG):
        async with building(server, reconnect_s=60.0) as build:
            await build.reaches("scanning")
            server.kill()
            await build.reaches("reconnecting")
            await asyncio.to_thread(server.restart)
    outcome = await build.task
    assert outcome.state == "done", outcome
    assert "connection was lost meanwhile" in outcome.message
    with server.client() as client:
        assert {"a_1", "b_1"} <= set(indexes(client, NS))


@pytest.mark.long
async def test_a_server_that_stays_away_leaves_it_unverified(server: MongodProcess) -> None:
    with fail_point(server, HANG):
        async with building(server, reconnect_s=0.5) as build:
            server.kill()
            outcome = await build.task
    assert outcome.state == "unverified"
    assert "goes on at the server" in outcome.message
    assert "To abort it: db.getSiblingDB" in outcome.message
    (record,) = unfinished_builds(default_journal())
    assert await settle_builds(default_journal(), [connect_to(server.uri)]) == ()
    assert unfinished_builds(default_journal()) == (record,)


async def test_a_build_that_did_not_outlive_a_crash_is_told(private_servers: PrivateServers) -> None:
    """One that is in no set forgets its unfinished builds."""
    alone = private_servers.start_mongod(arguments=TEST_COMMANDS)
    with alone.client() as client:
        client.shop.orders.insert_many([{"a": number} for number in range(2_000)])
    with fail_point(alone, HANG):
        async with building(alone, reconnect_s=60.0) as build:
            alone.kill()
            await build.reaches("reconnecting")
            await asyncio.to_thread(alone.restart)
    outcome = await build.task
    assert outcome.state == "failed"
    assert "it is not there" in outcome.message
