"""Any source may die, hang, come back or answer garbage: the others go on, and the screen says what and since when."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from helpers.hostile import Proxy, Serve, answering, black_hole, half_open, served, streaming
from helpers.waiting import wait_until
from helpers.watching import INTERVAL_S, Watching, fails, failure_of, is_well, of_kind, source, watching

from perftui.model.snapshot import Snapshot
from perftui.servers import MongodProcess, PrivateServers

MONGODB = "mongodb.server"
REDIS = "redis.server"
APPLICATION = "application.metrics"
HOST = "host.machine"


async def both_well(watch: Watching) -> None:
    await watch.until(lambda snapshot: is_well(MONGODB)(snapshot) and is_well(REDIS)(snapshot))


async def others_go_on(watch: Watching, *names: str) -> None:
    """While one source is down, the others keep reading: each gives news over the next ticks."""
    assert watch.latest is not None
    before = {name: read_at(watch.latest, name) for name in (*names, HOST)}
    await watch.until(lambda snapshot: all(read_at(snapshot, name) > at for name, at in before.items()))


def read_at(snapshot: Snapshot, name: str) -> float:
    state = source(snapshot, name)
    return 0.0 if state is None or state.read_at is None else state.read_at


def says_since_when(snapshot: Snapshot, name: str) -> None:
    state = source(snapshot, name)
    assert state is not None
    assert state.failure is not None
    assert state.failure.message.endswith(".")
    assert state.failure.help
    assert state.failing_since is not None
    assert state.failing_since <= snapshot.taken_at


async def in_thread(call: Callable[[], None]) -> None:
    await asyncio.to_thread(call)


@pytest.fixture
def pair(private_servers: PrivateServers) -> tuple[MongodProcess, str]:
    return private_servers.start_mongod(replica_set="rs0"), private_servers.start_redis().uri


async def test_kill_and_restart_of_mongod(pair: tuple[MongodProcess, str]) -> None:
    mongod, redis_uri = pair
    async with watching(mongod.uri, redis_uri) as watch:
        await both_well(watch)
        await in_thread(mongod.kill)
        says_since_when(await watch.until(fails(MONGODB)), MONGODB)
        await others_go_on(watch, REDIS)
        await in_thread(mongod.restart)
        snapshot = await watch.until(is_well(MONGODB))
    kinds = [event.kind for event in snapshot.events]
    assert "source.lost" in kinds
    assert "source.back" in kinds


async def test_recovery_takes_at_most_two_intervals(pair: tuple[MongodProcess, str]) -> None:
    """Counted in ticks of the monitor, not in seconds: one attempt an interval, so the second must succeed."""
    mongod, redis_uri = pair
    async with watching(mongod.uri, redis_uri) as watch:
        await both_well(watch)
        await in_thread(mongod.kill)
        await watch.until(fails(MONGODB))
        await in_thread(mongod.restart)
        returned_at = watch.shown
        await watch.until(is_well(MONGODB))
        # A poll may be late, by five seconds' ticks: this bound only tells one attempt an interval from a back-off.
        assert watch.shown - returned_at < 2 + 5 / INTERVAL_S


async def test_a_suspended_mongod_hangs_nothing_else(pair: tuple[MongodProcess, str]) -> None:
    mongod, redis_uri = pair
    async with watching(mongod.uri, redis_uri) as watch:
        await both_well(watch)
        mongod.suspend()
        try:
            snapshot = await watch.until(fails(MONGODB))
            says_since_when(snapshot, MONGODB)
            await others_go_on(watch, REDIS)
        finally:
            mongod.resume()
        await watch.until(is_well(MONGODB))


async def test_a_suspended_redis_hangs_nothing_else(mongod: MongodProcess, private_servers: PrivateServers) -> None:
    redis = private_servers.start_redis()
    async with watching(mongod.uri, redis.uri) as watch:
        await both_well(watch)
        redis.suspend()
        try:
            says_since_when(await watch.until(fails(REDIS)), REDIS)
            await others_go_on(watch, MONGODB)
        finally:
            redis.resume()
        await watch.until(is_well(REDIS))


async def test_a_restart_is_an_event_and_no_rate(pair: tuple[MongodProcess, str]) -> None:
    mongod, redis_uri = pair
    async with watching(mongod.uri, redis_uri) as watch:
        await both_well(watch)
        await watch.ticks(3)
        await in_thread(mongod.restart)

        def restarted(snapshot: Snapshot) -> bool:
            return any(event.kind == "server.restarted" for event in snapshot.events)

        snapshot = await watch.until(restarted)
    rates = [state.mongodb.operations.command for state in of_kind(snapshot, "mongodb") if state.mongodb]
    assert all(rate is None or rate < 1e6 for rate in rates)


async def test_a_restart_with_another_password(private_servers: PrivateServers) -> None:
    redis = private_servers.start_redis(arguments=("--requirepass", "first-horse"))
    with_password = redis.uri.replace("redis://", "redis://:first-horse@") if "@" not in redis.uri else redis.uri
    async with watching(with_password) as watch:
        await watch.until(is_well(REDIS))
        await asyncio.to_thread(redis.restart, ("--requirepass", "second-horse"))
        failure = failure_of(await watch.until(fails(REDIS)), REDIS)
        while failure is None or failure.kind != "login":
            await watch.ticks(1)
            assert watch.latest is not None
            failure = failure_of(watch.latest, REDIS)
        await others_go_on(watch)
    assert "horse" not in repr(failure)


async def test_dropped_packets(mongod: MongodProcess) -> None:
    proxy = Proxy(mongod.port)
    async with served(proxy) as port, watching(f"mongodb://127.0.0.1:{port}/?directConnection=true") as watch:
        await watch.until(is_well(MONGODB))
        proxy.dropping = True
        snapshot = await watch.until(fails(MONGODB))
        says_since_when(snapshot, MONGODB)
        await others_go_on(watch)
        proxy.dropping = False
        await watch.until(is_well(MONGODB))


@pytest.mark.parametrize(("scheme", "name"), [("mongodb", MONGODB), ("redis", REDIS), ("http", APPLICATION)])
@pytest.mark.parametrize("serve", [black_hole, half_open])
async def test_a_server_that_never_answers(scheme: str, name: str, serve: Serve) -> None:
    async with served(serve) as port, watching(f"{scheme}://127.0.0.1:{port}") as watch:
        says_since_when(await watch.until(fails(name)), name)
        await others_go_on(watch)


async def test_answers_slower_than_the_timeout(mongod: MongodProcess) -> None:
    proxy = Proxy(mongod.port)
    async with served(proxy) as port, watching(f"mongodb://127.0.0.1:{port}/?directConnection=true") as watch:
        await watch.until(is_well(MONGODB))
        proxy.delay_s = 3.0
        failure = failure_of(await watch.until(fails(MONGODB)), MONGODB)
        assert failure is not None
        assert failure.kind in ("timeout", "unreachable")
        await others_go_on(watch)
        proxy.delay_s = 0.0
        await watch.until(is_well(MONGODB))


async def test_a_step_down_and_an_election(private_servers: PrivateServers) -> None:
    members = await asyncio.to_thread(private_servers.start_replica_set, "rs0", 3)
    seeds = ",".join(f"127.0.0.1:{member.port}" for member in members)
    async with watching(f"mongodb://{seeds}/?replicaSet=rs0") as watch:

        def primary(snapshot: Snapshot) -> str | None:
            roles = {state.target.id: state.mongodb.role for state in of_kind(snapshot, "mongodb") if state.mongodb}
            found = [target for target, role in roles.items() if role == "PRIMARY"]
            return found[0] if len(roles) == 3 and len(found) == 1 else None

        before = primary(await watch.until(lambda snapshot: primary(snapshot) is not None, 60))
        await asyncio.to_thread(step_down, members)
        snapshot = await watch.until(lambda shot: primary(shot) not in (None, before), 60)
    assert any(event.kind == "role.changed" for event in snapshot.events)


def step_down(members: list[MongodProcess]) -> None:
    primary = wait_until(lambda: next((member for member in members if member.is_primary()), None))
    with primary.client() as client:
        client.admin.command({"replSetStepDown": 30, "secondaryCatchUpPeriodSecs": 10, "force": True})


async def test_a_member_that_dies_leaves_the_others(private_servers: PrivateServers) -> None:
    members = await asyncio.to_thread(private_servers.start_replica_set, "rs0", 3)
    async with watching(f"mongodb://127.0.0.1:{members[0].port}/?replicaSet=rs0") as watch:
        await watch.until(lambda shot: len([state for state in of_kind(shot, "mongodb") if state.mongodb]) == 3, 60)
        dead = f":{members[2].port}"
        await in_thread(members[2].kill)

        def only_it_fails(snapshot: Snapshot) -> bool:
            failing = {
                state.target.id
                for state in of_kind(snapshot, "mongodb")
                for part in state.sources
                if part.source == MONGODB and part.failure is not None
            }
            return len(failing) == 1 and all(dead in target for target in failing)

        await watch.until(only_it_fails)


async def test_a_full_redis(private_servers: PrivateServers) -> None:
    redis = private_servers.start_redis(arguments=("--maxmemory", "3mb", "--maxmemory-policy", "noeviction"))
    async with watching(redis.uri) as watch:
        from redis.asyncio import Redis
        from redis.exceptions import OutOfMemoryError

        client = Redis.from_url(redis.uri)
        with pytest.raises(OutOfMemoryError):
            await fill(client)
        await client.aclose()
        snapshot = await watch.until(
            lambda shot: is_well(REDIS)(shot) and any(event.subject == "redis_memory_share" for event in shot.events)
        )
    assert any("memory" in event.message.lower() for event in snapshot.events)


async def fill(client: Any) -> None:
    for number in range(1000):
        await client.set(f"k{number}", b"x" * 10_000)


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        (streaming(None), "."),
        (streaming(100 * 2**20), "."),
        (answering(b"<!doctype html><html><body>Welcome</body></html>", "text/html"), "a web page"),
        (answering(b"\x00\xff\xfe garbage", "application/json"), "."),
        (answering(b"{}", "application/json"), "."),
    ],
    ids=["streams for ever", "100 MB", "HTML", "garbage", "another JSON"],
)
async def test_an_application_that_answers_something_else(serve: Serve, words: str) -> None:
    async with served(serve) as port, watching(f"http://127.0.0.1:{port}/metrics") as watch:
        snapshot = await watch.until(fails(APPLICATION))
        says_since_when(snapshot, APPLICATION)
        failure = failure_of(snapshot, APPLICATION)
        assert failure is not None
        assert words in failure.message
        await others_go_on(watch)


async def test_nothing_at_all_is_there() -> None:
    async with watching("mongodb://127.0.0.1:1", "redis://127.0.0.1:1", "http://127.0.0.1:1/metrics") as watch:
        # An attempt that a busy machine cuts short says so; the next one knows better.
        await watch.until(
            lambda shot: (
                all(kind_of_failure(shot, name) == "refused" for name in (MONGODB, REDIS, APPLICATION))
                and is_well(HOST)(shot)
            )
        )


def kind_of_failure(snapshot: Snapshot, name: str) -> str | None:
    failure = failure_of(snapshot, name)
    return None if failure is None else failure.kind
