"""Real redis-py clients on a real Redis: sync, async, pipelines, a cluster."""

import gc
import inspect
import weakref
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.cluster import RedisCluster
from redis.exceptions import ResponseError, WatchError

from perftui.instrument import CacheMonitor, Registry, build_document
from perftui.model.metrics import CacheDocument
from perftui.servers import PrivateServers, RedisProcess


def cache(registry: Registry) -> CacheDocument:
    assert registry.faults == {}
    return (build_document(registry, sections=("cache",)).cache or {})["pages"]


def counts(registry: Registry) -> tuple[int, int, int, int]:
    found = cache(registry)
    return found.hits, found.misses, found.sets, found.deletes


@pytest.mark.parametrize("decode", [False, True])
def test_a_client_is_counted(redis_server: RedisProcess, decode: bool) -> None:
    registry = Registry()
    plain = Redis.from_url(redis_server.uri, decode_responses=decode)
    client = CacheMonitor("pages", registry).wrap(plain)
    assert client is plain
    assert isinstance(client, Redis)
    assert repr(client).startswith("<redis.client.Redis(")
    value = "a" if decode else b"a"
    with client:
        client.delete("sync:1", "sync:h")
        assert client.set("sync:1", "a", ex=60) is True
        assert client.set("sync:1", "b", nx=True) is None
        assert client.get("sync:1") == value
        assert client.get("sync:none") is None
        assert client.mget(["sync:1", "sync:none", "sync:1"]) == [value, None, value]
        assert client.hset("sync:h", mapping={"f": "a", "g": "a"}) == 2
        assert client.hget("sync:h", "f") == value
        assert client.hmget("sync:h", ["f", "none"]) == [value, None]
        assert client.hgetall("sync:none") == {}
        assert client.mset({"sync:2": "a", "sync:3": "a"}) is True
        assert client.getdel("sync:2") == value
        assert client.delete("sync:1", "sync:3", "sync:h", "sync:none") == 3
        assert client.ping() is True
    assert counts(registry) == (6, 4, 4, 4)
    found = cache(registry)
    assert (found.get.count, found.set.count) == (7, 3)
    assert [(key.key, key.count) for key in found.top_keys] == [("sync:*", 10)]
    assert found.value_bytes.max == 1


async def test_an_async_client_is_counted(redis_server: RedisProcess) -> None:
    registry = Registry()
    plain = AsyncRedis.from_url(redis_server.uri)
    client = CacheMonitor("pages", registry).wrap(plain)
    assert client is plain
    assert inspect.iscoroutinefunction(client.execute_command)
    async with client:
        await client.set("async:1", "a")
        assert await client.get("async:1") == b"a"
        assert await client.mget(["async:1", "async:2", "async:3"]) == [b"a", None, None]
        pipe: Any
        async with client.pipeline(transaction=True) as pipe:
            replies = await pipe.set("async:2", "b").get("async:2").get("async:none").delete("async:2").execute()
        assert replies == [True, b"b", None, 1]
        async with client.client() as single:
            assert await single.get("async:1") == b"a"
        await client.delete("async:1")
    assert counts(registry) == (3, 3, 2, 2)
    assert cache(registry).get.count == 3


def change(pipe: Any) -> None:
    pipe.multi()
    pipe.set("pipe:2", "d")


def test_pipelines_are_counted_by_their_replies(redis_server: RedisProcess) -> None:
    registry = Registry()
    client = CacheMonitor("pages", registry).wrap(Redis.from_url(redis_server.uri))
    pipe: Any
    with client:
        for transaction in (True, False):
            with client.pipeline(transaction=transaction) as pipe:
                pipe.set("pipe:1", "a").get("pipe:1").mget("pipe:1", "pipe:none")
                assert pipe.execute() == [True, b"a", [b"a", None]]
                pipe.get("pipe:dropped")
                pipe.reset()
                assert pipe.execute() == []
        with client.pipeline() as pipe:
            pipe.watch("pipe:1")
            assert pipe.get("pipe:1") == b"a"
            pipe.multi()
            pipe.set("pipe:1", "b")
            client.set("pipe:1", "c")
            with pytest.raises(WatchError):
                pipe.execute()
        with client.pipeline() as pipe:
            replies = pipe.get("pipe:1").hget("pipe:1", "f").execute(raise_on_error=False)
        assert isinstance(replies[1], ResponseError)
        client.transaction(change, "pipe:2")
        client.delete("pipe:1", "pipe:2")
    assert counts(registry) == (6, 2, 4, 2)
    assert cache(registry).errors == 2
    assert cache(registry).get.count == 4


def test_errors_are_counted_and_stay_what_they_are(redis_server: RedisProcess) -> None:
    registry = Registry()
    client = CacheMonitor("pages", registry).wrap(Redis.from_url(redis_server.uri))
    with client:
        client.set("wrong:1", "a")
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            client.hget("wrong:1", "f")
        client.delete("wrong:1")
    assert cache(registry).errors == 1
    assert counts(registry) == (0, 0, 1, 1)


def test_only_the_wrapped_client_counts_and_once(redis_server: RedisProcess) -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry)
    with Redis.from_url(redis_server.uri) as wrapped, Redis.from_url(redis_server.uri) as other:
        monitor.wrap(monitor.wrap(wrapped))
        other.get("once:none")
        wrapped.get("once:none")
    assert counts(registry) == (0, 1, 0, 0)


def test_a_wrapped_client_and_its_pipeline_end_as_before(redis_server: RedisProcess) -> None:
    """No cycle of ours keeps them, and their connections, until the garbage collector comes."""
    gc.disable()
    try:
        client = CacheMonitor("pages", Registry()).wrap(Redis.from_url(redis_server.uri))
        pipe: Any = client.pipeline()
        pipe.get("end:none").execute()
        references: list[Any] = [weakref.ref(pipe)]
        del pipe
        client.close()
        assert [reference() for reference in references] == [None]
    finally:
        gc.enable()


@pytest.fixture(scope="module")
def cluster() -> Any:
    """A real cluster of one node that owns every slot."""
    with PrivateServers() as servers:
        server = servers.start_redis(arguments=["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"])
        with Redis.from_url(server.uri) as client:
            client.execute_command("CLUSTER ADDSLOTS", *range(16384))
            while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                pass
        yield server


def test_a_cluster_s_client_is_counted(cluster: RedisProcess) -> None:
    registry = Registry()
    client: Any = CacheMonitor("pages", registry).wrap(RedisCluster.from_url(cluster.uri))
    try:
        client.set("{c}:1", "a")
        assert client.get("{c}:1") == b"a"
        assert client.mget("{c}:1", "{c}:none") == [b"a", None]
        assert client.mget_nonatomic("{c}:1", "other:none") == [b"a", None]
        with client.pipeline() as pipe:
            assert pipe.get("{c}:1").get("other:none").execute() == [b"a", None]
        client.delete("{c}:1")
    finally:
        client.close()
    assert counts(registry) == (4, 3, 1, 1)


async def test_a_cluster_s_async_client_is_counted(cluster: RedisProcess) -> None:
    registry = Registry()
    client: Any = CacheMonitor("pages", registry).wrap(AsyncRedisCluster.from_url(cluster.uri))
    try:
        await client.set("{d}:1", "a")
        assert await client.get("{d}:1") == b"a"
        async with client.pipeline() as pipe:
            assert await pipe.get("{d}:1").get("other:none").execute() == [b"a", None]
        await client.delete("{d}:1")
    finally:
        await client.aclose()
    assert counts(registry) == (2, 1, 1, 1)
