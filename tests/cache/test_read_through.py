"""Read-through: one load for all who miss, stale values while one loads anew, and a store that is down."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers.waiting import wait_until, wait_until_async
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from perftui import AsyncReadThrough, CacheMonitor, MemoryStore, ReadThrough, RedisStore, Registry
from perftui.instrument import build_document
from perftui.servers import PrivateServers, RedisProcess

DB = 14
MANY = 1_000


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def redis(redis_server: RedisProcess) -> Iterator[Redis]:
    with Redis(port=redis_server.port, db=DB) as client:
        client.flushdb()
        yield client
        client.flushdb()


def counted(registry: Registry) -> Any:
    return (build_document(registry).cache or {})["one"]


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_a_thousand_tasks_that_miss_load_once(kind: str, redis_server: RedisProcess, redis: Redis) -> None:
    registry = Registry()
    monitor = CacheMonitor("one", registry)
    async with AsyncRedis(port=redis_server.port, db=DB, max_connections=20) as client:
        store = MemoryStore(monitor=monitor) if kind == "memory" else RedisStore(client, monitor=monitor)
        pages, calls, all_ask = AsyncReadThrough(store, 60), [], asyncio.Event()

        async def load() -> str:
            calls.append(1)
            await all_ask.wait()
            return "made"

        asking = [asyncio.ensure_future(pages.get("page", load)) for _ in range(MANY)]
        await wait_until_async(lambda: counted(registry).misses == len(asking) and bool(calls))
        all_ask.set()
        assert set(await asyncio.gather(*asking)) == {"made"}
        assert len(calls) == 1
        assert (counted(registry).sets, counted(registry).errors) == (1, 0)
        assert await pages.get("page", load) == "made"
        assert counted(registry).hits == 1


def test_a_thousand_threads_that_miss_load_once() -> None:
    registry = Registry()
    pages, calls = ReadThrough(MemoryStore(monitor=CacheMonitor("one", registry)), 60), []

    def load() -> str:
        calls.append(1)
        wait_until(lambda: counted(registry).misses == 200)
        return "made"

    with ThreadPoolExecutor(200) as pool:
        found = [one.result() for one in [pool.submit(pages.get, "page", load) for _ in range(200)]]
        assert set(found) == {"made"}
        assert len(calls) == 1
        later = [one.result() for one in [pool.submit(pages.get, "page", load) for _ in range(MANY)]]
    assert (set(later), len(calls)) == ({"made"}, 1)


PROCESS = """
import asyncio, sys
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from perftui import AsyncReadThrough, ReadThrough, RedisStore
port, kind = int(sys.argv[1]), sys.argv[2]
plain = Redis(port=port, db=14)
def made():
    plain.incr("calls")
    while int(plain.get("ready") or 0) < 4:
        pass
    return "made"
def work():
    plain.incr("ready")
    print(ReadThrough(RedisStore(plain), 60).get("page", made))
async def awork():
    async with AsyncRedis(port=port, db=14) as client:
        pages = AsyncReadThrough(RedisStore(client), 60)
        async def load():
            plain.incr("calls")
            while int(plain.get("ready") or 0) < 4:
                await asyncio.sleep(0.01)
            return "made"
        plain.incr("ready")
        found = await asyncio.gather(*[pages.get("page", load) for _ in range(250)])
        print(*set(found))
plain.incr("here")
sys.stdin.readline()
work() if kind == "direct" else asyncio.run(awork())
"""


@pytest.mark.parametrize("kind", ["direct", "async"])
def test_four_processes_that_miss_load_once(kind: str, redis: Redis, redis_server: RedisProcess) -> None:
    command = [sys.executable, "-c", PROCESS, str(redis_server.port), kind]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    wait_until(lambda: redis.get("here") == b"4")  # a lock is not held for ever, and some begin late
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]
    assert answers == [("made\n", "")] * 4
    assert redis.get("calls") == b"1"
    assert redis.exists("cache#lock:page") == 0


async def test_a_stale_value_is_given_out_while_one_loads_anew() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    pages, calls, go = AsyncReadThrough(store, 60, 30), [], asyncio.Event()

    async def load() -> int:
        calls.append(1)
        if len(calls) > 1:
            await go.wait()
        return len(calls)

    assert await pages.get("a", load) == 1
    clock.now += 61
    assert [await pages.get("a", load) for _ in range(20)] == [1] * 20
    await wait_until_async(lambda: len(calls) == 2)
    go.set()
    await wait_until_async(lambda: store.direct.get("a") == 2)
    assert (await pages.get("a", load), len(calls)) == (2, 2)
    clock.now += 91
    assert await pages.get("a", load) == 3


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_threads_are_given_the_stale_value_while_one_loads_anew(kind: str, redis: Redis) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock) if kind == "memory" else RedisStore(redis, clock=clock)
    pages, go = ReadThrough(store, 60, 30), threading.Event()
    calls: list[int] = []

    def load() -> int:
        calls.append(1)
        if len(calls) > 1:
            assert go.wait(20)
        return len(calls)

    assert pages.get("a", load) == 1
    clock.now += 61
    assert [pages.get("a", load) for _ in range(20)] == [1] * 20
    wait_until(lambda: len(calls) == 2)
    go.set()
    wait_until(lambda: store.direct.get("a") == 2)
    wait_until(lambda: "perftui-refresh" not in {thread.name for thread in threading.enumerate()})
    assert (pages.get("a", load), len(calls)) == (2, 2)


async def test_a_refresh_that_fails_is_counted_and_tried_again() -> None:
    clock, registry = Clock(), Registry()
    monitor = CacheMonitor("one", registry)
    pages, calls = AsyncReadThrough(MemoryStore(monitor=monitor, clock=clock), 60, 600), []

    async def load() -> int:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("away")
        return len(calls)

    assert await pages.get("a", load) == 1
    clock.now += 61
    assert await pages.get("a", load) == 1
    await wait_until_async(lambda: counted(registry).errors == 1)
    assert await pages.get("a", load) == 1
    await wait_until_async(lambda: len(calls) == 3)
    assert await pages.get("a", load) == 3


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_what_a_loader_raises_all_who_wait_hear_and_nothing_is_kept(kind: str, redis: Redis) -> None:
    store = MemoryStore() if kind == "memory" else RedisStore(redis)
    pages, direct, calls = AsyncReadThrough(store, 60), ReadThrough(store, 60), []

    async def load() -> str:
        calls.append(1)
        await asyncio.sleep(0)
        if len(calls) == 1:
            raise LookupError("nothing there")
        return "made"

    found = await asyncio.gather(*[pages.get("a", load) for _ in range(10)], return_exceptions=True)
    assert {str(one) for one in found} == {"nothing there"}
    assert len(calls) == 1
    assert await pages.get("a", load) == "made"
    with pytest.raises(ZeroDivisionError):
        direct.get("b", lambda: 1 // 0)
    assert direct.get("b", lambda: 5) == 5


async def test_none_is_kept_only_where_that_was_asked_for() -> None:
    for keep_s, loads in ((None, 3), (10.0, 1)):
        pages = AsyncReadThrough(MemoryStore(), 60, none_ttl_s=keep_s)
        calls: list[int] = []

        async def load(calls: list[int] = calls) -> str | None:
            calls.append(1)
            return None

        for _ in range(3):
            assert await pages.get("a", load) is None
        assert len(calls) == loads


async def test_a_task_that_is_cancelled_does_not_end_the_load_of_others() -> None:
    pages, go = AsyncReadThrough(MemoryStore(), 60), asyncio.Event()

    async def load() -> str:
        await go.wait()
        return "made"

    first = asyncio.ensure_future(pages.get("a", load))
    second = asyncio.ensure_future(pages.get("a", load))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    go.set()
    assert await second == "made"


async def test_what_is_invalidated_during_a_load_is_not_kept() -> None:
    store = MemoryStore()
    pages = AsyncReadThrough(store, 60)

    async def load() -> str:
        await store.invalidate_tag("products")
        return "as it was"

    assert await pages.get("a", load, tags=["products"]) == "as it was"
    assert await store.get("a") is None


async def test_a_store_that_is_down_is_an_error_counted_and_not_raised(private_servers: PrivateServers) -> None:
    server, registry = private_servers.start_redis(), Registry()
    monitor = CacheMonitor("one", registry)
    async with AsyncRedis(port=server.port) as client:
        with Redis(port=server.port) as plain:
            pages = AsyncReadThrough(RedisStore(client, monitor=monitor), 60)
            direct = ReadThrough(RedisStore(plain, monitor=monitor), 60)

            async def load() -> str:
                return "made"

            assert await pages.get("a", load) == direct.get("b", lambda: "made") == "made"
            server.kill()
            assert await pages.get("a", load) == direct.get("b", lambda: "made") == "made"
            assert counted(registry).errors == 2
            server.restart()
            assert await pages.get("a", load) == direct.get("b", lambda: "made") == "made"
            assert await pages.get("a", load) == "made"
            assert counted(registry).hits == 1


async def test_another_s_lock_is_waited_for_no_longer_than_said(redis: Redis) -> None:
    redis.set("cache#lock:a", "somebody who hangs")
    assert ReadThrough(RedisStore(redis), 60, load_timeout_s=0.05).get("a", lambda: "made") == "made"
    redis.delete("cache:a")
    async with AsyncRedis(port=redis.connection_pool.connection_kwargs["port"], db=DB) as client:

        async def load() -> str:
            return "made too"

        assert await AsyncReadThrough(RedisStore(client), 60, load_timeout_s=0.05).get("a", load) == "made too"


def test_decorated_functions_make_their_keys() -> None:
    store = MemoryStore()
    pages, calls = ReadThrough(store, 60), []

    @pages.cached("page:{number}:{language}", tags=["pages"])
    def page(number: int, language: str = "en", *, trace: str = "") -> str:
        """Documented."""
        calls.append(trace)
        return f"{language} {number}"

    assert [page(1), page(1, "en"), page(number=1, trace="b"), page(1, language="de")] == ["en 1"] * 3 + ["de 1"]
    assert (len(calls), page.__doc__) == (2, "Documented.")
    assert sorted(key for keys in store.direct.scan() for key in keys) == ["page:1:de", "page:1:en"]

    @pages.cached("{{x}}:{a}/{b!r:>5}")
    def two(a: int, b: str) -> int:
        return a

    assert (two(1, "y"), two(1, b="y")) == (1, 1)
    assert store.direct.get("{x}:1/  'y'") == 1

    @pages.cached("all")
    def everything() -> int:
        return 5

    assert (everything(), store.direct.get("all")) == (5, 5)


def test_mistakes_are_told_at_once() -> None:
    pages, waiting = ReadThrough(MemoryStore(), 60), AsyncReadThrough(MemoryStore(), 60)

    def plain(a: int) -> int:
        return a

    async def coroutine(a: int) -> int:
        return a

    with pytest.raises(ValueError, match="no parameter of plain"):
        pages.cached("{b}")(plain)
    with pytest.raises(TypeError, match="AsyncReadThrough"):
        pages.cached("{a}")(coroutine)
    with pytest.raises(TypeError, match="needs ReadThrough"):
        waiting.cached("{a}")(plain)  # type: ignore[arg-type]
    for ttl_s, stale_s, none_ttl_s in ((0, 0, 1), (1, -1, 1), (1, 0, 0)):
        with pytest.raises(ValueError, match="above 0"):
            ReadThrough(MemoryStore(), ttl_s, stale_s, none_ttl_s=none_ttl_s)
