"""The live loop on a real Redis that dies, hangs and comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from perftui import targets
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.monitor.live import Monitor
from perftui.monitor.once import take_snapshot
from perftui.servers import PrivateServers, RedisProcess

INTERVAL_S = 0.25


class Watching:
    """A monitor that runs, and what it showed last."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.shown: list[Snapshot] = []
        self._news = asyncio.Event()

    def show(self, snapshot: Snapshot) -> None:
        self.shown.append(snapshot)
        self._news.set()

    async def until(self, holds: Callable[[Snapshot], bool]) -> Snapshot:
        async with asyncio.timeout(60):
            while not (self.shown and holds(self.shown[-1])):
                self._news.clear()
                await self._news.wait()
        return self.shown[-1]


@asynccontextmanager
async def watching(server: RedisProcess) -> AsyncIterator[Watching]:
    connections = (targets.connect_to(server.uri, timeout_s=3.0), targets.this_machine())
    watched = Watching(Monitor(Settings(connections=connections, interval_s=INTERVAL_S)))
    running = asyncio.create_task(watched.monitor.run(watched.show))
    try:
        yield watched
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def redis(snapshot: Snapshot) -> TargetState:
    return next(state for state in snapshot.targets if state.target.kind == "redis")


def host(snapshot: Snapshot) -> SourceState:
    (source,) = next(state for state in snapshot.targets if state.target.kind == "host").sources
    return source


def is_read(snapshot: Snapshot) -> bool:
    state = redis(snapshot)
    return state.redis is not None and bool(state.sources) and all(one.failure is None for one in state.sources)


def is_lost(snapshot: Snapshot) -> bool:
    return any(one.failure is not None for one in redis(snapshot).sources)


async def test_a_killed_server_is_told_and_read_again_after_its_return(private_servers: PrivateServers) -> None:
    server = private_servers.start_redis()
    async with watching(server) as watched:
        before = await watched.until(is_read)
        server.kill()
        lost = await watched.until(is_lost)
        assert redis(lost).redis is not None, "the last reading stays"
        await watched.until(lambda snapshot: redis(snapshot).sources[0].stale)
        await asyncio.to_thread(server.restart)
        back_from = watched.shown[-1].sequence
        back = await watched.until(lambda snapshot: snapshot.sequence > back_from and is_read(snapshot))
        assert redis(back).redis != redis(before).redis
        kinds = [event.kind for event in back.events]
        assert "source.lost" in kinds
        assert "source.back" in kinds
        assert all(state.failure is None for one in back.targets if one.target.kind == "host" for state in one.sources)


async def test_a_server_that_stands_still_is_waited_for_and_the_machine_read_on(
    private_servers: PrivateServers,
) -> None:
    server = private_servers.start_redis()
    async with watching(server) as watched:
        await watched.until(is_read)
        server.suspend()
        stood_at = watched.shown[-1].sequence
        await watched.until(lambda snapshot: any(one.waiting for one in redis(snapshot).sources))
        stale = await watched.until(lambda snapshot: any(one.stale for one in redis(snapshot).sources))
        await watched.until(lambda snapshot: snapshot.sequence >= stale.sequence + 4 and not host(snapshot).stale)
        server.resume()
        await watched.until(is_read)
        shots = [shot for shot in watched.shown if shot.sequence > stood_at]
        assert len({host(shot).read_at for shot in shots}) >= 4


async def test_one_snapshot_has_rates_and_leaves_nothing_open(redis_server: RedisProcess) -> None:
    connections = (targets.connect_to(redis_server.uri), targets.this_machine())
    snapshot = await take_snapshot(Settings(connections=connections), wait_s=30)
    state = redis(snapshot)
    assert state.redis is not None
    assert state.redis.commands_per_s is not None
    assert snapshot.targets[1].host is not None
    assert Snapshot.from_json(snapshot.to_json()) == snapshot


async def test_one_snapshot_of_nothing_says_so_soon() -> None:
    connections = (targets.connect_to("redis://127.0.0.1:1"), targets.this_machine())
    snapshot = await take_snapshot(Settings(connections=connections), wait_s=30)
    failure = redis(snapshot).sources[0].failure
    assert failure is not None
    assert failure.kind == "refused"
