"""Incidents that are really caused on real servers get their verdict, and nothing is wrong before them."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress

import pytest
import redis
from helpers.drills import Client, Shop, shop, traffic
from helpers.watching import Watching, healthy_for, named, watching
from msgspec.structs import replace
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from perftui.diagnosis.diagnosis import Diagnosis
from perftui.model.settings import Settings, Thresholds
from perftui.model.snapshot import Snapshot

pytestmark = pytest.mark.long
USUAL_S = 10.0
"""How long it is seen healthy before the incident, after the first looks: what is usual needs a past."""
_WAIT_S = 90.0
"""Ten seconds are the aim; the tests' machine has other work."""


@pytest.fixture
def here() -> Iterator[Shop]:
    with shop() as found:
        yield found


@asynccontextmanager
async def watched(here: Shop) -> AsyncIterator[Watching]:
    """Both servers, seen healthy for long enough."""
    async with watching(*here.uris, settings=Settings(interval_s=1.0), machine=False) as found:
        await healthy_for(found, USUAL_S)
        yield found


async def test_a_missing_index(here: Shop) -> None:
    async with watched(here) as found:
        with traffic(here.scan, 12, threads=3):
            problem = await named(found, "missing-index", "COLLSCAN", wait_s=_WAIT_S)
    assert problem.subject == "shop.items"
    assert problem.since_known
    assert (problem.evidence.page, problem.action) == ("Queries", "create")


async def test_a_dropped_index(here: Shop) -> None:
    async with watched(here) as found:
        await asyncio.to_thread(here.items.drop_index, "number_1")
        problem = await named(found, "index-dropped", wait_s=_WAIT_S)
    assert problem.subject == "shop.items"


async def test_an_idle_transaction_that_others_wait_for(here: Shop) -> None:
    async with watched(here) as found:
        client: Client
        with MongoClient(here.mongod.uri, appname="importer") as client, client.start_session() as session:
            session.start_transaction()
            client["shop"]["items"].update_one({"number": 7}, {"$set": {"held": 1}}, session=session)
            with traffic(lambda: here.items.update_one({"number": 7}, {"$inc": {"sold": 1}}), 5, threads=3):
                problem = await named(found, "idle-transaction", "importer", wait_s=_WAIT_S)
                session.abort_transaction()
    assert problem.severity == "critical"
    assert problem.command is not None
    assert "killSessions" in problem.command


async def test_a_storm_of_connections_from_one_client(here: Shop) -> None:
    async with watched(here) as found:
        with ExitStack() as stack:
            await asyncio.to_thread(open_many, stack, here.mongod.uri)
            problem = await named(found, "connection-storm", "worker", wait_s=_WAIT_S)
    assert problem.figures["connections"] > 3 * problem.figures["usual connections"]


def open_many(stack: ExitStack, uri: str) -> None:
    for _ in range(120):
        client: Client = stack.enter_context(MongoClient(uri, appname="worker"))
        client.admin.command("ping")


async def test_operations_that_pile_up(here: Shop) -> None:
    def sleep() -> None:
        client: Client
        with MongoClient(here.mongod.uri, appname="report") as client, suppress(PyMongoError):
            client["shop"]["items"].find_one({"$where": "sleep(200) || false"}, max_time_ms=20_000)

    async with watched(here) as found:
        threads = [threading.Thread(target=sleep, daemon=True) for _ in range(40)]
        for thread in threads:
            thread.start()
        await named(found, "piled-up-operations", "shop.items", "report", wait_s=_WAIT_S)
        await asyncio.to_thread(end_all, here)
        for thread in threads:
            await asyncio.to_thread(thread.join, 30)


def end_all(here: Shop) -> None:
    for one in here.client.admin.aggregate([{"$currentOp": {}}, {"$match": {"appName": "report", "active": True}}]):
        here.client.admin.command({"killOp": 1, "op": one["opid"]})


async def test_a_command_that_blocks_redis(here: Shop) -> None:
    script = "local t = redis.call('TIME')[1] + 2; while tonumber(redis.call('TIME')[1]) < t do end"
    async with watched(here) as found:
        with redis.Redis(port=here.cache.port, socket_timeout=60) as patient:
            await asyncio.to_thread(patient.eval, script, 0)
        # While it ran, nobody could say which command it is.
        await named(found, "redis-blocked", "EVAL", "127.0.0.1", wait_s=_WAIT_S)


async def test_a_flushed_cache(here: Shop) -> None:
    async with watched(here) as found:
        await asyncio.to_thread(here.redis.flushall)
        problem = await named(found, "cache-flushed", "FLUSHALL", wait_s=_WAIT_S)
    assert problem.since_known


async def test_a_cache_that_evicts(here: Shop) -> None:
    count = iter(range(10**9))

    def fill() -> None:
        here.redis.mset({f"junk:{next(count)}": "z" * 2000 for _ in range(40)})

    async with watched(here) as found:
        with traffic(fill, 60, threads=2):
            await named(found, "cache-evicting", "allkeys-lru", wait_s=_WAIT_S)


async def test_tickets_that_are_all_taken(here: Shop) -> None:
    async with watched(here) as found:
        settings = {"setParameter": 1, "wiredTigerConcurrentReadTransactions": 5}
        await asyncio.to_thread(here.client.admin.command, settings)
        hold = {"$where": "sleep(100) || false"}

        def long() -> None:
            with suppress(PyMongoError):
                here.items.find_one(hold, max_time_ms=15_000)

        def held(snapshot: Snapshot) -> bool:
            verdict = snapshot.verdict
            problems = (verdict.problem, *verdict.effects, *verdict.others) if verdict is not None else ()
            return any(one is not None and one.code == "tickets-exhausted" for one in problems)

        with traffic(long, 100, threads=12):
            await found.until(held, _WAIT_S)


@contextmanager
def spinning(number: int) -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


async def test_a_cpu_that_something_beside_saturates() -> None:
    """The tests' machine may be busy with other tests, which are beside the databases too."""
    import os

    with spinning(2 * (os.cpu_count() or 1)):
        async with watching(settings=Settings(interval_s=1.0)) as found:
            problem = await named(found, "cpu-beside", wait_s=_WAIT_S)
    assert "CPU" in problem.what
    assert problem.evidence.page == "Host"


async def test_a_target_that_goes_away(here: Shop) -> None:
    async with watched(here) as found:
        here.cache.stop()
        problem = await named(found, "unreachable", wait_s=_WAIT_S)
    assert problem.target_id.endswith(str(here.cache.port))


async def test_bursts_of_normal_work_are_no_problem(here: Shop) -> None:
    """Really seen for a while, then again and again in fast time: an hour of such bursts."""
    seen: list[Snapshot] = []
    patient = watching(*here.uris, settings=Settings(interval_s=1.0), machine=False, timeout_s=10.0)
    async with patient as found:

        def note(snapshot: Snapshot) -> bool:
            if not seen or seen[-1] is not snapshot:
                seen.append(snapshot)
            return len(seen) >= 60

        busy = asyncio.create_task(found.until(note, 120))
        while not busy.done():
            await asyncio.sleep(6)
            with traffic(here.find, 150, threads=4), traffic(here.look_up, 400, threads=2):
                await asyncio.sleep(5)
        await busy
    statuses = {one.verdict.status for one in seen if one.verdict is not None}
    assert statuses <= {"looking", "healthy"}, [one.verdict.message for one in seen if one.verdict]
    steady = [one for one in seen if all(of.mongodb is not None or of.redis is not None for of in one.targets)]
    assert set(in_fast_time(steady, times=3600 // len(steady))) <= {"looking", "healthy"}


def later(snapshot: Snapshot, seconds: float) -> Snapshot:
    """The same at another time; its servers have run for so much longer."""
    return replace(
        snapshot,
        taken_at=snapshot.taken_at + seconds,
        targets=tuple(
            replace(
                one,
                mongodb=None
                if one.mongodb is None
                else replace(one.mongodb, uptime_s=(one.mongodb.uptime_s or 0.0) + seconds),
                redis=None
                if one.redis is None
                else replace(one.redis, uptime_s=(one.redis.uptime_s or 0) + int(seconds)),
            )
            for one in snapshot.targets
        ),
    )


def in_fast_time(seen: list[Snapshot], times: int) -> Iterator[str]:
    """The verdicts of the same minute, so many times one after the other."""
    diagnosis = Diagnosis(Thresholds())
    lasted = seen[-1].taken_at - seen[0].taken_at + 1.0
    for turn in range(times):
        for snapshot in seen:
            verdict = diagnosis.take(later(snapshot, turn * lasted))
            yield verdict.message if verdict.problem else verdict.status
