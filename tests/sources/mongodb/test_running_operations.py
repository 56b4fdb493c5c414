"""Operations of a real server: what is hidden, what is cut, what the noise switch shows, an index build's progress."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest
from helpers.mongodb import Client, good, sources
from helpers.waiting import wait_until, wait_until_async
from helpers.watching import of_kind, watching
from pymongo.errors import PyMongoError

from perftui.model.operation import OperationList, Progress
from perftui.model.snapshot import Snapshot
from perftui.monitor.recording import Recorder
from perftui.monitor.tee import RecordedFeed
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.base import Source
from perftui.sources.mongodb.operations import LIMIT, pipeline

PARKED = 600
# A find that stands still holds a ticket.
PARAMETERS = (
    "--setParameter", "enableTestCommands=1", "--setParameter", "wiredTigerConcurrentReadTransactions=2000",
)  # fmt: skip


@pytest.fixture(scope="module")
def testing() -> Iterator[MongodProcess]:
    """A mongod with the server's own failpoints."""
    with PrivateServers() as servers:
        yield servers.start_mongod(replica_set="rs0", arguments=PARAMETERS)


@contextmanager
def standing_still(
    client: Client, failpoint: str, data: dict[str, Any], call: Callable[[], Any], count: int = 1
) -> Iterator[None]:
    """So many threads make the call, which stops at the server's failpoint until the end."""

    def run() -> None:
        with suppress(PyMongoError):
            call()

    client.admin.command({"configureFailPoint": failpoint, "mode": "alwaysOn", "data": data})
    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        client.admin.command({"configureFailPoint": failpoint, "mode": "off"})
        for thread in threads:
            thread.join(60)


def counted(client: Client, **match: Any) -> int:
    found = list(client.admin.aggregate([{"$currentOp": {}}, {"$match": match}, {"$count": "n"}]))
    return int(found[0]["n"]) if found else 0


async def listed(source: Source) -> OperationList:
    payload = (await good(source)).payload
    assert isinstance(payload, OperationList)
    return payload


async def test_what_is_beyond_the_limit_is_counted(testing: MongodProcess) -> None:
    point = "waitInFindBeforeMakingBatch", {"nss": "shop.parked", "shouldCheckForInterrupt": True}
    with testing.client(maxPoolSize=PARKED + 10) as client:
        client.shop.parked.insert_one({})
        with standing_still(client, *point, client.shop.parked.find_one, PARKED):
            wait_until(lambda: counted(client, ns="shop.parked", op="query") == PARKED, 120)
            async with sources(testing.direct_uri) as found:
                source = found["mongodb.operations"]
                quiet = await listed(source)
                assert source.set_show_noise(True)
                noisy = await listed(source)
    assert len(quiet.operations) == len(noisy.operations) == LIMIT
    assert quiet.cut == PARKED - LIMIT
    assert quiet.hidden > 0
    assert noisy.hidden == 0
    assert noisy.cut > quiet.cut
    times = [each.running_s or 0 for each in quiet.operations]
    assert times == sorted(times, reverse=True)
    assert {each.noise for each in quiet.operations} == {None}


async def test_the_progress_of_an_index_build(testing: MongodProcess) -> None:
    """The build stands still when it has read the whole collection."""
    with testing.client() as client:
        collection = client.shop.built
        collection.insert_many([{"number": number} for number in range(1000)])
        async with sources(testing.direct_uri) as found:
            source = found["mongodb.operations"]

            async def building() -> Any:
                running = (await listed(source)).operations
                return next(
                    (each for each in running if each.progress and each.progress.done == each.progress.total), None
                )

            with standing_still(client, "hangAfterStartingIndexBuild", {}, lambda: collection.create_index("number")):
                build = await wait_until_async(building)
    assert (build.ns, build.progress) == ("shop.built", Progress(done=1000, total=1000))
    assert "scanning collection" in build.message
    assert not build.killable
    assert build.noise is None


async def test_the_switch_shows_idle_internal_and_parked_operations(mongod: MongodProcess) -> None:
    with mongod.client() as client:
        client.admin.command("ping")
        async with sources(mongod.direct_uri) as found:
            source = found["mongodb.operations"]
            quiet = await listed(source)
            assert source.set_show_noise(True)
            assert not source.set_show_noise(True)
            noisy = await listed(source)
            assert source.set_show_noise(False)
            again = await listed(source)
    assert {each.noise for each in quiet.operations} <= {None}
    assert {"idle", "internal"} <= {each.noise for each in noisy.operations}
    assert all(each.app_name != "perftui" for each in noisy.operations)
    assert {each.noise for each in again.operations} <= {None}


async def test_the_monitor_hands_the_switch_to_its_sources(mongod: MongodProcess, tmp_path: Any) -> None:
    def noises(snapshot: Snapshot) -> set[str | None]:
        (state,) = of_kind(snapshot, "mongodb")
        return set() if state.operations is None else {each.noise for each in state.operations.operations}

    async with watching(mongod.direct_uri) as watch:
        await watch.until(lambda snapshot: any(state.operations for state in of_kind(snapshot, "mongodb")))
        with closing(Recorder(tmp_path / "recorded")) as recorder:
            feed = RecordedFeed(watch.monitor, recorder)
            feed.set_show_noise(True)
            await watch.until(lambda snapshot: "internal" in noises(snapshot))
            feed.set_show_noise(False)
            await watch.until(lambda snapshot: noises(snapshot) <= {None})


async def test_a_source_that_comes_later_is_told_too(mongod: MongodProcess) -> None:
    async with watching(mongod.direct_uri) as watch:
        watch.monitor.set_show_noise(True)
        await watch.until(
            lambda snapshot: any(
                each.noise == "internal"
                for state in of_kind(snapshot, "mongodb")
                if state.operations is not None
                for each in state.operations.operations
            )
        )


@pytest.mark.parametrize("mongos", [True, False])
def test_a_mongos_is_asked_for_its_own_operations_only(mongos: bool) -> None:
    """The shards' members are targets of their own, and asking for all of them takes more rights."""
    options = pipeline(all_users=True, show_noise=False, mongos=mongos)[0]["$currentOp"]
    assert options.get("localOps", False) is mongos
